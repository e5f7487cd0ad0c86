// SPDX-License-Identifier: Apache-2.0
// Turns the states and the contextualization log of an infrastructure into the lines that are new since the last look.

/** States as GET /infrastructures/ID/state gives them. */
export interface InfrastructureState {
  readonly state: string;
  readonly vmStates: ReadonlyMap<string, string>;
}

/** A contextualization log taken apart (spec rest-api 9.6): the infrastructure's part and one per virtual machine. */
export interface LogParts {
  readonly infrastructure: string;
  readonly machines: ReadonlyMap<string, string>;
}

const MACHINE_PART = /^VM (\d+):\n([\s\S]*?)\n\*{75}\n/gm;

/** Takes a contmsg apart. A machine's part that is not closed yet is left out. */
export function splitLog(contmsg: string): LogParts {
  const parts = [...contmsg.matchAll(MACHINE_PART)];
  const machines = new Map(parts.map((part) => [part[1] ?? '', part[2] ?? '']));
  const first = parts[0];
  return { infrastructure: first === undefined ? contmsg : contmsg.slice(0, first.index), machines };
}

/** Of Ansible's output only what says how far it is and what went wrong; the rest is for the full log. */
const TELLING_LINE =
  /^(PLAY |TASK |Launch task:|Task .* finished|ERROR|fatal:|failed:|Contextualization |Process finished)/;

/** Remembers what was shown and gives what is new. */
export class Progress {
  private state = '';
  private readonly vmStates = new Map<string, string>();
  private readonly shown = new Map<string, number>();

  /** Lines for states that changed since the last call. */
  newStates(seen: InfrastructureState): readonly string[] {
    const lines: string[] = [];
    for (const [vm, state] of seen.vmStates) {
      if (this.vmStates.get(vm) !== state) lines.push(`VM ${vm}: ${state}`);
      this.vmStates.set(vm, state);
    }
    for (const vm of [...this.vmStates.keys()].filter((id) => !seen.vmStates.has(id))) {
      this.vmStates.delete(vm);
      lines.push(`VM ${vm}: gone`);
    }
    if (seen.state !== this.state) lines.push(`infrastructure: ${seen.state}`);
    this.state = seen.state;
    return lines;
  }

  /** Whole lines that were added to the log since the last call; of the machines' parts only the telling ones. */
  newLogLines(contmsg: string): readonly string[] {
    const { infrastructure, machines } = splitLog(contmsg);
    const lines = [...this.added('', infrastructure)];
    for (const [vm, part] of machines) {
      const telling = this.added(vm, `${part}\n`).filter((line) => TELLING_LINE.test(line));
      lines.push(...telling.map((line) => `VM ${vm} | ${line.replace(/ \*{3,}$/, '')}`));
    }
    return lines;
  }

  private added(part: string, text: string): readonly string[] {
    const from = this.shown.get(part) ?? 0;
    // A shorter part is a new run: the log was emptied at its start.
    const start = text.length < from ? 0 : from;
    const end = text.lastIndexOf('\n') + 1;
    if (end <= start) return [];
    this.shown.set(part, end);
    return text
      .slice(start, end)
      .split('\n')
      .filter((line) => line.trim() !== '');
  }
}

/** The last lines of a text. */
export function tail(text: string, lines: number): string {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}
