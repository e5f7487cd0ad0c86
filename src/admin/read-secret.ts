// SPDX-License-Identifier: Apache-2.0
// Reads a secret that somebody types or pipes in.
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Writable } from 'node:stream';

/** The first line; what is typed at a terminal is not shown. @param note shows the prompt, at a terminal only */
export async function readSecret(
  input: Readable & { readonly isTTY?: boolean },
  note: (text: string) => void,
  prompt: string,
): Promise<string> {
  const isTyped = input.isTTY === true;
  if (isTyped) note(prompt);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: nowhere, terminal: isTyped });
  try {
    for await (const line of lines) return line;
    return '';
  } finally {
    lines.close();
    if (isTyped) note('\n');
  }
}
