// SPDX-License-Identifier: Apache-2.0
// Doctor: the configuration, as im-service --check-config sees it.
import { checkConfig } from '../../config/check.js';
import { fileProbes } from '../../config/file-access.js';
import type { AdminContext } from '../command.js';
import { type CheckResult, fine } from './check-result.js';

export async function checkConfiguration(context: AdminContext): Promise<readonly CheckResult[]> {
  const { config, warnings, filesRead } = context.load();
  const findings = checkConfig(config, fileProbes).map(
    ({ severity, option, message }): CheckResult => ({ status: severity, subject: option, message }),
  );
  const remarks = warnings.map((message): CheckResult => ({ status: 'warning', subject: 'configuration', message }));
  const source =
    filesRead.length === 0 ? 'no im.cfg, only defaults and environment' : `read from ${filesRead.join(', ')}`;
  return [fine('configuration', source), ...remarks, ...findings];
}
