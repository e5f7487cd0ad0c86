// SPDX-License-Identifier: Apache-2.0
// A cloud of a call as placement sees it: usable through a connector, or not and why.
import type { CloudConnector } from '../connectors/index.js';
import type { CloudCredential } from '../domain/index.js';

/** A cloud of the call with its connector, or with the reason why it cannot be used. */
export type CloudOption =
  | { readonly cloud: CloudCredential; readonly connector: CloudConnector }
  | { readonly cloud: CloudCredential; readonly problem: string };

/** Can this cloud be used? */
export function isUsable(
  option: CloudOption,
): option is { readonly cloud: CloudCredential; readonly connector: CloudConnector } {
  return 'connector' in option;
}
