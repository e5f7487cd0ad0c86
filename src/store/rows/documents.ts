// SPDX-License-Identifier: Apache-2.0
// Documents as they are stored: RADL and JSON as sealed texts. A scrubbed document reads as an empty one.
import { errorText, ImError, type JsonObject } from '../../domain/index.js';
import { deserializeRadl, Radl, serializeRadl } from '../../radl/index.js';
import type { Sealer } from '../sealing.js';
import { parseJsonObject } from './row.js';

/** A RADL document, sealed for its place. */
export function sealRadl(sealer: Sealer, radl: Radl, context: string): string {
  return sealer.seal(serializeRadl(radl), context);
}

/** @throws ImError `internal` when the stored text is no document of ours */
export function openRadl(sealer: Sealer, sealed: string | null, context: string): Radl {
  if (sealed === null) {
    return Radl.empty();
  }
  const text = sealer.open(sealed, context);
  try {
    return deserializeRadl(text);
  } catch (error) {
    // The parser's text can quote the document, so only its place is told.
    throw new ImError(
      'internal',
      `The stored document ${context} cannot be read: restore the database from a backup.`,
      {
        cause: new Error(`${errorText(error).slice(0, 40)}...`),
      },
    );
  }
}

/** A JSON object, sealed for its place. */
export function sealJson(sealer: Sealer, value: unknown, context: string): string {
  return sealer.seal(JSON.stringify(value), context);
}

/** @throws ImError `internal` when the stored text is no JSON object */
export function openJson(sealer: Sealer, sealed: string | null, context: string): JsonObject {
  return sealed === null ? {} : parseJsonObject(sealer.open(sealed, context), context);
}
