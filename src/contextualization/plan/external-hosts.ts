// SPDX-License-Identifier: Apache-2.0
// The `ansible` aspects of a document: hosts of the user that run Ansible in the place of a master VM (contextualization.md §4).
import type { Features, Radl } from '../../radl/index.js';

/** Where and how to log in. The port is always 22. */
export interface ExternalAnsibleHost {
  readonly id: string;
  readonly host: string;
  readonly username: string;
  readonly password?: string;
  readonly privateKey?: string;
}

/** The hosts in the order of the document; the first is the default of systems without `ansible_host`. */
export function externalAnsibleHosts(radl: Radl): readonly ExternalAnsibleHost[] {
  return radl.ansibleHosts.map(({ id, features }) => {
    const password = textOf(features, 'credentials.password');
    const privateKey = textOf(features, 'credentials.private_key');
    return {
      id,
      host: textOf(features, 'host') ?? '',
      username: textOf(features, 'credentials.username') ?? '',
      ...(password !== undefined && { password }),
      ...(privateKey !== undefined && { privateKey }),
    };
  });
}

/** An empty text counts as missing (radl.md §8). */
function textOf(features: Features, property: string): string | undefined {
  return features.getText(property) || undefined;
}
