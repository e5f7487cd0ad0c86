// SPDX-License-Identifier: Apache-2.0
// The command line of the daemon: reads the configuration, starts the house, and hands over to its life as a process.
import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkConfig } from './config/check.js';
import { parseCommandLine } from './config/command-line.js';
import { ConfigError } from './config/config-error.js';
import { describeConfig } from './config/describe.js';
import { fileProbes, readTextFile } from './config/file-access.js';
import { helpText, versionText } from './config/help.js';
import { type LoadedConfig, loadConfig } from './config/load.js';
import { type Daemon, startDaemon } from './daemon.js';
import { errorText } from './domain/index.js';
import { createLogging } from './observability/logging/create-logging.js';
import type { Logging } from './observability/logging/logging.js';
import { liveUntilSignal } from './process-life.js';
import { longestStopMs, VERSION } from './settings.js';

const LOGGING_CONF = '/etc/im/logging.conf';

const installDir = resolve(dirname(fileURLToPath(import.meta.url)), '..');

function load(configFile: string | undefined): LoadedConfig {
  return loadConfig({
    file: configFile,
    environment: process.env,
    readFile: readTextFile,
    installDir,
    hostName: hostname(),
  });
}

function openLogging(loaded: LoadedConfig): Logging {
  const text = readTextFile(LOGGING_CONF);
  return createLogging(loaded.config, {
    now: () => new Date(),
    stdout: process.stdout,
    stderr: process.stderr,
    onTrouble: (message) => console.error(message),
    hostName: hostname(),
    processId: process.pid,
    loggingConf: text === undefined ? undefined : { path: LOGGING_CONF, text },
  });
}

/** Reports what is wrong. @returns exit code: 0 fine, 2 not */
function reportFindings(loaded: LoadedConfig): number {
  const findings = checkConfig(loaded.config, fileProbes);
  for (const warning of loaded.warnings) {
    console.log(`warning: ${warning}`);
  }
  for (const { severity, option, message } of findings) {
    console.log(`${severity}: ${option}: ${message}`);
  }
  const isUsable = findings.every(({ severity }) => severity !== 'error');
  console.log(isUsable ? 'The configuration can be used.' : 'The configuration cannot be used.');
  return isUsable ? 0 : 2;
}

async function run(configFile: string | undefined): Promise<number> {
  const loaded = load(configFile);
  const findings = checkConfig(loaded.config, fileProbes);
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) {
    for (const { option, message } of errors) {
      console.error(`${option}: ${message}`);
    }
    return errors.every(({ isOfMachine }) => isOfMachine) ? 1 : 2;
  }
  const logging = openLogging(loaded);
  for (const warning of loaded.warnings) {
    console.error(warning);
    logging.warn(warning);
  }
  for (const { option, message } of findings) {
    logging.warn(`${option}: ${message}`);
  }
  if (loaded.config.userDb === '' && !loaded.config.forceOidcAuth) {
    logging.warn('USER_DB is not set: everybody may enter, under any user name and password.');
  }
  for (const file of loaded.filesRead) {
    logging.info(`Configuration read from ${file}.`);
  }
  let daemon: Daemon;
  try {
    daemon = await startDaemon({ config: loaded.config, logging, installDir });
  } catch (error) {
    console.error(errorText(error));
    logging.error(`The daemon cannot start: ${errorText(error)}`, { error });
    await logging.close();
    return 1;
  }
  return liveUntilSignal(daemon, logging, longestStopMs(loaded.config), {
    say: (line) => console.log(line),
    complain: (line) => console.error(line),
  });
}

async function main(): Promise<number> {
  const command = parseCommandLine(process.argv.slice(2));
  switch (command.kind) {
    case 'version':
      console.log(versionText(VERSION));
      return 0;
    case 'help':
      console.log(helpText);
      return 0;
    case 'usage-error':
      console.error(command.message);
      return 2;
    case 'print-config': {
      const { config, origins } = load(command.configFile);
      console.log(describeConfig(config, origins));
      return 0;
    }
    case 'check-config':
      return reportFindings(load(command.configFile));
    case 'run':
      return run(command.configFile);
  }
}

try {
  process.exit(await main());
} catch (error) {
  console.error(errorText(error));
  process.exit(error instanceof ConfigError ? 2 : 1);
}
