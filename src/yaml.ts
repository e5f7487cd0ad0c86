// SPDX-License-Identifier: Apache-2.0
// The project's one YAML module: reads and writes as PyYAML's safe loader and dumper do, because Ansible reads it again.
export { dumpYaml } from './yaml/dump.js';
export type { LoadOptions } from './yaml/load.js';
export { loadYaml } from './yaml/load.js';
export { YamlDate, YamlError, YamlFloat } from './yaml/values.js';
