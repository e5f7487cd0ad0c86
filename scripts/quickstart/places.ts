// SPDX-License-Identifier: Apache-2.0
// Where the quickstart keeps its things: everything under var/quickstart of the checkout, secrets readable by the owner only.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseJson } from './json.js';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
const home = path.join(root, 'var', 'quickstart');

/** The files of the quickstart, absolute. */
export const places = {
  root,
  home,
  entry: path.join(root, 'dist', 'main.js'),
  buildStamp: path.join(root, 'dist', '.built'),
  config: path.join(home, 'im.cfg'),
  database: path.join(home, 'im.sqlite'),
  log: path.join(home, 'im.log'),
  daemonOutput: path.join(home, 'daemon.out'),
  daemonRecord: path.join(home, 'daemon.json'),
  infrastructureRecord: path.join(home, 'infrastructure.json'),
  password: path.join(home, 'password'),
  header: path.join(home, 'authorization.header'),
  machines: path.join(home, 'machines'),
  stages: path.join(home, 'stages.tsv'),
} as const;

/** Creates the folder, closed to other users: it holds keys and a password. */
export function makeHome(): void {
  mkdirSync(home, { recursive: true, mode: 0o700 });
}

/** A small record kept between runs, or undefined when there is none. */
export function readRecord(file: string): unknown {
  return existsSync(file) ? parseJson(readFileSync(file, 'utf8')) : undefined;
}

export function writeRecord(file: string, value: unknown): void {
  writePrivate(file, `${JSON.stringify(value, undefined, 2)}\n`);
}

/** Writes a file that only its owner may read. */
export function writePrivate(file: string, content: string): void {
  writeFileSync(file, content, { mode: 0o600 });
}

export function forget(file: string): void {
  rmSync(file, { force: true });
}

/** A path as the user would type it from the checkout. */
export function shown(file: string): string {
  return path.relative(process.cwd(), file) || '.';
}
