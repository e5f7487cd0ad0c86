// SPDX-License-Identifier: Apache-2.0
// Reads what the bootstrap programs print and says it in words for the log of the VM.

/** Outcome of one thing that the bootstrap does. `ok`: it was so already. */
export interface BootstrapStep {
  readonly name: string;
  readonly status: 'ok' | 'changed' | 'failed';
  readonly detail: string;
}

/** What the bootstrap did and found on a node. */
export interface BootstrapReport {
  readonly steps: readonly BootstrapStep[];
  /** Undefined when the node has no usable Python. */
  readonly python?: { readonly version: string; readonly path: string };
  /** `ubuntu 22.04`. */
  readonly operatingSystem: string;
  readonly architecture: string;
  /** Minutes east of UTC. */
  readonly timeZoneOffsetMinutes: number;
  /** How root was reached; undefined when it was not. */
  readonly sudo?: 'root' | 'free' | 'password';
  /** The node can be configured. */
  readonly isUsable: boolean;
  /** What keeps it from being usable. */
  readonly problem?: string;
}

const STATUSES: readonly string[] = ['ok', 'changed', 'failed'];
const SUDO_MODES = ['root', 'free', 'password'] as const;

const LABELS: Readonly<Record<string, string>> = {
  boot: 'Boot',
  apt_stamp: 'Periodic package upgrades',
  python: 'Python',
  ssh_client: 'SSH client',
  selinux: 'SELinux for Python',
  hosts: 'Hosts file',
  hostname: 'Host name',
  key: 'Key of the infrastructure',
  requiretty: 'Terminal for sudo',
  token: 'Token of the infrastructure',
  nat: 'Address translation',
  apt_update: 'Package lists',
  new_key: 'New key of the user',
  password: 'New password',
  sudo: 'Root access',
};

const isStatus = (text: string): text is BootstrapStep['status'] => STATUSES.includes(text);

function pythonOf(steps: readonly BootstrapStep[]): BootstrapReport['python'] {
  const detail = steps.find(({ name, status }) => name === 'python' && status !== 'failed')?.detail ?? '';
  const match = /^(\d+\.\d+\.\d+) (\/\S+)$/.exec(detail);
  return match?.[1] && match[2] ? { version: match[1], path: match[2] } : undefined;
}

/** `+0530` of `date +%z`. */
function zoneMinutes(text: string): number {
  const match = /^([+-])(\d\d)(\d\d)$/.exec(text);
  return match ? Number(`${match[1]}1`) * (Number(match[2]) * 60 + Number(match[3])) : 0;
}

/** The lines `IM1 <step> <status> <detail>` of an output that are no facts. Lines of any other form are not ours. */
export function readSteps(output: string): readonly BootstrapStep[] {
  return output.split(/\r?\n/).flatMap((line): readonly BootstrapStep[] => {
    const [mark, name = '', status = '', detail = ''] = line.split('\t');
    return mark === 'IM1' && isStatus(status) ? [{ name, status, detail }] : [];
  });
}

/**
 * Makes a report of the lines `IM1 <step> <status> <detail>`. Lines of any other form (messages of the day, warnings) are not ours.
 * @param rest what the node said otherwise (standard error), for the case that the program never came to its end
 */
export function parseReport(output: string, rest: string): BootstrapReport {
  const steps = readSteps(output);
  const facts = new Map<string, string>();
  for (const line of output.split('\n')) {
    const [mark, name = '', status = '', detail = ''] = line.split('\t');
    if (mark === 'IM1' && status === 'fact') facts.set(name, detail.trim());
  }
  const sudo = SUDO_MODES.find((mode) => steps.some((step) => step.name === 'sudo' && step.detail === mode));
  const python = pythonOf(steps);
  const problem = problemOf(steps, facts, sudo !== undefined, rest);
  return {
    steps,
    operatingSystem: facts.get('os') ?? '',
    architecture: facts.get('arch') ?? '',
    timeZoneOffsetMinutes: zoneMinutes(facts.get('time_zone') ?? ''),
    isUsable: problem === undefined,
    ...(python && { python }),
    ...(sudo && { sudo }),
    ...(problem !== undefined && { problem }),
  };
}

function problemOf(
  steps: readonly BootstrapStep[],
  facts: ReadonlyMap<string, string>,
  isRoot: boolean,
  rest: string,
): string | undefined {
  const said = rest.replace(/\s+/g, ' ').trim().slice(-300);
  if (!isRoot) {
    const reason = steps.find(({ name }) => name === 'sudo')?.detail ?? said;
    return `The user cannot become root with sudo: ${reason || 'no reason given'}. Give a user with sudo rights.`;
  }
  if (facts.get('end') === '0') return undefined;
  const failed = steps.filter(({ status }) => status === 'failed').map(describeStep);
  return failed.join('; ') || `The preparation of the node stopped before its end: ${said || 'no reason given'}`;
}

/** One line of the log: `Hosts file: changed`. */
export function describeStep({ name, status, detail }: BootstrapStep): string {
  const label = LABELS[name] ?? name;
  const words = { ok: 'ok', changed: 'changed', failed: 'FAILED' }[status];
  return detail === '' ? `${label}: ${words}` : `${label}: ${words} (${detail})`;
}
