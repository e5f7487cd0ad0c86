// SPDX-License-Identifier: Apache-2.0
// Real machines for a test without a container engine: private sshds in namespaces of this host, on loopback addresses.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '../../scripts/quickstart/free-port.js';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('../../scripts/quickstart/host-nodes.sh', import.meta.url));
const FIRST_PORT = 8922;
const UP_MS = 180_000;

/** Machines that run; all listen on the same port, each on its own address, and let `user` in by the key. */
export interface HostMachines {
  /** Loopback address by name. */
  readonly addresses: ReadonlyMap<string, string>;
  readonly port: number;
  readonly user: string;
  readonly privateKey: string;
  readonly privateKeyFile: string;
  /** Stops them and forgets what was written in them. */
  remove(): Promise<void>;
}

/** Starts one machine per name. @param net third number of the loopback addresses, to keep suites apart (127.0.NET.x) */
export async function startHostMachines(names: readonly string[], net: number): Promise<HostMachines> {
  const directory = mkdtempSync(path.join(tmpdir(), 'im-machines-'));
  const addresses = new Map(names.map((name, index) => [name, `127.0.${net}.${index + 11}`]));
  const port = await freePort(FIRST_PORT, [...addresses.values()][0] ?? '127.0.0.1');
  const nodes = [...addresses].map(([name, address]) => `${name}=${address}`);
  const remove = async () => {
    await run(SCRIPT, ['down', directory], { timeout: UP_MS });
  };
  try {
    await run(SCRIPT, ['up', directory, String(port), ...nodes], { timeout: UP_MS });
  } catch (error) {
    await remove();
    throw error;
  }
  const privateKeyFile = path.join(directory, 'id_ed25519');
  const user = readFileSync(path.join(directory, 'user'), 'utf8').trim();
  return { addresses, port, user, privateKey: readFileSync(privateKeyFile, 'utf8'), privateKeyFile, remove };
}
