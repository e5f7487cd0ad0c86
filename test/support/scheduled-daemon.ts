// SPDX-License-Identifier: Apache-2.0
// The daemon as `src/main.ts` runs it, whose maintenance is due every second: im.cfg knows minutes only.

import { readTextFile } from '../../src/config/file-access.js';
import { loadConfig } from '../../src/config/load.js';
import { startDaemon } from '../../src/daemon.js';
import { createLogging } from '../../src/observability/logging/create-logging.js';
import { liveUntilSignal } from '../../src/process-life.js';
import { longestStopMs } from '../../src/settings.js';

const EVERY_SECOND = '* * * * * *';

const [, , , file] = process.argv;
const { config } = loadConfig({
  file,
  environment: {},
  readFile: readTextFile,
  installDir: process.cwd(),
  hostName: 'scheduled',
});
const logging = createLogging(config, {
  now: () => new Date(),
  stdout: process.stdout,
  stderr: process.stderr,
  onTrouble: (message) => console.error(message),
  hostName: config.nodeName,
  processId: process.pid,
});
const daemon = await startDaemon({
  config,
  logging,
  installDir: process.cwd(),
  decorate: {
    maintenance: ({ backup, ...settings }) => ({
      ...settings,
      purgeSchedule: EVERY_SECOND,
      ...(backup && { backup: { ...backup, schedule: EVERY_SECOND } }),
    }),
  },
});
process.exit(
  await liveUntilSignal(daemon, logging, longestStopMs(config), {
    say: (line) => console.log(line),
    complain: (line) => console.error(line),
  }),
);
