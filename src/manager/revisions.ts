// SPDX-License-Identifier: Apache-2.0
// Use cases: the documents that were accepted for an infrastructure.
import { ImError, type Revision } from '../domain/index.js';
import { admitToInfrastructure } from './access.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call, RevisionDocument, RevisionSummary } from './manager.js';

/** The newest first. */
export async function listRevisions(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
): Promise<readonly RevisionSummary[]> {
  await admitToInfrastructure(environment, call, infrastructureId, 'read');
  const revisions = await environment.store.listRevisions(infrastructureId);
  return revisions.map(summary).reverse();
}

/** One of them with its text. @throws ImError `not-found` */
export async function getRevision(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  number: number,
): Promise<RevisionDocument> {
  await admitToInfrastructure(environment, call, infrastructureId, 'read');
  const revisions = await environment.store.listRevisions(infrastructureId);
  const revision = requireRevision(revisions, number);
  return { ...summary(revision), text: revision.text };
}

/** @throws ImError `not-found` naming what there is */
export function requireRevision(revisions: readonly Revision[], number: number): Revision {
  const found = revisions.find((revision) => revision.number === number);
  if (found === undefined) {
    const last = revisions.at(-1)?.number ?? 0;
    const known = last === 0 ? 'it has none (it was imported)' : `it has 1 to ${last}`;
    throw new ImError('not-found', `There is no revision ${number} of this infrastructure: ${known}.`);
  }
  return found;
}

const summary = ({ number, kind, operationId, createdAt }: Revision): RevisionSummary => ({
  number,
  kind,
  operationId,
  createdAt,
});
