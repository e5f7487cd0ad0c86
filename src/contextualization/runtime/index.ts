// SPDX-License-Identifier: Apache-2.0
// Door of the runtime part: the Ansible that goes to the control node.
export { findRuntime, installCollections, installRuntime, type RuntimeTarget } from './install.js';
export {
  type CollectionBundle,
  chooseBundle,
  coreOf,
  MANIFEST_FORMAT,
  type RuntimeBundle,
  type RuntimeManifest,
  readManifest,
} from './manifest.js';
export { pythonRangeOf } from './python-range.js';
export { namedCollections, type Routing, readRouting, withNeeds } from './routing.js';
