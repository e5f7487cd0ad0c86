// SPDX-License-Identifier: Apache-2.0
// Dates of the statistics, in the two spellings that clients use (rest-api.md §9.20, xmlrpc-api.md §3).

const DATE = /^(\d{4})([/-])(\d{2})\2(\d{2})$/;

/** `YYYY/MM/DD` or `YYYY-MM-DD` as `YYYY-MM-DD`; undefined when it is no date of the calendar. */
export function statsDate(text: string): string | undefined {
  const match = DATE.exec(text.trim());
  if (!match) return undefined;
  const date = `${match[1]}-${match[3]}-${match[4]}`;
  const parsed = new Date(`${date}T00:00:00Z`);
  // A day that the month does not have is either no date or rolls over to another one.
  return Number.isNaN(parsed.getTime()) || parsed.toISOString().slice(0, 10) !== date ? undefined : date;
}
