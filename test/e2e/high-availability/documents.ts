// SPDX-License-Identifier: Apache-2.0
// What the tests of several daemons deploy in the recording cloud.
import { authorizationOf, userLine } from '../../support/daemon.js';

/** A user with a recording cloud. */
export const AUTHORIZATION = authorizationOf(userLine('ana'), 'id = c; type = Recording');

/** A document with so many machines, which need no configuration. */
export const machines = (count: number): string => `network priv ()
system node (net_interface.0.connection = 'priv' and disk.0.image.url = 'rec://1')
contextualize ()
deploy node ${count}
`;

/** So many machines more. */
export const more = (count: number): string => `network priv\nsystem node\ndeploy node ${count}`;

/** A TOSCA document with so many machines. */
export const toscaMachines = (count: number): string => `
tosca_definitions_version: tosca_simple_yaml_1_0
imports:
  - https://raw.githubusercontent.com/grycap/tosca/main/custom_types.yaml
metadata:
  filename: ${count}-machines.yaml
topology_template:
  node_templates:
    node:
      type: tosca.nodes.indigo.Compute
      capabilities:
        scalable:
          properties:
            count: ${count}
        os:
          properties:
            type: linux
            image: rec://1
`;
