// SPDX-License-Identifier: Apache-2.0
// Daemons of tests as one file each: they are started many times and must be quick.
import { rmSync } from 'node:fs';
import { build } from 'esbuild';

/** A daemon that is bundled when somebody first needs it. */
export interface DaemonBundle {
  /** Of this process alone: another one may bundle other sources meanwhile. */
  readonly file: string;
  make(): Promise<void>;
}

/** @param entryPoint TypeScript file */
export function daemonBundle(entryPoint: string, name: string): DaemonBundle {
  const file = `var/test/${name}-${process.pid}.mjs`;
  let made: Promise<unknown> | undefined;
  return {
    file,
    async make() {
      made ??= build({
        entryPoints: [entryPoint],
        outfile: file,
        bundle: true,
        platform: 'node',
        format: 'esm',
        packages: 'external',
        logLevel: 'error',
      }).finally(() => process.once('exit', () => rmSync(file, { force: true })));
      await made;
    },
  };
}
