// SPDX-License-Identifier: Apache-2.0
// Logs in MongoDB: a head that tells the size, and append-only chunks of the head's generation; a reset begins a new generation.
import { acceptedText, chunksOf } from '../rows/log-text.js';
import { integerOf, textOf } from '../rows/row.js';
import { logKey } from './collections.js';
import type { Staging } from './stage-changes.js';

/** Drafts an append; see the same on SQL. */
export async function stageAppend(
  { draft, logger, newId, maxLogCharacters }: Staging,
  infrastructureId: string,
  vm: number | null,
  text: string,
): Promise<void> {
  const key = logKey(infrastructureId, vm);
  const head = await draft.get('log_heads', key);
  const size = head === undefined ? 0 : integerOf(head, 'size');
  const kept = acceptedText(text, size, maxLogCharacters, () =>
    logger.warn('A log has reached its bound and is cut.', { infId: infrastructureId, vmId: vm ?? undefined }),
  );
  if (kept === '') {
    return;
  }
  const generation = head === undefined ? newId() : textOf(head, 'generation');
  const fields = { infrastructure_id: infrastructureId, vm_number: vm, generation, size: size + kept.length };
  if (head === undefined) {
    draft.create('log_heads', key, fields);
  } else {
    await draft.update('log_heads', key, fields);
  }
  let first = size;
  for (const chunk of chunksOf(kept)) {
    draft.create('log_chunks', `${generation}/${first}`, {
      infrastructure_id: infrastructureId,
      generation,
      first_character: first,
      content: chunk,
    });
    first += chunk.length;
  }
}

/** Drafts a reset. Chunks of the old generation that are left behind by a crash are never read again. */
export async function stageReset(
  { draft, newId }: Staging,
  infrastructureId: string,
  vm: number | null,
): Promise<void> {
  const key = logKey(infrastructureId, vm);
  const head = await draft.get('log_heads', key);
  if (head === undefined) {
    return;
  }
  draft.removeMany('log_chunks', { infrastructureId, field: 'generation', values: [textOf(head, 'generation')] });
  await draft.update('log_heads', key, { generation: newId(), size: 0 });
}
