// SPDX-License-Identifier: Apache-2.0
// Doctor: who else can read the files that hold secrets, and whether this user can write the database.
import { access, constants } from 'node:fs/promises';
import type { Config } from '../../config/config.js';
import type { LoadedConfig } from '../../config/load.js';
import { parseDataDb } from '../../store/index.js';
import { maskUrls } from '../../util/mask-url.js';
import type { AdminContext } from '../command.js';
import { type CheckResult, fail, fine, warn } from './check-result.js';
import { factsOf, modeText } from './file-facts.js';

const OTHERS_READ = 0o004;
const NOT_OWNER = 0o077;

export async function checkPermissions(context: AdminContext): Promise<readonly CheckResult[]> {
  const loaded = context.load();
  const { config } = loaded;
  const location = parseDataDb(config.dataDb);
  const findings: CheckResult[] = [];
  for (const path of readableSecrets(loaded)) {
    const facts = await factsOf(path);
    if (facts !== undefined && (facts.mode & OTHERS_READ) !== 0) {
      findings.push(
        warn(
          'permissions',
          `${path} holds secrets and every user can read it (mode ${modeText(facts)})`,
          `chmod o-rwx ${path}`,
        ),
      );
    }
  }
  if (location.kind === 'sqlite') {
    findings.push(...(await checkDatabaseFile(location.path)));
  }
  return findings.length === 0 ? [fine('permissions', 'files with secrets are closed to other users')] : findings;
}

function readableSecrets({ config, filesRead, origins }: LoadedConfig): readonly string[] {
  const hasSecrets = maskUrls(config.dataDb) !== config.dataDb || [...origins.keys()].some(({ isSecret }) => isSecret);
  return [...(hasSecrets ? filesRead : []), ...tlsKeys(config), ...(config.userDb === '' ? [] : [config.userDb])];
}

function tlsKeys(config: Config): readonly string[] {
  return [
    ...(config.activateRest && config.restSsl ? [config.restSslKeyfile] : []),
    ...(config.activateXmlrpc && config.xmlrpcSsl ? [config.xmlrpcSslKeyfile] : []),
  ];
}

async function checkDatabaseFile(path: string): Promise<readonly CheckResult[]> {
  const facts = await factsOf(path);
  if (facts === undefined) {
    return [];
  }
  const findings: CheckResult[] = [];
  if ((facts.mode & NOT_OWNER) !== 0) {
    findings.push(
      warn('permissions', `the database ${path} is open to other users (mode ${modeText(facts)})`, `chmod 600 ${path}`),
    );
  }
  try {
    await access(path, constants.R_OK | constants.W_OK);
  } catch {
    findings.push(
      fail(
        'permissions',
        `this user cannot read and write the database ${path}`,
        'run this as the user of the daemon, or chown the file to it',
      ),
    );
  }
  return findings;
}
