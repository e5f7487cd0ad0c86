// SPDX-License-Identifier: Apache-2.0
// Decides for every VM of a request in which cloud and as which concrete system it is launched (core.md §7-§11).
import { badRequest, type CloudCredential, errorText } from '../domain/index.js';
import { applySystem, isFakeSystem, type Radl, type System, type SystemDefaults, withDefaults } from '../radl/index.js';
import { chooseCloud } from './cloud-choice.js';
import { type CloudOption, isUsable } from './cloud-option.js';
import { searchImages } from './image-search.js';
import { groupDeploys, privateNetworksOf } from './launch-groups.js';
import { bestOf, IMPOSSIBLE_SCORE, type ScoredSystem, scoreSystem } from './score.js';

/** VMs of one deploy that one connector call launches. */
export interface LaunchUnit {
  /** Position of the deploy in the request. */
  readonly deployIndex: number;
  readonly systemName: string;
  readonly count: number;
  readonly cloud: CloudCredential;
  /** Concrete system, or why the chosen cloud has none. */
  readonly choice: { readonly system: System } | { readonly problem: string };
}

/** Result of placement. */
export interface Placement {
  /** Launch order: single VMs first, then network groups. */
  readonly units: readonly LaunchUnit[];
  /** Private network id -> cloud id for networks that the units use (core.md §12.7). */
  readonly networkBindings: ReadonlyMap<string, string>;
  /** Clouds of the call that were left out, for the log. */
  readonly warnings: readonly string[];
}

/**
 * Places a completed request (fake systems included).
 * @throws ImError `bad-request` with the texts of core.md §7, §8 and §11
 */
export async function place(
  request: Radl,
  clouds: readonly CloudOption[],
  defaults: SystemDefaults,
  signal: AbortSignal,
): Promise<Placement> {
  const usable = clouds.filter(isUsable);
  const unusable = clouds.filter((option) => !isUsable(option));
  const named = namedClouds(request);
  failForNeededCloud(named, unusable, usable.length);
  const choices = await concreteSystems(request, relevantClouds(request, usable, named), defaults, signal);

  const cloudIds = usable.map(({ cloud }) => cloud.id);
  const units: LaunchUnit[] = [];
  const networkBindings = new Map<string, string>();
  for (const group of groupDeploys(request)) {
    const cloudId = chooseCloud(group, cloudIds, (cloud, system) => choices.score(cloud, system));
    const cloud = usable.find((option) => option.cloud.id === cloudId)?.cloud;
    if (cloud === undefined) {
      throw badRequest(`No auth data for cloud with ID: ${cloudId}`);
    }
    for (const { deploy, index, count } of group) {
      if (count === 0 || isFakeSystem(deploy.system)) {
        continue;
      }
      units.push({
        deployIndex: index,
        systemName: deploy.system,
        count,
        cloud,
        choice: choices.choice(cloudId, deploy.system),
      });
      for (const network of privateNetworksOf(request, deploy.system)) {
        networkBindings.set(network, cloudId);
      }
    }
  }
  const warnings = unusable.map((option) =>
    isUsable(option) ? '' : `WARNING: cloud ${option.cloud.id} is left out: ${option.problem}`,
  );
  return { units, networkBindings, warnings };
}

/** Cloud ids that deploys ask for. */
function namedClouds(request: Radl): ReadonlySet<string> {
  return new Set(request.deploys.flatMap(({ cloudId }) => (cloudId === undefined ? [] : [cloudId])));
}

/** Unusable clouds only matter when they are asked for or nothing else is left (core.md §8, our correction of C5). */
function failForNeededCloud(named: ReadonlySet<string>, unusable: readonly CloudOption[], usableCount: number): void {
  for (const option of unusable) {
    if (!isUsable(option) && (named.has(option.cloud.id) || usableCount === 0)) {
      throw badRequest(option.problem);
    }
  }
}

