// SPDX-License-Identifier: Apache-2.0
// One run of a daemon as a text that another process understands: who it is, and whether it has provably ended.
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';

/** No place: processes elsewhere cannot be told apart from those here. */
const UNKNOWN = '-';

const LONGEST_HOST = 100;

interface Instance {
  readonly id: string;
  readonly place: string;
  readonly pid: number;
  readonly startTime: string;
  readonly host: string;
}

/**
 * This process as a text of at most 200 characters without line breaks.
 * @param id random, of this run alone
 */
export function instanceText(id: string, hostName: string): string {
  const place = placeOfThisProcess();
  const startTime = (place !== UNKNOWN && processAt('self')?.startTime) || UNKNOWN;
  return [id, place, process.pid, startTime, hostName.replaceAll(/\s/g, '_').slice(0, LONGEST_HOST)].join(' ');
}

/**
 * Has the process of an {@link instanceText} provably ended? Only where that process ran under the kernel and among the process numbers
 * of this one; false also means that it cannot be known. A kernel that was copied while it ran (a snapshot of a virtual machine) is
 * taken for one kernel.
 */
export function hasEnded(text: string): boolean {
  const instance = parse(text);
  if (instance === undefined || instance.place === UNKNOWN || instance.startTime === UNKNOWN) {
    return false;
  }
  if (instance.place !== placeOfThisProcess()) {
    return false;
  }
  try {
    // Also finds processes that /proc hides from other users.
    process.kill(instance.pid, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') {
      return true;
    }
  }
  const present = processAt(String(instance.pid));
  // A process whose parent does not collect its end does nothing any more.
  return (
    present !== undefined &&
    (present.startTime !== instance.startTime || present.state === 'Z' || present.state === 'X')
  );
}

/** The process of an {@link instanceText} for people: `process 12 on host web1`. */
export function describeInstance(text: string): string {
  const instance = parse(text);
  return instance === undefined ? text : `process ${instance.pid} on host ${instance.host}`;
}

function parse(text: string): Instance | undefined {
  const [id = '', place = '', pid = '', startTime = '', host = ''] = text.split(' ');
  return /^[1-9]\d*$/.test(pid) && host !== '' ? { id, place, pid: Number(pid), startTime, host } : undefined;
}

/**
 * Names the running kernel and the process numbers that are counted in it: containers share the kernel and not the numbers. The number
 * of a namespace comes again only when all its processes are gone.
 */
function placeOfThisProcess(): string {
  try {
    if (processAt('self')?.pid !== process.pid) {
      return UNKNOWN;
    }
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');
    // Start times are counted by the time namespace; kernels before 5.6 have none.
    const names = [boot, readlinkSync('/proc/self/ns/pid'), timeNamespace()];
    return createHash('sha256').update(names.join('\n')).digest('hex').slice(0, 16);
  } catch {
    return UNKNOWN;
  }
}

function timeNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/time');
  } catch {
    return '';
  }
}

/** What the kernel tells about a process; undefined when it tells nothing. @param name its number, or `self` */
function processAt(
  name: string,
): { readonly pid: number; readonly state: string; readonly startTime: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
    // The second field is the program's name in parentheses, which may hold anything.
    const [state = '', ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const startTime = rest[18];
    return startTime === undefined ? undefined : { pid: Number.parseInt(stat, 10), state, startTime };
  } catch {
    return undefined;
  }
}
