// SPDX-License-Identifier: Apache-2.0
// Doctor: the programs of the host that the daemon, its set-up or its operators use.
import { type CheckResult, fail, fine, warn } from './check-result.js';
import { firstLineOf } from './run-program.js';

const LEAST_NODE = [20, 19] as const;

const PROGRAMS = [
  {
    name: 'ssh',
    args: ['-V'],
    use: 'looking at machines by hand (the daemon has an SSH client of its own)',
    remedy: 'apt-get install openssh-client',
  },
  {
    name: 'ansible-playbook',
    args: ['--version'],
    use: 'making the Ansible runtime bundle',
    remedy: 'apt-get install ansible',
  },
  { name: 'git', args: ['--version'], use: 'fetching roles and collections from git', remedy: 'apt-get install git' },
] as const;

export async function checkPrograms(): Promise<readonly CheckResult[]> {
  const results = PROGRAMS.map(async ({ name, args, use, remedy }): Promise<CheckResult> => {
    const version = await firstLineOf(name, args);
    return version === undefined
      ? warn('programs', `${name} is missing; it is needed for ${use}`, remedy)
      : fine('programs', `${name}: ${version.slice(0, 80)}`);
  });
  return [checkNode(process.versions.node), ...(await Promise.all(results))];
}

/** Is this version of Node new enough? */
export function checkNode(version: string): CheckResult {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor, leastMinor] = LEAST_NODE;
  return major > leastMajor || (major === leastMajor && minor >= leastMinor)
    ? fine('programs', `node: ${version}`)
    : fail('programs', `node ${version} is too old`, `install Node ${LEAST_NODE.join('.')} or newer`);
}
