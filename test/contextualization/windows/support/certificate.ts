// SPDX-License-Identifier: Apache-2.0
// Certificates for the service that stands in for Windows.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ARGV = 'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=win -keyout key.pem -out cert.pem'.split(' ');

/** Makes a new certificate in the directory. @returns the file with it and its key */
export function makeCertificate(directory: string): string {
  execFileSync('openssl', ARGV, { cwd: directory, stdio: 'ignore' });
  const both = join(directory, 'both.pem');
  writeFileSync(both, ['key.pem', 'cert.pem'].map((name) => readFileSync(join(directory, name), 'utf8')).join(''));
  return both;
}
