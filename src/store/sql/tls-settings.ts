// SPDX-License-Identifier: Apache-2.0
// TLS of a connection to a database server, from the options of DATA_DB to what Node's TLS wants.
import { readFile } from 'node:fs/promises';
import { checkServerIdentity } from 'node:tls';
import { errorText, ImError } from '../../domain/index.js';
import type { TlsOptions } from '../data-db-options.js';

/** The part of Node's TLS options that both drivers pass on. */
export interface TlsSettings {
  readonly rejectUnauthorized: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly checkServerIdentity: typeof checkServerIdentity;
}

/**
 * Reads the named files.
 * @returns undefined when the connection is not encrypted
 * @throws ImError `store-unavailable` naming a file that cannot be read
 */
export async function readTlsSettings(tls: TlsOptions): Promise<TlsSettings | undefined> {
  if (tls.mode === 'off') {
    return undefined;
  }
  const [ca, cert, key] = await Promise.all([
    readPem(tls.authoritiesFile),
    readPem(tls.certificateFile),
    readPem(tls.keyFile),
  ]);
  return {
    rejectUnauthorized: tls.mode !== 'encrypt',
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    checkServerIdentity: tls.mode === 'verify' ? checkServerIdentity : () => undefined,
  };
}

/** @returns undefined without a path. @throws ImError `store-unavailable` naming the file and the remedy */
export async function readPem(path: string): Promise<string | undefined> {
  if (path === '') {
    return undefined;
  }
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new ImError(
      'store-unavailable',
      `The TLS file ${path} of DATA_DB cannot be read (${errorText(error)}): let the user of the daemon read it.`,
      { cause: error },
    );
  }
}
