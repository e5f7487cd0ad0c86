// SPDX-License-Identifier: Apache-2.0
// The versions of the language; all mean the same here (spec tosca 3).
import type { Findings, Path } from './error.js';
import { pythonText } from './python-text.js';
import { didYouMean } from './unknown-field.js';
import type { Value } from './value.js';

const VERSIONS = [
  'tosca_simple_yaml_1_0',
  'tosca_simple_yaml_1_2',
  'tosca_simple_yaml_1_3',
  'tosca_simple_profile_for_mec_1_0_0',
  'tosca_simple_profile_for_nfv_1_0_0',
];

/** Whether documents of that version are understood. */
export function isKnownVersion(version: Value): boolean {
  return VERSIONS.includes(pythonText(version));
}

/** Reports a version that is not known. */
export function reportVersion(findings: Findings, shown: string, path: Path): void {
  const valid = VERSIONS.map((version) => `"${version}"`).join(', ');
  findings.add('InvalidTemplateVersion', `The template version "${shown}" is invalid. Valid versions are ${valid}.`, {
    path,
    hint: didYouMean(shown, VERSIONS),
  });
}
