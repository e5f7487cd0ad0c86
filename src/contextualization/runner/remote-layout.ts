// SPDX-License-Identifier: Apache-2.0
// Names and places of a run on the control node (contextualization.md §8, §24.5).
import type { PlannedTask } from '../contract.js';

/** `<REMOTE_CONF_DIR>/<infrastructure id>`: recipes and users look there. */
export const infrastructureDir = (remoteConfDir: string, infrastructureId: string): string =>
  `${remoteConfDir.replace(/\/+$/, '')}/${infrastructureId}`;

const fileName = (text: string): string => text.replace(/[^\w.-]/g, '_').slice(0, 100);

/** Mark of all processes of a run, in their environment. */
export const runMark = (infrastructureId: string, runId: string): string => fileName(`${infrastructureId}.${runId}`);

/** Beginning of the names of the run's places for secrets in memory file systems. */
export const secretsPrefix = (infrastructureId: string, runId: string): string =>
  `.im-${runMark(infrastructureId, runId)}-`;

/** Directory of all tasks of a run. */
export const runDir = (inInfrastructure: string, runId: string): string =>
  `${inInfrastructure}/runs/${fileName(runId)}`;

/** Name of a task in a run: stable over restarts, different for each process of a step. */
export const taskKey = (step: number, task: PlannedTask): string =>
  fileName(`${step}-${task.vms[0] ?? 'none'}-${task.name}`);

/** What a key of {@link taskKey} tells about its task. */
export function partsOfTaskKey(key: string): { readonly step: number; readonly task: string } {
  const [, step = '0', task = key] = /^(\d+)-(?:\d+|none)-(.*)$/.exec(key) ?? [];
  return { step: Number(step), task };
}
