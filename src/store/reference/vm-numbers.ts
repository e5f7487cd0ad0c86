// SPDX-License-Identifier: Apache-2.0
// The numbers of the VMs of a record. They are parts of URLs, and no two VMs have the same.
import type { JsonObject } from '../../domain/index.js';
import { optionalNumber } from './json.js';
import type { Reading } from './reading.js';

const LARGEST = 999_999_999;

/** An entry of `vm_list` with its number. */
export interface NumberedEntry {
  readonly entry: JsonObject;
  readonly number: number;
}

/**
 * Numbers the entries: by `im_id`, which may have holes; those that have none get the first free numbers from their place in the list
 * on. A second entry of one machine is left out.
 */
export function numbered(entries: readonly JsonObject[], reading: Reading): readonly NumberedEntry[] {
  const numbers: (number | undefined)[] = entries.map((entry) => ownNumber(entry, reading));
  const holders = new Map<number, JsonObject>();
  const dropped = new Set<number>();
  for (const [index, entry] of entries.entries()) {
    const number = numbers[index];
    const holder = number === undefined ? undefined : holders.get(number);
    if (number === undefined) {
      continue;
    }
    if (holder === undefined) {
      holders.set(number, entry);
      continue;
    }
    if (isSameMachine(holder, entry)) {
      reading.leaveOut(
        `two virtual machines have the same 'im_id' ${number}: the second entry of one machine is left out`,
      );
      dropped.add(index);
    } else {
      reading.leaveOut(`two virtual machines have the same 'im_id' ${number}: the second one gets another number`);
      numbers[index] = undefined;
    }
  }
  let free = 0;
  const nextFree = (from: number): number => {
    free = Math.max(free, from);
    while (holders.has(free)) free += 1;
    return free;
  };
  return entries.flatMap((entry, index): NumberedEntry[] => {
    if (dropped.has(index)) return [];
    const number = numbers[index] ?? nextFree(index);
    holders.set(number, entry);
    return [{ entry, number }];
  });
}

function ownNumber({ im_id: value }: JsonObject, reading: Reading): number | undefined {
  const number = optionalNumber(value);
  if (number !== undefined && Number.isInteger(number) && number >= 0 && number <= LARGEST) {
    return number;
  }
  if (value !== undefined && value !== null) {
    reading.leaveOut(
      `the 'im_id' ${String(value).slice(0, 20)} is not the number of a virtual machine: it gets another one`,
    );
  }
  return undefined;
}

const isSameMachine = (one: JsonObject, other: JsonObject): boolean =>
  one.id !== undefined && one.id !== null && one.id === other.id;
