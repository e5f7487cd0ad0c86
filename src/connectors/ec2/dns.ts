// SPDX-License-Identifier: Apache-2.0
// Host names in Route 53: an A record per name and public or private address of a VM (ec2.md §8, common.md A6). Names never hold up a deletion.
import type { HostedZone, ResourceRecordSet, Route53 } from '@aws-sdk/client-route-53';
import { errorText, isJsonObject, type JsonObject, type JsonValue } from '../../domain/index.js';
import { interfaceIp, networkIds, type Radl, renderNameTemplate, requestedName } from '../../radl/index.js';
import type { VmReference } from '../connector.js';
import { systemOf } from '../shared/first-system.js';
import type { AwsService } from './client.js';
import type { Engine } from './engine.js';
import { awsCode, isNotFound } from './failure.js';

const TTL_SECONDS = 300;
const LOCAL_DOMAIN = 'localdomain';
/** Begins the comment of zones that were made here, before the infrastructure's id. */
const ZONE_MARK = 'Made by the Infrastructure Manager for ';

/** A name that is, or is to be, in Route 53. */
export interface DnsEntry {
  readonly host: string;
  /** Without a dot at its end. */
  readonly domain: string;
  readonly ip: string;
}

const fullName = ({ host, domain }: DnsEntry): string => `${host}.${domain}.`;

/** The names that a VM asks for, with its present addresses (core.md §24.6). */
export function wantedEntries(engine: Engine, vm: VmReference, info: Radl): readonly DnsEntry[] {
  const { defaultVmName, defaultDomain } = engine.environment.settings;
  const system = systemOf(info);
  const documents = { info, requested: vm.requested, number: vm.number };
  const entries: DnsEntry[] = [];
  for (const index of networkIds(system).keys()) {
    const ip = interfaceIp(system, index) ?? '';
    const host = index === 0 ? defaultVmName : undefined;
    const names = [requestedName(documents, { host, domain: defaultDomain }, index)];
    for (let more = 1; ; more += 1) {
      const text = systemOf(vm.requested).features.getText(`net_interface.${index}.dns.${more}.name`);
      if (text === undefined || text === '') break;
      names.push(additionalName(text, vm.number));
    }
    for (const name of names) {
      const domain = (name?.domain ?? '').replace(/\.+$/, '');
      if (name === undefined || name.host === '' || domain === '' || domain === LOCAL_DOMAIN || ip === '') continue;
      entries.push({ host: name.host, domain, ip });
    }
  }
  return [...new Map(entries.map((entry) => [fullName(entry), entry])).values()];
}

/** `host@domain` where the host has dots, `host.domain` otherwise. */
function additionalName(text: string, number: number): { readonly host: string; readonly domain: string | undefined } {
  const [host = '', domain, ...rest] = text.replaceAll('#N#', String(number)).split('@');
  return domain !== undefined && rest.length === 0 ? { host, domain } : renderNameTemplate(text, number);
}

/** The names that were set for a VM, from its free map; also in the form of the reference. */
export function storedEntries(extra: JsonObject): readonly DnsEntry[] {
  const stored = extra.dnsEntries ?? extra.dns_entries;
  return Array.isArray(stored) ? stored.flatMap(readEntry) : [];
}

function readEntry(value: JsonValue): readonly DnsEntry[] {
  const [host, domain, ip] = isJsonObject(value)
    ? [value.host, value.domain, value.ip]
    : Array.isArray(value)
      ? value
      : [];
  if (typeof host !== 'string' || typeof domain !== 'string' || typeof ip !== 'string') return [];
  return [{ host, domain: domain.replace(/\.+$/, ''), ip }];
}

/**
 * Sets the names that are missing or lead elsewhere.
 * @returns the names that are set now, for the VM's free map; undefined when nothing changed
 */
export async function setDnsEntries(
  engine: Engine,
  vm: VmReference,
  info: Radl,
  signal: AbortSignal,
): Promise<JsonValue | undefined> {
  const wanted = wantedEntries(engine, vm, info);
  const stored = new Map(storedEntries(vm.extra).map((entry) => [fullName(entry), entry]));
  const changed = wanted.filter((entry) => stored.get(fullName(entry))?.ip !== entry.ip);
  if (changed.length === 0) return undefined;
  let isAnySet = false;
  for (const entry of changed) {
    try {
      await setEntry(engine, vm.infrastructureId, entry, stored.get(fullName(entry)), signal);
      stored.set(fullName(entry), entry);
      isAnySet = true;
    } catch (error) {
      signal.throwIfAborted();
      engine.environment.logger.warn(`Error in add DNS entries ${fullName(entry)}: ${errorText(error)}`, {
        infId: vm.infrastructureId,
      });
    }
  }
  return isAnySet ? [...stored.values()].map(({ host, domain, ip }) => ({ host, domain, ip })) : undefined;
}

