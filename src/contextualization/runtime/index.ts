// SPDX-License-Identifier: Apache-2.0
// Door of the runtime part: the Ansible that goes to the control node.
export { findRuntime, installRuntime, type RuntimeTarget } from './install.js';
export { chooseBundle, coreOf, MANIFEST_FORMAT, type RuntimeBundle, readManifest } from './manifest.js';
export { pythonRangeOf } from './python-range.js';
