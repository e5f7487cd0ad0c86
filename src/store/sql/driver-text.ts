// SPDX-License-Identifier: Apache-2.0
// What a driver says of an error, without what knex adds.
import { errorText } from '../../domain/index.js';

/** Knex puts the statement before the driver's text. */
export function driverText(error: unknown): string {
  const text = errorText(error);
  const start = text.lastIndexOf(' - ');
  return start === -1 ? text : text.slice(start + 3);
}
