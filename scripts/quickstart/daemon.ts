// SPDX-License-Identifier: Apache-2.0
// Starts, finds again and stops the quickstart's daemon: one per checkout, on loopback, with its SQLite file under var/quickstart.
import { spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.js';
import { member } from './json.js';
import { forget, places, readRecord, shown, writePrivate, writeRecord } from './places.js';
import { tail } from './progress.js';

const ADDRESS = '127.0.0.1';
const REST_PORT = 8800;
const XMLRPC_PORT = 8899;
const START_MS = 30_000;
const STOP_MS = 15_000;
const POLL_MS = 100;

/** A daemon that was started by a quickstart. */
export interface Daemon {
  readonly pid: number;
  readonly restPort: number;
  readonly xmlrpcPort: number;
  /** Modification time of the build it runs; another one means that it is outdated. */
  readonly build: number;
}

export function restUrl(daemon: Daemon): string {
  return `http://${ADDRESS}:${daemon.restPort}`;
}

/** The running daemon of an earlier run, or undefined. */
export function findDaemon(): Daemon | undefined {
  const record = readRecord(places.daemonRecord);
  const pid = member(record, 'pid');
  const restPort = member(record, 'restPort');
  const xmlrpcPort = member(record, 'xmlrpcPort');
  const build = member(record, 'build');
  if (typeof pid !== 'number' || typeof restPort !== 'number' || typeof xmlrpcPort !== 'number') return undefined;
  if (!isOurs(pid)) return undefined;
  return { pid, restPort, xmlrpcPort, build: typeof build === 'number' ? build : 0 };
}

/** The daemon of an earlier run when it runs the current build, else a new one. Fails with the end of its output. */
export async function ensureDaemon(say: (text: string) => void): Promise<Daemon> {
  const running = findDaemon();
  if (running !== undefined) {
    if (running.build === currentBuild() && (await answers(running))) {
      say(`the daemon of the earlier run is used (process ${running.pid}, ${restUrl(running)})`);
      return running;
    }
    say(
      `restarting the daemon of the earlier run (process ${running.pid}): it is not of this build, or it does not answer`,
    );
    await stopDaemon(running);
  }
  return startDaemon(say);
}

/** SIGTERM, and SIGKILL when it did not help. Infrastructures stay as they are: the daemon keeps them in its database. */
export async function stopDaemon(daemon: Daemon): Promise<void> {
  process.kill(daemon.pid, 'SIGTERM');
  const deadline = Date.now() + STOP_MS;
  while (isOurs(daemon.pid) && Date.now() < deadline) await sleep(POLL_MS);
  if (isOurs(daemon.pid)) process.kill(daemon.pid, 'SIGKILL');
  forget(places.daemonRecord);
}

/** The im.cfg of the quickstart. */
export function renderConfig(restPort: number, xmlrpcPort: number): string {
  return `# Written by npm run quickstart; changes are lost at the next run. Every option: etc/im.cfg
[im]
DATA_DB = sqlite://${places.database}
REST_ADDRESS = ${ADDRESS}
REST_PORT = ${restPort}
XMLRCP_ADDRESS = ${ADDRESS}
XMLRCP_PORT = ${xmlrpcPort}
LOG_FILE = ${places.log}
LOG_LEVEL = INFO
`;
}

async function startDaemon(say: (text: string) => void): Promise<Daemon> {
  const restPort = await freePort(REST_PORT, ADDRESS);
  const xmlrpcPort = await freePort(XMLRPC_PORT, ADDRESS, [restPort]);
  writePrivate(places.config, renderConfig(restPort, xmlrpcPort));
  const output = openSync(places.daemonOutput, 'w', 0o600);
  const child = spawn(process.execPath, [places.entry, '--config', places.config], {
    cwd: places.root,
    env: withoutOptions(process.env),
    detached: true,
    stdio: ['ignore', output, output],
  });
  if (child.pid === undefined) throw new Error('the daemon could not be started: no process was created');
  const daemon: Daemon = { pid: child.pid, restPort, xmlrpcPort, build: currentBuild() };
  writeRecord(places.daemonRecord, daemon);
  const deadline = Date.now() + START_MS;
  while (!(await answers(daemon))) {
    const isGone = child.exitCode !== null || child.signalCode !== null;
    if (isGone || Date.now() > deadline) {
      const reason = isGone ? 'ended at its start' : `does not answer at ${restUrl(daemon)} after ${START_MS / 1000} s`;
      throw new Error(`the daemon ${reason}:\n${tail(readFileSync(places.daemonOutput, 'utf8'), 15)}`);
    }
    await sleep(POLL_MS);
  }
  child.unref();
  say(
    `the daemon runs: process ${daemon.pid}, REST ${restUrl(daemon)}, XML-RPC port ${xmlrpcPort}, log ${shown(places.log)}`,
  );
  return daemon;
}

/** The environment without `IM_...`: such variables override im.cfg, and this daemon has its own. */
function withoutOptions(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('IM_')));
}

async function answers(daemon: Daemon): Promise<boolean> {
  try {
    const answer = await fetch(`${restUrl(daemon)}/version`, { signal: AbortSignal.timeout(2000) });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    // Not listening yet, or not any more: that is the answer.
    return false;
  }
}

function currentBuild(): number {
  return existsSync(places.buildStamp) ? statSync(places.buildStamp).mtimeMs : 0;
}

/** Process numbers are used again by the system, so the command line is looked at too. */
function isOurs(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(places.config);
  } catch {
    // No such process (it may end between any two looks).
    return false;
  }
}
