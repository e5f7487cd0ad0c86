// SPDX-License-Identifier: Apache-2.0
// Certificate and key of a listening server, read from files so that they can be read again while it runs.
import type { SecureContextOptions } from 'node:tls';
import { errorText, ImError } from '../domain/index.js';
import type { Logger } from '../util/logger.js';

/** Where the TLS material of a server is. */
export interface TlsFiles {
  readonly keyFile: string;
  readonly certificateFile: string;
  /** Certificates of authorities; a missing file is only reported. Empty: none. */
  readonly authoritiesFile: string;
}

/** Reads a small file; fails when it cannot. */
export type ReadFile = (path: string) => Promise<Buffer>;

/** What a server needs to speak TLS. */
export interface TlsMaterial extends SecureContextOptions {
  readonly key: Buffer;
  readonly cert: Buffer;
  readonly ca?: Buffer;
  readonly minVersion: 'TLSv1.2';
}

/**
 * Reads the files.
 * @throws ImError `internal` naming the file that cannot be read
 */
export async function readTlsMaterial(files: TlsFiles, readFile: ReadFile, logger: Logger): Promise<TlsMaterial> {
  const mandatory = async (what: string, path: string): Promise<Buffer> => {
    try {
      return await readFile(path);
    } catch (error) {
      throw new ImError('internal', `The TLS ${what} ${path} cannot be read: ${errorText(error)}`, { cause: error });
    }
  };
  const optional = async (path: string): Promise<Buffer | undefined> => {
    if (path === '') return undefined;
    try {
      return await readFile(path);
    } catch (error) {
      logger.warn(`The TLS authorities file ${path} cannot be read and is not used: ${errorText(error)}`);
      return undefined;
    }
  };
  const [key, cert, ca] = await Promise.all([
    mandatory('key', files.keyFile),
    mandatory('certificate', files.certificateFile),
    optional(files.authoritiesFile),
  ]);
  return { key, cert, ...(ca && { ca }), minVersion: 'TLSv1.2' };
}
