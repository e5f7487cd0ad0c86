// SPDX-License-Identifier: Apache-2.0
// The contextualizer: one run at a time per infrastructure, with its time limit, its end and its cancellation.
import { errorText, ImError } from '../domain/index.js';
import { sleep } from '../util/deadline.js';
import { createSemaphore } from '../util/semaphore.js';
import type {
  ContextualizationEnvironment,
  ContextualizationOutcome,
  ContextualizationPorts,
  ContextualizationRun,
  Contextualizer,
} from './contract.js';
import { configure } from './runner/configure.js';
import type { ControlLink } from './runner/control-link.js';
import { chooseControlNode, linkToExternal, linkToMaster, openMaster } from './runner/control-node.js';
import { killRun } from './runner/kill.js';
import { createProgressKeeper, parseProgress } from './runner/progress.js';
import { InfrastructureFailure, type RunContext } from './runner/run-context.js';

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

/** Makes the contextualizer of a daemon. */
export function createContextualizer(environment: ContextualizationEnvironment): Contextualizer {
  const keptLinks = new Map<string, ControlLink>();
  const background = new AbortController();

  const keep = (key: string, link: ControlLink): void => {
    keptLinks.set(key, link);
    sleep(KEPT_LINK_MS, background.signal).then(
      () => {
        if (keptLinks.get(key) !== link) return;
        keptLinks.delete(key);
        link.close();
      },
      () => {}, // closing: close() ends the links itself
    );
  };

  const contextFor = async (run: ContextualizationRun, signal: AbortSignal): Promise<RunContext> => {
    const { ports } = run;
    return {
      run,
      environment,
      ports,
      signal,
      ansibleKey: await ports.ansibleKey(),
      progress: createProgressKeeper(parseProgress(await ports.loadProgress(), run.runId), ports),
      handshakes: createSemaphore(HANDSHAKES_AT_ONCE),
    };
  };

  /** The VMs without a result get a bad one; those that have ended keep theirs. */
  const failUnfinished = async (
    context: RunContext,
    isWhole: boolean,
    finished: ReadonlySet<number>,
  ): Promise<void> => {
    for (const { number } of await context.ports.vms()) {
      if (isWhole || !finished.has(number)) await context.ports.setVmResult(number, false);
    }
  };

  const endOfTime = async (context: RunContext, link: ControlLink | undefined, finished: ReadonlySet<number>) => {
    await context.ports.logInfrastructure('ERROR: Max contextualization time passed.');
    // The results first: the nodes may need their time.
    await failUnfinished(context, false, finished);
    if (link) await killRun({ ...context, signal: AbortSignal.timeout(KILL_LIMIT_MS) }, link);
    return { isInfrastructureConfigured: context.progress.current.phase === 'steps' };
  };

  const run = async (request: ContextualizationRun): Promise<ContextualizationOutcome> => {
    request.signal.throwIfAborted();
    const finished = new Set<number>();
    const ports: ContextualizationPorts = {
      ...bindPorts(request.ports),
      setVmResult: async (number, isConfigured) => {
        await request.ports.setVmResult(number, isConfigured);
        finished.add(number);
      },
    };
    const time = new AbortController();
    const deadline = request.startedAt + (await timeLimitMs(environment, ports));
    const remainingMs = (): number => Math.max(0, deadline - environment.now());
    const timer = new AbortController();
    sleep(remainingMs(), timer.signal).then(
      () => time.abort(new TimeLimitReached('Max contextualization time passed.')),
      () => {}, // the run ended before
    );
    const context = await contextFor({ ...request, ports }, AbortSignal.any([request.signal, time.signal]));
    let link: ControlLink | undefined;
    try {
      await configure(context, {
        remainingMs,
        onLink: (opened) => {
          link = opened;
        },
      });
      return { isInfrastructureConfigured: true };
    } catch (error) {
      if (request.signal.aborted) throw new ImError('cancelled', 'The configuration was cancelled.', { cause: error });
      if (time.signal.aborted) return await endOfTime(context, link, finished);
      if (!(error instanceof InfrastructureFailure)) throw error;
      for (const line of error.lines) await ports.logInfrastructure(line);
      environment.logger.info(`The configuration failed: ${error.message}`, { infId: request.infrastructureId, error });
      await failUnfinished(context, true, finished);
      return { isInfrastructureConfigured: false };
    } finally {
      timer.abort();
      if (link && request.signal.aborted) keep(`${request.infrastructureId}/${request.runId}`, link);
      else link?.close();
    }
  };

  const killRemote = async (infrastructureId: string, runId: string, ports: ContextualizationPorts): Promise<void> => {
    const key = `${infrastructureId}/${runId}`;
    let link = keptLinks.get(key);
    keptLinks.delete(key);
    try {
      const signal = AbortSignal.timeout(KILL_LIMIT_MS);
      const request = { infrastructureId, runId, ports, signal, refreshRoles: false, startedAt: environment.now() };
      // Nothing of this is to be seen in the logs of the infrastructure.
      const silent = { ...bindPorts(ports), logInfrastructure: async () => {}, saveProgress: async () => {} };
      const context = { ...(await contextFor({ ...request, ports: silent }, signal)) };
      link ??= await openLink(context);
      if (link) await killRun(context, link);
    } catch (error) {
      environment.logger.info(`Processes of the run ${runId} were not ended: ${errorText(error)}`, {
        infId: infrastructureId,
      });
    } finally {
      link?.close();
    }
  };

  const openLink = async (context: RunContext): Promise<ControlLink | undefined> => {
    if (context.progress.current.phase !== 'steps') return undefined; // nothing was started yet
    const radl = await context.ports.radl();
    const control = await chooseControlNode(context, radl, await context.ports.vms(), new Set());
    return control.kind === 'external'
      ? linkToExternal(context, control.host)
      : linkToMaster(context, await openMaster(context, control.vm, false));
  };

  return {
    run,
    killRemote,
    close: async () => {
      background.abort();
      for (const link of keptLinks.values()) link.close();
      keptLinks.clear();
    },
  };
}

/** The ports as an object of functions, whatever class they come from: some of them are replaced here. */
function bindPorts(ports: ContextualizationPorts): ContextualizationPorts {
  return {
    radl: () => ports.radl(),
    vms: () => ports.vms(),
    refresh: (numbers) => ports.refresh(numbers),
    logInfrastructure: (line, form) => ports.logInfrastructure(line, form),
    logVm: (number, text) => ports.logVm(number, text),
    master: () => ports.master(),
    setMaster: (number) => ports.setMaster(number),
    setVmResult: (number, isConfigured) => ports.setVmResult(number, isConfigured),
    updateVmInfo: (number, change) => ports.updateVmInfo(number, change),
    ansibleKey: () => ports.ansibleKey(),
    infrastructureToken: () => ports.infrastructureToken(),
    hostKey: (number) => ports.hostKey(number),
    rememberHostKey: (number, fingerprint) => ports.rememberHostKey(number, fingerprint),
    loadProgress: () => ports.loadProgress(),
    saveProgress: (progress) => ports.saveProgress(progress),
  };
}
