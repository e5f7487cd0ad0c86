// SPDX-License-Identifier: Apache-2.0
// The contextualizer: one run at a time per infrastructure, with its time limit, its end and its cancellation.
import { errorText, ImError } from '../domain/index.js';
import { sleep } from '../util/deadline.js';
import { anySignal } from '../util/many-listeners.js';
import { createSemaphore } from '../util/semaphore.js';
import type {
  ContextualizationEnvironment,
  ContextualizationOutcome,
  ContextualizationPorts,
  ContextualizationRun,
  Contextualizer,
} from './contract.js';
import { configure } from './runner/configure.js';
import { reopenControl } from './runner/control-node.js';
import { logFailureReport, recordFailures } from './runner/failures.js';
import { killRun } from './runner/kill.js';
import { createOpenLinks, type OpenLinks } from './runner/open-links.js';
import { createProgressKeeper, parseProgress, type RunProgress } from './runner/progress.js';
import { partsOfTaskKey } from './runner/remote-layout.js';
import { InfrastructureFailure, type RunContext, type WaitContext } from './runner/run-context.js';

const HANDSHAKES_AT_ONCE = 10;
const KILL_LIMIT_MS = 10_000;
/** A link is kept for a moment after a cancelled run: whoever cancels usually kills next. */
const KEPT_LINK_MS = 15_000;

/** Reason of the end when the time of a run is over. */
class TimeLimitReached extends Error {
  override readonly name = 'TimeLimitReached';
}

async function timeLimitMs(environment: ContextualizationEnvironment, ports: ContextualizationPorts): Promise<number> {
  const { maxTime } = (await ports.radl()).contextualize;
  return maxTime > 0 ? maxTime * 1000 : environment.settings.maxContextualizationTimeMs;
}

/** The VMs of the tasks that ran when the time was over, or the infrastructure when it had not come to tasks. */
function unfinishedTasks({ runningTasks, finishedVms }: RunProgress, line: string) {
  const running = [...runningTasks].flatMap(([key, { vms }]) =>
    vms.map((vm) => ({ phase: 'time-limit' as const, vm, ...partsOfTaskKey(key), lines: [line] })),
  );
  const unfinished = running.filter(({ vm }) => !finishedVms.has(vm));
  return unfinished.length === 0 ? [{ phase: 'time-limit' as const, lines: [line] }] : unfinished;
}

