// SPDX-License-Identifier: Apache-2.0
// Turns the events of one Ansible process into the log text and the result of each VM (contextualization.md §13.3, §24.5, §24.7).
import type { EventRenderer, FailureDetail, PlannedTask, RenderedChunk } from '../contract.js';
import { type AnsibleEvent, type EventTask, type HostStats, parseEvent } from './ansible-event.js';
import { cutMiddle, printableAscii } from './ascii.js';
import { banner, timeLine } from './banner.js';
import { lastLines, resultLines } from './failure-detail.js';
import { classifyFailure, classifyText, type FailureClass, isRetryable } from './failures.js';
import { judgeVms, type VmOutcome } from './outcomes.js';
import { type HostResult, resultText } from './result-text.js';
import { isHandledByBlock } from './task-source.js';

/** What a renderer needs to know about the process. */
export interface EventRendererOptions {
  /** The task as it was started; `vms` are those that this process runs on. */
  readonly task: PlannedTask;
  /** Inventory name by VM number, of all VMs of the plan. */
  readonly hostNames: ReadonlyMap<number, string>;
  /** Time zone of the time lines, minutes east of UTC. Default 0. */
  readonly timeZoneOffsetMinutes?: number;
  /** Texts of the plan's files by their path: they tell an ignored failure from one that a `rescue` handles. */
  readonly sources?: ReadonlyMap<string, string>;
}

/** Longest text of one result; a longer one loses its middle. */
const MAX_RESULT = 64 * 1024;
const MAX_PLAIN_LINE = 16 * 1024;
/** How much of the plain lines is kept to find out why a process ended without results. */
const MAX_PLAIN_KEPT = 64 * 1024;

interface VmLog {
  readonly number: number;
  readonly host: string;
  /** How many of the plays have their banner. */
  plays: number;
  /** Task that the last banner was for. */
  task: string | undefined;
  text: string;
}

/** A renderer for one process. Lines of hosts that are not VMs of the task (a recipe with `hosts: all`) go to all of its VMs. */
export function createEventRenderer(options: EventRendererOptions): EventRenderer {
  const renderer = new Renderer(options);
  return {
    feed: (lines) => {
      for (const line of lines) renderer.take(parseEvent(line));
      return renderer.chunks();
    },
    end: (exitCode) => {
      const outcome = renderer.end(exitCode);
      return { chunks: renderer.chunks(), ...outcome };
    },
  };
}

class Renderer {
  readonly #options: EventRendererOptions;
  readonly #logs: readonly VmLog[];
  readonly #logByHost: ReadonlyMap<string, VmLog>;
  /** Inventory names of all VMs of the plan. */
  readonly #known: ReadonlySet<string>;
  readonly #plays: { readonly id: string; readonly name: string }[] = [];
  readonly #handlers = new Set<string>();
  /** The last failure of a host, while it is open whether the host goes on. */
  readonly #openFailures = new Map<string, EventTask>();
  readonly #failures = new Map<string, FailureClass>();
  /** What the last failure of a host said. */
  readonly #details = new Map<string, FailureDetail>();
  /** Plays in which a host had results. */
  readonly #playsOfHost = new Map<string, Set<string>>();
  #stats: ReadonlyMap<string, HostStats> | undefined;
  #plain = '';

