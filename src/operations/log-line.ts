// SPDX-License-Identifier: Apache-2.0
// Lines of the infrastructure's log (contextualization.md §13.1).

const pad = (value: number, width: number): string => String(value).padStart(width, '0');

/** `YYYY-MM-DD HH:MM:SS.ffffff: <text>\n` in local time; the fraction is left out when it is zero, as the reference does. */
export function logLine(text: string, now: number): string {
  const date = new Date(now);
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1, 2)}-${pad(date.getDate(), 2)}`;
  const time = `${pad(date.getHours(), 2)}:${pad(date.getMinutes(), 2)}:${pad(date.getSeconds(), 2)}`;
  const milliseconds = date.getMilliseconds();
  return `${day} ${time}${milliseconds === 0 ? '' : `.${pad(milliseconds, 3)}000`}: ${text}\n`;
}
