// SPDX-License-Identifier: Apache-2.0
// The entry of im-admin: connects the program to this process.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readTextFile } from '../config/file-access.js';
import { loadConfig } from '../config/load.js';
import { readSecret } from './read-secret.js';
import { runAdmin } from './run.js';

/** Connections that are slow to close do not hold the program up longer than this. */
const LONGEST_END_MS = 2000;

const installDir = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

// Whoever reads may have read enough: `im-admin operations list | head`.
process.stdout.on('error', () => process.exit(0));

process.exitCode = await runAdmin(process.argv.slice(2), {
  loadConfig: (file) =>
    loadConfig({ file, environment: process.env, readFile: readTextFile, installDir, hostName: hostname() }),
  out: (line) => process.stdout.write(`${line}\n`),
  note: (line) => process.stderr.write(`${line}\n`),
  readSecret: (prompt) => readSecret(process.stdin, (text) => process.stderr.write(text), prompt),
  now: Date.now,
  newId: randomUUID,
  holder: `im-admin on ${hostname()} (${process.pid})`,
});
setTimeout(() => process.exit(), LONGEST_END_MS).unref();
