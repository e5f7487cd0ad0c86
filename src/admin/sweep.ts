// SPDX-License-Identifier: Apache-2.0
// Searches the clouds of an authorization file for machines with our marks that are in no row.

import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { cloudsOf, parseAuthHeader } from '../auth/index.js';
import { builtInConnectorTypes, type CloudConnector, createConnectorRegistry } from '../connectors/index.js';
import { badRequest, errorText } from '../domain/index.js';
import { sweepProviders } from '../operations/maintenance/index.js';
import { connectorSettings } from '../settings.js';
import type { AdminContext } from './command.js';
import { countText, tableLines } from './text.js';

/** @returns 0 when every cloud could be searched and everything that was named is deleted */
export async function sweep(context: AdminContext, file: string, named: string, isJson: boolean): Promise<number> {
  const store = await context.openStore();
  const connectors = await connectorsOf(context, file);
  const deleted = new Set(
    named
      .split(',')
      .map((id) => id.trim())
      .filter((id) => id !== ''),
  );
  const { signal } = new AbortController();
  const { orphans, marked, problems } = await sweepProviders({ store, connectors, signal, deleted });
  const unknown = [...deleted].filter((id) => !orphans.some(({ providerId }) => providerId === id));
  const failures = orphans.filter(({ outcome }) => outcome !== undefined && outcome !== 'deleted');
  if (isJson) {
    context.out(JSON.stringify({ marked, orphans, problems, unknown }));
  } else {
    const rows = orphans.map(({ cloud, providerId, reason, infrastructureId, outcome }) => [
      providerId,
      `${cloud.type} ${cloud.server}`.trim(),
      reason,
      infrastructureId,
      outcome === undefined ? '' : outcome === 'deleted' ? outcome : `failed: ${outcome.failure}`,
    ]);
    if (rows.length > 0) {
      for (const line of tableLines([['PROVIDER ID', 'CLOUD', 'REASON', 'INFRASTRUCTURE', ''], ...rows]))
        context.out(line);
    }
    for (const { cloud, text } of problems) context.note(`warning: cloud ${cloud.id}: ${text}`);
    for (const id of unknown) context.note(`warning: ${id} is no orphan here: it was not deleted`);
    context.note(`${countText(orphans.length, 'orphan')} among ${countText(marked, 'machine')} with our marks.`);
  }
  return problems.length + unknown.length + failures.length === 0 ? 0 : 1;
}

async function connectorsOf({ config, logger, now }: AdminContext, file: string): Promise<readonly CloudConnector[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw badRequest(`The file ${file} cannot be read: ${errorText(error)}.`, { cause: error });
  }
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.trim().startsWith('#'));
  const clouds = cloudsOf(parseAuthHeader(lines.join('\\n')));
  if (clouds.length === 0) {
    throw badRequest(
      `The file ${file} names no cloud: write lines such as id = one; type = Docker; host = unix:///var/run/docker.sock`,
    );
  }
  const randomText = (length: number): string => randomBytes(length).toString('hex').slice(0, length);
  const registry = createConnectorRegistry(
    {
      logger,
      now,
      randomText,
      settings: connectorSettings(config),
      resolveEgiImage: () => Promise.reject(badRequest('A search for machines needs no images.')),
    },
    builtInConnectorTypes,
  );
  return clouds.map((cloud) => registry.connect(cloud));
}