async function setEntry(
  engine: Engine,
  infrastructureId: string,
  entry: DnsEntry,
  before: DnsEntry | undefined,
  signal: AbortSignal,
): Promise<void> {
  const route53 = engine.clients.route53();
  const zone = await engine.shared.creation.run(
    `${engine.account.key} zone ${entry.domain}`,
    async () =>
      (await findZone(route53, entry.domain, signal)) ??
      (await createZone(route53, infrastructureId, entry.domain, signal)),
    signal,
  );
  try {
    // A name of somebody else is not taken over: only one that was ours is led elsewhere.
    await change(route53, zone, before === undefined ? 'CREATE' : 'UPSERT', entry, signal);
  } catch (error) {
    const present =
      awsCode(error) === 'InvalidChangeBatch' ? await findRecord(route53, zone, entry, signal) : undefined;
    if (!present?.ResourceRecords?.some(({ Value }) => Value === entry.ip)) throw error;
  }
}

/** Removes the names of a VM, and zones that were made for them and are empty now. What cannot be removed is logged. */
export async function removeDnsEntries(engine: Engine, vm: VmReference, signal: AbortSignal): Promise<void> {
  for (const entry of storedEntries(vm.extra)) {
    try {
      await removeEntry(engine, vm.infrastructureId, entry, signal);
    } catch (error) {
      signal.throwIfAborted();
      engine.environment.logger.warn(`Error in del DNS entries ${fullName(entry)}: ${errorText(error)}`, {
        infId: vm.infrastructureId,
      });
    }
  }
}

async function removeEntry(
  engine: Engine,
  infrastructureId: string,
  entry: DnsEntry,
  signal: AbortSignal,
): Promise<void> {
  const route53 = engine.clients.route53();
  const zone = await findZone(route53, entry.domain, signal);
  if (zone === undefined) return;
  const present = await findRecord(route53, zone, entry, signal);
  // Somebody has led it elsewhere since: it is not ours any more.
  if (present?.ResourceRecords?.some(({ Value }) => Value === entry.ip))
    await change(route53, zone, 'DELETE', entry, signal);
  if (zone.Config?.Comment !== `${ZONE_MARK}${infrastructureId}`) return;
  const { ResourceRecordSets = [] } = await route53.call(
    'listResourceRecordSets',
    { HostedZoneId: zone.Id, MaxItems: 3 },
    signal,
  );
  if (ResourceRecordSets.some(({ Type }) => Type !== 'NS' && Type !== 'SOA')) return;
  try {
    await route53.call('deleteHostedZone', { Id: zone.Id }, signal);
  } catch (error) {
    if (!isNotFound(error) && awsCode(error) !== 'HostedZoneNotEmpty') throw error;
  }
}

/** The public zone of exactly that name; the listing begins there and goes on with others. */
async function findZone(
  route53: AwsService<Route53>,
  domain: string,
  signal: AbortSignal,
): Promise<HostedZone | undefined> {
  const { HostedZones = [] } = await route53.call(
    'listHostedZonesByName',
    { DNSName: `${domain}.`, MaxItems: 10 },
    signal,
  );
  return HostedZones.find(({ Name, Config }) => Name === `${domain}.` && Config?.PrivateZone !== true);
}

async function createZone(
  route53: AwsService<Route53>,
  infrastructureId: string,
  domain: string,
  signal: AbortSignal,
): Promise<HostedZone> {
  const { HostedZone: zone } = await route53.call(
    'createHostedZone',
    {
      Name: `${domain}.`,
      // The same reference is refused a second time, so that a crash does not leave two zones.
      CallerReference: `im-${infrastructureId}-${domain}`.slice(0, 128),
      HostedZoneConfig: { Comment: `${ZONE_MARK}${infrastructureId}` },
    },
    signal,
  );
  return zone ?? { Id: '', Name: `${domain}.`, CallerReference: '' };
}

async function change(
  route53: AwsService<Route53>,
  zone: HostedZone,
  Action: 'CREATE' | 'UPSERT' | 'DELETE',
  entry: DnsEntry,
  signal: AbortSignal,
): Promise<void> {
  await route53.call(
    'changeResourceRecordSets',
    {
      HostedZoneId: zone.Id,
      ChangeBatch: {
        Changes: [
          {
            Action,
            ResourceRecordSet: {
              Name: fullName(entry),
              Type: 'A',
              TTL: TTL_SECONDS,
              ResourceRecords: [{ Value: entry.ip }],
            },
          },
        ],
      },
    },
    signal,
  );
}

async function findRecord(
  route53: AwsService<Route53>,
  zone: HostedZone,
  entry: DnsEntry,
  signal: AbortSignal,
): Promise<ResourceRecordSet | undefined> {
  const name = fullName(entry);
  const { ResourceRecordSets = [] } = await route53.call(
    'listResourceRecordSets',
    { HostedZoneId: zone.Id, StartRecordName: name, StartRecordType: 'A', MaxItems: 1 },
    signal,
  );
  // A wildcard comes back with its star in octal.
  return ResourceRecordSets.find(({ Name = '', Type }) => Type === 'A' && Name.replace('\\052', '*') === name);
}