/** When every deploy names its cloud the others need not be asked. */
function relevantClouds(
  request: Radl,
  usable: readonly UsableCloud[],
  named: ReadonlySet<string>,
): readonly UsableCloud[] {
  const isFullyNamed = request.deploys.every(({ cloudId, count }) => count === 0 || cloudId !== undefined);
  return isFullyNamed ? usable.filter(({ cloud }) => named.has(cloud.id)) : usable;
}

type UsableCloud = Extract<CloudOption, { connector: unknown }>;

interface ConcreteChoices {
  score(cloudId: string, systemName: string): number;
  choice(cloudId: string, systemName: string): LaunchUnit['choice'];
}

/** Asks every cloud for every deployed system, in parallel. A failing cloud is one that cannot serve the system. */
async function concreteSystems(
  request: Radl,
  clouds: readonly UsableCloud[],
  defaults: SystemDefaults,
  signal: AbortSignal,
): Promise<ConcreteChoices> {
  const best = new Map<string, ScoredSystem>();
  const problems = new Map<string, readonly string[]>();
  const names = new Set(request.deploys.filter(({ count }) => count > 0).map(({ system }) => system));
  for (const name of names) {
    const requested = request.getSystem(name);
    if (requested === undefined || isFakeSystem(name)) {
      continue;
    }
    const prepared = await preparedSystems(requested, clouds, defaults, signal);
    await Promise.all(
      clouds.map(async (option) => {
        const key = choiceKey(option.cloud.id, name);
        const { scored, refusals } = await offers(option, requested, prepared, signal);
        const winner = bestOf(scored);
        if (winner !== undefined) {
          best.set(key, winner);
        }
        problems.set(key, refusals);
      }),
    );
  }
  return {
    score: (cloudId, systemName) => best.get(choiceKey(cloudId, systemName))?.score ?? IMPOSSIBLE_SCORE,
    choice: (cloudId, systemName) => {
      const winner = best.get(choiceKey(cloudId, systemName));
      return winner === undefined
        ? { problem: noConcreteSystem(cloudId, systemName, problems.get(choiceKey(cloudId, systemName)) ?? []) }
        : { system: winner.system };
    },
  };
}

const choiceKey = (cloudId: string, systemName: string): string => `${cloudId}\0${systemName}`;

function noConcreteSystem(cloudId: string, systemName: string, reasons: readonly string[]): string {
  const text = `Error, no concrete system to deploy: ${systemName} in cloud: ${cloudId}. Check if a correct image is being used`;
  return reasons.length === 0 ? text : `${text} (${reasons.join('; ')})`;
}

/** The request without its applications and with defaults, once per image found (core.md §9.1). */
async function preparedSystems(
  requested: System,
  clouds: readonly UsableCloud[],
  defaults: SystemDefaults,
  signal: AbortSignal,
): Promise<readonly System[]> {
  const features = requested.features.clone();
  features.delete('disk.0.applications');
  const prepared = withDefaults({ ...requested, features }, defaults);
  if (requested.features.has('disk.0.image.url')) {
    return [prepared];
  }
  const images = await searchImages(requested, clouds, signal);
  return images.length === 0
    ? [prepared]
    : images.map((image) => applySystem(prepared, image, { conflict: 'other', missing: 'other' }));
}

async function offers(
  option: UsableCloud,
  requested: System,
  prepared: readonly System[],
  signal: AbortSignal,
): Promise<{ readonly scored: readonly ScoredSystem[]; readonly refusals: readonly string[] }> {
  const scored: ScoredSystem[] = [];
  const refusals: string[] = [];
  for (const system of prepared) {
    try {
      const list = await option.connector.candidates(system, signal);
      refusals.push(...list.refusals);
      for (const candidate of list.candidates) {
        scored.push(scoreSystem(requested, system, candidate.system));
      }
    } catch (error) {
      signal.throwIfAborted();
      refusals.push(errorText(error));
    }
  }
  return { scored, refusals };
}
