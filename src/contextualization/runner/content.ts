// SPDX-License-Identifier: Apache-2.0
// The roles and collections of a run: fetched while the machines boot, brought to the control node before the steps (contextualization.md §7).
import { errorText, ImError } from '../../domain/index.js';
import { SshError } from '../../ssh/index.js';
import type { ConfigurationPlan } from '../contract.js';
import {
  type ContentPackage,
  type ContentRequest,
  createContentCache,
  describeRequest,
  gatherContent,
  installContent,
} from '../galaxy/index.js';
import { pauseBeforeAttempt } from '../render/index.js';
import type { ControlLink } from './control-link.js';
import { InfrastructureFailure, logOnce, type RunContext } from './run-context.js';

const DOWNLOAD_TIMEOUT_MS = 120_000;

/** Collections first, as the reference. */
function requestsOf({ roles, collections }: ConfigurationPlan): readonly ContentRequest[] {
  return [
    ...collections.map(({ name, version }): ContentRequest => {
      return { kind: 'collection', source: name, ...(version !== undefined && { version }) };
    }),
    ...roles.map((role): ContentRequest => ({ kind: 'role', ...role })),
  ];
}

/** The lines that announce roles and collections (§7). */
export function contentLines(plan: ConfigurationPlan): readonly string[] {
  return requestsOf(plan).map((request) => `Galaxy ${request.kind} ${shownName(request)} detected setting to install.`);
}

function shownName(request: ContentRequest): string {
  return request.kind === 'role' && request.name !== undefined ? request.name : describeRequest(request);
}

/** Passes on what is no failure of a role or collection: cancellation, the end of the time, defects. */
function failure(context: RunContext, error: unknown): unknown {
  context.signal.throwIfAborted();
  if (!(error instanceof ImError || error instanceof SshError)) return error;
  return new InfrastructureFailure([`Error configuring master node: ${errorText(error)}`], error);
}

/**
 * Fetches what the plan asks for, or finds it among what the infrastructure used before.
 * @throws InfrastructureFailure naming the role or collection and the reason.
 */
export async function gatherFor(context: RunContext, plan: ConfigurationPlan): Promise<readonly ContentPackage[]> {
  const { environment, ports, run, signal } = context;
  const { contentSource, settings, logger } = environment;
  const requests = requestsOf(plan);
  if (requests.length === 0) return [];
  try {
    if (contentSource === undefined) throw new ImError('internal', 'This daemon cannot fetch roles and collections.');
    const { packages, pins, notes } = await gatherContent(requests, await ports.loadContentPins(), run.refreshRoles, {
      source: contentSource,
      cache: createContentCache(settings.galaxyCacheDir),
      timeoutMs: DOWNLOAD_TIMEOUT_MS,
      attempts: Math.max(1, settings.playbookRetries),
      pauseMs: (attempt) => pauseBeforeAttempt(attempt) * 1000,
      signal,
      onCacheFailure: (error) =>
        logger.warn(`A role or collection cannot be kept in ${settings.galaxyCacheDir}: ${errorText(error)}`, {
          infId: run.infrastructureId,
        }),
    });
    await ports.saveContentPins(pins);
    for (const note of notes) await logOnce(context, note);
    return packages;
  } catch (error) {
    throw failure(context, error);
  }
}

/**
 * Makes exactly these roles and collections what recipes find on the control node.
 * @throws InfrastructureFailure when that fails.
 */
export async function installFor(
  context: RunContext,
  link: ControlLink,
  directory: string,
  packages: readonly ContentPackage[],
): Promise<void> {
  const { environment, signal } = context;
  try {
    const timeoutMs = environment.settings.ansibleInstallTimeoutMs;
    const sent = await link.use(signal, (connection) =>
      installContent({ connection, directory, timeoutMs, signal }, packages),
    );
    if (sent > 0) await logOnce(context, `Roles and collections installed: ${packages.length} (${sent} of them sent).`);
  } catch (error) {
    throw failure(context, error);
  }
}
