// SPDX-License-Identifier: Apache-2.0
// Which versions of Python each ansible-core runs on, as its release notes give them.

/** Oldest and newest Python of a controller, both included. */
export interface PythonRange {
  readonly min: string;
  readonly max: string;
}

const RANGES: Readonly<Record<string, PythonRange>> = {
  '2.11': { min: '3.5', max: '3.9' },
  '2.12': { min: '3.8', max: '3.10' },
  '2.13': { min: '3.8', max: '3.10' },
  '2.14': { min: '3.9', max: '3.11' },
  '2.15': { min: '3.9', max: '3.11' },
  '2.16': { min: '3.10', max: '3.12' },
  '2.17': { min: '3.10', max: '3.12' },
  '2.18': { min: '3.11', max: '3.13' },
  '2.19': { min: '3.11', max: '3.13' },
  '2.20': { min: '3.12', max: '3.14' },
  '2.21': { min: '3.12', max: '3.14' },
};

/**
 * The range of an ansible-core version such as `2.14.18`. A version that the table does not know is taken to run where it was
 * found, on `hostPython` and newer minor versions are not promised.
 */
export function pythonRangeOf(ansibleCore: string, hostPython: string): PythonRange {
  const minor = hostPython.split('.').slice(0, 2).join('.');
  return RANGES[ansibleCore.split('.').slice(0, 2).join('.')] ?? { min: minor, max: minor };
}
