// SPDX-License-Identifier: Apache-2.0
// Reads switches of authorization items such as `verify = false`.

/** Does the text say no? An absent one does not. */
export function isSwitchedOff(text: string | undefined): boolean {
  return text !== undefined && ['false', 'no', '0', 'off'].includes(text.trim().toLowerCase());
}