/** Makes the contextualizer of a daemon. */
export function createContextualizer(environment: ContextualizationEnvironment): Contextualizer {
  const keptLinks = new Map<string, OpenLinks>();
  const background = new AbortController();

  const keep = (key: string, links: OpenLinks): void => {
    keptLinks.set(key, links);
    sleep(KEPT_LINK_MS, background.signal).then(
      () => {
        if (keptLinks.get(key) !== links) return;
        keptLinks.delete(key);
        links.close();
      },
      () => {}, // closing: close() ends the links itself
    );
  };

  const contextFor = async (run: ContextualizationRun, signal: AbortSignal): Promise<WaitContext> => {
    const { ports } = run;
    return {
      run,
      environment,
      ports,
      signal,
      progress: createProgressKeeper(parseProgress(await ports.loadProgress(), run.runId), ports),
      handshakes: createSemaphore(HANDSHAKES_AT_ONCE),
    };
  };

  /** The VMs without a result get a bad one; those that have ended keep theirs. */
  const failVms = async ({ ports, progress }: WaitContext, which: 'all' | 'unfinished'): Promise<void> => {
    const { finishedVms } = progress.current;
    for (const { number } of await ports.vms()) {
      if (which === 'all' || !finishedVms.has(number)) await ports.setVmResult(number, false);
    }
  };

  const endOfTime = async (context: WaitContext, links: OpenLinks) => {
    const line = 'ERROR: Max contextualization time passed.';
    await context.ports.logInfrastructure(line);
    await recordFailures(context, unfinishedTasks(context.progress.current, line));
    await logFailureReport(context);
    // The results first: the nodes may need their time.
    await failVms(context, 'unfinished');
    if (links.all().length > 0) {
      const ansibleKey = await context.ports.ansibleKey();
      await killRun({ ...context, ansibleKey, signal: AbortSignal.timeout(KILL_LIMIT_MS) }, links);
    }
    return { isInfrastructureConfigured: context.progress.current.phase === 'steps' };
  };

  const run = async (request: ContextualizationRun): Promise<ContextualizationOutcome> => {
    request.signal.throwIfAborted();
    const time = new AbortController();
    const timer = new AbortController();
    const ports = bindPorts(request.ports);
    const context = await contextFor({ ...request, ports }, anySignal(request.signal, time.signal));
    const { progress } = context;
    ports.setVmResult = async (number, isConfigured, recipes) => {
      await request.ports.setVmResult(number, isConfigured, recipes);
      await progress.update(({ finishedVms }) => {
        finishedVms.add(number);
        return {};
      });
    };
    const deadline = request.startedAt + (await timeLimitMs(environment, ports));
    const remainingMs = (): number => Math.max(0, deadline - environment.now());
    sleep(remainingMs(), timer.signal).then(
      () => time.abort(new TimeLimitReached('Max contextualization time passed.')),
      () => {}, // the run ended before
    );
    const links = createOpenLinks();
    try {
      await configure(context, { remainingMs, links });
      await logFailureReport(context);
      return { isInfrastructureConfigured: true };
    } catch (error) {
      if (request.signal.aborted) throw new ImError('cancelled', 'The configuration was cancelled.', { cause: error });
      if (time.signal.aborted) return await endOfTime(context, links);
      if (!(error instanceof InfrastructureFailure)) throw error;
      for (const line of error.lines) await ports.logInfrastructure(line);
      environment.logger.info(`The configuration failed: ${error.message}`, { infId: request.infrastructureId, error });
      await recordFailures(context, [{ phase: error.phase ?? 'other', lines: error.lines }]);
      await logFailureReport(context);
      await failVms(context, 'all');
      return { isInfrastructureConfigured: false };
    } finally {
      timer.abort();
      if (links.all().length > 0 && request.signal.aborted) keep(`${request.infrastructureId}/${request.runId}`, links);
      else links.close();
    }
  };

  const killRemote = async (infrastructureId: string, runId: string, ports: ContextualizationPorts): Promise<void> => {
    const key = `${infrastructureId}/${runId}`;
    const links = keptLinks.get(key) ?? createOpenLinks();
    keptLinks.delete(key);
    try {
      const signal = AbortSignal.timeout(KILL_LIMIT_MS);
      const request = { infrastructureId, runId, ports, signal, refreshRoles: false, startedAt: environment.now() };
      // Nothing of this is to be seen in the logs of the infrastructure.
      const silent = { ...bindPorts(ports), logInfrastructure: async () => {}, saveProgress: async () => {} };
      const waiting = await contextFor({ ...request, ports: silent }, signal);
      if (waiting.progress.current.phase !== 'steps') return; // nothing was started yet
      const context: RunContext = { ...waiting, ansibleKey: await ports.ansibleKey() };
      if (links.all().length === 0) await reopenControl(context, await ports.radl(), links);
      await killRun(context, links);
    } catch (error) {
      environment.logger.info(`Processes of the run ${runId} were not ended: ${errorText(error)}`, {
        infId: infrastructureId,
      });
    } finally {
      links.close();
    }
  };

  return {
    run,
    killRemote,
    close: async () => {
      background.abort();
      for (const links of keptLinks.values()) links.close();
      keptLinks.clear();
    },
  };
}

/** The ports as an object of functions, whatever class they come from: some of them are replaced here. */
function bindPorts(ports: ContextualizationPorts): {
  -readonly [Name in keyof ContextualizationPorts]: ContextualizationPorts[Name];
} {
  return {
    radl: () => ports.radl(),
    vms: () => ports.vms(),
    vm: (number) => ports.vm(number),
    refresh: (numbers) => ports.refresh(numbers),
    logInfrastructure: (line, form) => ports.logInfrastructure(line, form),
    logVm: (number, text) => ports.logVm(number, text),
    master: () => ports.master(),
    setMaster: (number) => ports.setMaster(number),
    setVmResult: (number, isConfigured, recipes) => ports.setVmResult(number, isConfigured, recipes),
    configuredRecipes: () => ports.configuredRecipes(),
    updateVmInfo: (number, change) => ports.updateVmInfo(number, change),
    ansibleKey: () => ports.ansibleKey(),
    infrastructureToken: () => ports.infrastructureToken(),
    loadContentPins: () => ports.loadContentPins(),
    saveContentPins: (pins) => ports.saveContentPins(pins),
    hostKey: (number) => ports.hostKey(number),
    rememberHostKey: (number, fingerprint) => ports.rememberHostKey(number, fingerprint),
    sharedHostKey: (place) => ports.sharedHostKey(place),
    rememberSharedHostKey: (place, fingerprint) => ports.rememberSharedHostKey(place, fingerprint),
    loadProgress: () => ports.loadProgress(),
    saveProgress: (progress) => ports.saveProgress(progress),
  };
}
