// SPDX-License-Identifier: Apache-2.0
// im-admin hash-password: makes the hash of a password for the user file.
import { randomBytes } from 'node:crypto';
import { hashPassword } from '../../auth/index.js';
import type { AdminCommand } from '../command.js';
import { UsageError } from '../usage-error.js';

const SALT_BYTES = 16;

export const hashPasswordCommand: AdminCommand = {
  name: 'hash-password',
  words: '',
  wordCount: { min: 0, max: 0 },
  options: [],
  summary: 'make the hash of a password for USER_DB',
  details: `Reads one line from standard input, without showing what is typed, and prints what USER_DB takes in the place of the password. Neither
configuration nor database is read.`,
  failure: 'the password could not be hashed',
  examples: ['im-admin hash-password'],
  async run(context) {
    const password = await context.readSecret('Password: ');
    if (password === '') throw new UsageError('There was no password on standard input.');
    context.out(await hashPassword(password, randomBytes(SALT_BYTES)));
    return 0;
  },
};
