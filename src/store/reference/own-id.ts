// SPDX-License-Identifier: Apache-2.0
// Under which id an infrastructure of grycap/im lives here: its own, or one made from it when that is no id here.
import { createHash } from 'node:crypto';
import { INFRASTRUCTURE_ID_PATTERN } from '../../domain/index.js';

/** The same id always gives the same one, so that an import can be run again. */
export function ownId(id: string): string {
  return INFRASTRUCTURE_ID_PATTERN.test(id) ? id : nameBasedUuid(id);
}

/** A UUID of version 8 (RFC 9562): 122 bits of a hash. */
function nameBasedUuid(name: string): string {
  const hash = createHash('sha256').update(`infrastructure of grycap/im\0${name}`).digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x80, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
