// SPDX-License-Identifier: Apache-2.0
// A node that is used as Ansible master (spec tosca 8.12).
import { Features } from '../radl/index.js';
import { readCredential } from './credential.js';
import { pythonText } from './python-text.js';
import { put } from './radl-feature.js';
import type { NodeTemplate } from './template.js';
import { propertyOf, type Translation } from './translation.js';

/** Type of nodes that are Ansible masters. */
export const ANSIBLE_HOST = 'tosca.nodes.im.AnsibleHost';

/** Sets the Ansible host of the document; the last one counts. */
export function addAnsibleHost(translation: Translation, node: NodeTemplate): void {
  const features = Features.of();
  put(features, 'host', pythonText(propertyOf(translation, node, 'host')));
  const credential = readCredential(propertyOf(translation, node, 'credential'));
  if (credential !== undefined) {
    const { user, token, tokenType } = credential;
    put(features, 'credentials.username', user);
    if (tokenType === 'password' || tokenType === 'private_key') put(features, `credentials.${tokenType}`, token);
  }
  translation.builder.radl.add({ kind: 'ansible', id: 'ansible_host', features, isReference: false }, 'replace');
}