  constructor(options: EventRendererOptions) {
    this.#options = options;
    this.#known = new Set(options.hostNames.values());
    this.#logs = options.task.vms.map((number) => ({
      number,
      host: options.hostNames.get(number) ?? '',
      plays: 0,
      task: undefined,
      text: '',
    }));
    this.#logByHost = new Map(this.#logs.map((log) => [log.host, log]));
  }

  /** What was written since the last call. */
  chunks(): readonly RenderedChunk[] {
    return this.#logs.flatMap((log) => {
      const { number: vm, text } = log;
      log.text = '';
      return text === '' ? [] : [{ vm, text }];
    });
  }

  take(event: AnsibleEvent): void {
    switch (event.kind) {
      case 'play':
        // A play with `serial` begins again for each batch.
        if (this.#plays.at(-1)?.id !== event.id) this.#plays.push(event);
        return;
      case 'task':
        this.#takeTask(event.task, event.isHandler);
        return;
      case 'results':
        for (const [host, result] of event.results) {
          this.#takeResult({ host, outcome: event.outcome, task: event.task, result });
        }
        return;
      case 'stats':
        this.#takeStats(event.hosts);
        return;
      case 'plain':
        this.#takePlain(event.text);
        return;
      case 'none':
        return;
    }
  }

  end(exitCode: number): {
    results: ReadonlyMap<number, VmOutcome>;
    retryable: ReadonlySet<number>;
    failures: ReadonlyMap<number, FailureDetail>;
  } {
    const results = judgeVms({
      exitCode,
      hosts: new Map(this.#logs.map((log) => [log.number, log.host])),
      stats: this.#stats,
      playsOfHost: this.#playsOfHost,
      failsTogether: this.#options.task.failsTogether ?? false,
    });
    const withoutResults = classifyText(this.#plain);
    const retryable = this.#logs.filter(({ number, host }) => {
      const outcome = results.get(number);
      if (outcome === 'ok') return false;
      if (outcome === 'unreachable') return true;
      return isRetryable(this.#failures.get(host) ?? (this.#stats === undefined ? withoutResults : 'task'));
    });
    const failed = this.#logs.filter(({ number }) => results.get(number) !== 'ok');
    return {
      results,
      retryable: new Set(retryable.map(({ number }) => number)),
      failures: new Map(failed.map((log) => [log.number, this.#detailOf(log)])),
    };
  }

  /** Its own failure, else that of another host that ended the play, else what Ansible itself said. */
  #detailOf({ host }: VmLog): FailureDetail {
    const own = this.#details.get(host);
    if (own !== undefined) return own;
    const lines = lastLines(this.#plain);
    const [other] = this.#details.values();
    return lines.length === 0 && other !== undefined ? other : { host, lines };
  }

  /**
   * The events do not say on which host a task begins. With one VM it can only be that one, and its banner shows at once what is
   * being done; otherwise the banner comes with the result.
   */
  #takeTask(task: EventTask, isHandler: boolean): void {
    if (isHandler) this.#handlers.add(task.id);
    const [log] = this.#logs;
    if (log === undefined || this.#logs.length > 1 || this.#playsOfHost.size > 1) return;
    this.#closeFailure(log.host);
    this.#writeBanners(log, task);
  }

  #takeResult(item: HostResult): void {
    const { host, outcome, task, result } = item;
    this.#closeFailure(host);
    const play = this.#plays.at(-1);
    if (play !== undefined) {
      const plays = this.#playsOfHost.get(host) ?? new Set();
      this.#playsOfHost.set(host, plays.add(play.id));
    }
    const text = cutMiddle(printableAscii(resultText(item)), MAX_RESULT);
    for (const log of this.#audience(host)) {
      this.#writeBanners(log, task);
      log.text += text.endsWith('\n') ? text : `${text}\n`;
    }
    if (outcome === 'failed' || outcome === 'unreachable') {
      this.#openFailures.set(host, task);
      this.#failures.set(host, classifyFailure(outcome, result));
      this.#details.set(host, { recipeTask: oneLine(task.name), host, lines: resultLines(result) });
    }
  }

  /** A host that goes on after a failure has ignored it, unless a block handles it. */
  #closeFailure(host: string): void {
    const task = this.#openFailures.get(host);
    if (task === undefined) return;
    this.#openFailures.delete(host);
    if (this.#isHandled(task)) return;
    this.#failures.delete(host);
    this.#details.delete(host);
    for (const log of this.#audience(host)) log.text += '...ignoring\n';
  }

  #isHandled(task: EventTask): boolean {
    const match = /^(.*):(\d+)$/.exec(task.path);
    const file = match?.[1];
    if (file === undefined) return false;
    for (const [path, text] of this.#options.sources ?? []) {
      if (file === path || file.endsWith(`/${path}`)) return isHandledByBlock(text.split('\n'), Number(match?.[2]));
    }
    return false;
  }

  #writeBanners(log: VmLog, task: EventTask): void {
    this.#writePlays(log);
    if (log.task === task.id) return;
    log.task = task.id;
    const title = this.#handlers.has(task.id) ? 'RUNNING HANDLER' : 'TASK';
    log.text += banner(`${title} [${oneLine(task.name)}]`);
    log.text += timeLine(task.start, this.#options.timeZoneOffsetMinutes ?? 0);
  }

  #writePlays(log: VmLog): void {
    for (const play of this.#plays.slice(log.plays))
      log.text += banner(`PLAY [${oneLine(this.#playTitle(play.name, log))}]`);
    if (log.plays < this.#plays.length) log.task = undefined;
    log.plays = this.#plays.length;
  }

  /** A play without a name is called after its hosts: of those of the task, each VM sees itself only. */
  #playTitle(name: string, log: VmLog): string {
    const parts = name.split(',');
    return parts.includes(log.host)
      ? parts.filter((part) => part === log.host || !this.#known.has(part)).join(',')
      : name;
  }

  #takeStats(hosts: ReadonlyMap<string, HostStats>): void {
    this.#stats = hosts;
    for (const [host, { failures, unreachable }] of hosts) {
      if (failures === 0 && unreachable === 0) this.#closeFailure(host);
    }
    for (const log of this.#logs) {
      if (!this.#openFailures.has(log.host)) this.#writePlays(log);
      const lines = [...hosts].filter(([host]) => host === log.host || !this.#logByHost.has(host)).map(recapLine);
      log.text += `${banner('PLAY RECAP')}${lines.join('')}\n`;
    }
  }

  /** Errors and warnings of Ansible itself concern all VMs of the process. */
  #takePlain(text: string): void {
    const line = cutMiddle(printableAscii(text), MAX_PLAIN_LINE);
    this.#plain = `${this.#plain}${line}\n`.slice(-MAX_PLAIN_KEPT);
    // `A playbook must contain at least one play: ...` and the like, as the reference shows them (§11.3).
    const shown = line.replace(/^ERROR! /, 'ERROR: ');
    for (const log of this.#logs) log.text += `${shown}\n`;
  }

  #audience(host: string): readonly VmLog[] {
    const log = this.#logByHost.get(host);
    return log === undefined ? this.#logs : [log];
  }
}

function recapLine([host, stats]: readonly [string, HostStats]): string {
  const counts = [
    ['ok', stats.ok],
    ['changed', stats.changed],
    ['unreachable', stats.unreachable],
    ['failed', stats.failures],
  ].map(([word, count]) => `${word}=${String(count).padEnd(4)}`);
  return `${printableAscii(host).padEnd(26)} : ${counts.join(' ')}\n`;
}

/** A banner has one line whatever the name holds, and no more of it than can be read. */
function oneLine(name: string): string {
  return cutMiddle(printableAscii(name.replace(/\s+/g, ' ')), 1000);
}
