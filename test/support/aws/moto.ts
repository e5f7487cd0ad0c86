// SPDX-License-Identifier: Apache-2.0
// A private moto server: AWS services as a real program that keeps what it is told (scripts/ensure-moto.sh).
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, type PrivateServer, serverDirectory, startServer } from '../databases/private-server.js';

/** Where scripts/ensure-moto.sh puts it. */
export const MOTO = fileURLToPath(new URL('../../../var/tools/moto', import.meta.url));
/** Images that every account has. */
const IMAGES = fileURLToPath(new URL('images.json', import.meta.url));
const PROGRAM = join(MOTO, 'bin', 'moto_server');

/** Why there can be no server here, or undefined. */
export function motoProblem(): string | undefined {
  return existsSync(PROGRAM) ? undefined : 'moto is not installed: scripts/ensure-moto.sh';
}

/** Starts a server on loopback. */
export async function startMoto(): Promise<PrivateServer> {
  const port = await freePort();
  const directory = await serverDirectory('moto');
  return startServer(
    {
      program: PROGRAM,
      argv: ['-H', '127.0.0.1', '-p', String(port)],
      environment: { MOTO_AMIS_PATH: IMAGES, MOTO_ENABLE_AMI_VALIDATION: 'true' },
    },
    directory,
    port,
  );
}
