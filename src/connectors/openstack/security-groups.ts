// SPDX-License-Identifier: Apache-2.0
// Security groups: one per network of the document, with the open ports of that network (openstack.md §3.3).
import { errorText, ImError, type Resource } from '../../domain/index.js';
import { isPublicNetwork, type Network, networkIds, networkOutports, type Radl } from '../../radl/index.js';
import { DeadlineError, poll } from '../../util/deadline.js';
import { parseCidr } from '../../util/ip.js';
import type { LaunchRequest } from '../connector.js';
import { systemOf } from '../shared/first-system.js';
import { providerNetworkName } from '../shared/network-names.js';
import { statusOf } from './errors.js';
import { whenFree } from './private-networks.js';
import { recorded } from './recorded.js';
import { alone, ownProject, type Site } from './site.js';
import { type SecurityGroupView, type SecurityRuleView, securityGroupView } from './views.js';

/** A rule as it should be. */
export interface WantedRule {
  readonly protocol: 'tcp' | 'udp' | 'icmp';
  readonly firstPort: number | null;
  readonly lastPort: number | null;
  /** undefined: from members of the group. */
  readonly remoteCidr: string | undefined;
}

const EVERYWHERE = '0.0.0.0/0';
const SSH_PORT = 22;
/** Begins the description of every group that an Infrastructure Manager made. */
const MARK = 'Security group created by the IM';

/** Name of the group of a network. */
export function groupName(infrastructureId: string, network: Network): string {
  const chosen = network.features.getText('sg_name') ?? '';
  return chosen !== '' ? chosen : providerNetworkName(infrastructureId, network.id);
}

/**
 * The groups of a system's networks, made and filled with what is missing. None where a network of the system has `router`: its machines carry
 * traffic of others.
 */
export async function ensureSecurityGroups(
  site: Site,
  request: LaunchRequest,
  document: Radl,
): Promise<readonly string[]> {
  const networks = networkIds(systemOf(document)).flatMap((id) => document.getNetwork(id) ?? []);
  if (networks.some(({ features }) => (features.getText('router') ?? '') !== '')) return [];
  const ids: string[] = [];
  for (const network of new Set(networks)) {
    const name = groupName(request.infrastructureId, network);
    const id = await alone(site, `group ${name}`, request.signal, async () => {
      const group = await ensureGroup(site, request, name);
      await addRules(site, group, wantedRules(network), request.signal);
      return group.id;
    });
    if (!ids.includes(id)) ids.push(id);
  }
  return ids;
}

/** Marks the group as ours; `infrastructure` tells it from a group of the same name that another infrastructure made. */
function description(request: Pick<LaunchRequest, 'infrastructureId' | 'requested'>): string {
  const name = request.requested.description?.name ?? '';
  return `${MARK}${name === '' ? '' : ` for Inf: ${name}`} (infrastructure ${request.infrastructureId})`;
}

const isOf = (group: SecurityGroupView, infrastructureId: string): boolean =>
  group.description.startsWith(MARK) &&
  (group.description.includes(infrastructureId) || group.name.startsWith(`im-${infrastructureId}-`));

async function ensureGroup(site: Site, request: LaunchRequest, name: string): Promise<SecurityGroupView> {
  const { infrastructureId, signal } = request;
  const existing = await findGroup(site, name, signal);
  if (existing !== undefined && !isOf(existing, infrastructureId)) return existing;
  return recorded(
    request.resources,
    { kind: 'security-group', token: name, vmNumber: null },
    {
      create: async () =>
        securityGroupView(
          await site.neutron.create('security_group', { name, description: description(request) }, signal),
        ),
      find: () => findGroup(site, name, signal),
    },
    existing,
  );
}

async function findGroup(site: Site, name: string, signal: AbortSignal): Promise<SecurityGroupView | undefined> {
  return (await site.neutron.securityGroups({ ...(await ownProject(site, signal)), name }, signal))[0];
}

/** What the outports of a network ask for, SSH from everywhere included where the network is reached from outside. */
export function wantedRules(network: Network): readonly WantedRule[] {
  const rules: WantedRule[] = [
    { protocol: 'tcp', firstPort: null, lastPort: null, remoteCidr: undefined },
    { protocol: 'udp', firstPort: null, lastPort: null, remoteCidr: undefined },
  ];
  const outports = networkOutports(network) ?? [];
  for (const { protocol, isRange, remotePort, localPort, remoteCidr = EVERYWHERE } of outports) {
    if (protocol === 'icmp') {
      rules.push({ protocol, firstPort: null, lastPort: null, remoteCidr });
    } else if (isRange) {
      rules.push({ protocol, firstPort: remotePort, lastPort: localPort, remoteCidr });
    } else {
      // Nothing translates ports here: the user may listen on either one.
      for (const port of new Set([remotePort, localPort])) {
        rules.push({ protocol, firstPort: port, lastPort: port, remoteCidr });
      }
    }
  }
  const isReached = isPublicNetwork(network) || (network.features.getText('proxy_host') ?? '') !== '';
  const hasSsh = outports.some(({ protocol, remotePort }) => protocol === 'tcp' && remotePort === SSH_PORT);
  if (isReached && !hasSsh) {
    rules.push({ protocol: 'tcp', firstPort: SSH_PORT, lastPort: SSH_PORT, remoteCidr: EVERYWHERE });
  }
  return rules.filter((rule, index) => rules.findIndex((other) => isSame(other, rule)) === index);
}

const isSame = (left: WantedRule, right: WantedRule): boolean =>
  left.protocol === right.protocol &&
  left.firstPort === right.firstPort &&
  left.lastPort === right.lastPort &&
  left.remoteCidr === right.remoteCidr;

/** A rule of the group as a wanted one. */
function asWanted(group: SecurityGroupView, rule: SecurityRuleView): WantedRule | undefined {
  const { protocol } = rule;
  if (rule.direction !== 'ingress' || (protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'icmp'))
    return undefined;
  if (rule.remoteGroupId !== '' && rule.remoteGroupId !== group.id) return undefined;
  const remoteCidr = rule.remoteGroupId === group.id ? undefined : rule.remoteCidr || EVERYWHERE;
  return { protocol, firstPort: rule.firstPort, lastPort: rule.lastPort, remoteCidr };
}

async function addRules(
  site: Site,
  group: SecurityGroupView,
  wanted: readonly WantedRule[],
  signal: AbortSignal,
): Promise<void> {
  const present = group.rules.flatMap((rule) => asWanted(group, rule) ?? []);
  const missing = wanted.filter((rule) => !present.some((known) => isSame(known, rule)));
  try {
    await site.neutron.createAll(
      'security_group_rule',
      missing.map((rule) => ruleBody(group, rule)),
      signal,
    );
  } catch {
    signal.throwIfAborted();
    // One that is there already, or one that is refused: told apart by asking for each.
    for (const rule of missing) await addRule(site, group, rule, signal);
  }
}

async function addRule(site: Site, group: SecurityGroupView, rule: WantedRule, signal: AbortSignal): Promise<void> {
  try {
    await site.neutron.create('security_group_rule', ruleBody(group, rule), signal);
  } catch (error) {
    // 409: the rule is there already.
    if (statusOf(error) === 409) return;
    const ports = `${rule.firstPort}-${rule.lastPort}`;
    throw new ImError('provider', `Exception adding port range: ${ports} to SG rules: ${errorText(error)}`, {
      cause: error,
    });
  }
}

function ruleBody(group: SecurityGroupView, rule: WantedRule): Readonly<Record<string, unknown>> {
  const { remoteCidr } = rule;
  return {
    security_group_id: group.id,
    direction: 'ingress',
    ethertype: remoteCidr !== undefined && parseCidr(remoteCidr)?.family === 6 ? 'IPv6' : 'IPv4',
    protocol: rule.protocol,
    port_range_min: rule.firstPort,
    port_range_max: rule.lastPort,
    ...(remoteCidr === undefined ? { remote_group_id: group.id } : { remote_ip_prefix: remoteCidr }),
  };
}

/**
 * Makes the groups of altered networks have exactly the ports that these ask for. Groups of the user only get rules added.
 * @param networks networks of the request that the VM stands in
 */
export async function alterSecurityGroups(
  site: Site,
  infrastructureId: string,
  networks: readonly Network[],
  signal: AbortSignal,
): Promise<void> {
  for (const network of networks) {
    const name = groupName(infrastructureId, network);
    await alone(site, `group ${name}`, signal, async () => {
      const group = await findGroup(site, name, signal);
      if (group === undefined) return;
      const wanted = wantedRules(network);
      await addRules(site, group, wanted, signal);
      if (!isOf(group, infrastructureId)) return;
      for (const rule of group.rules) {
        const known = asWanted(group, rule);
        if (known !== undefined && !wanted.some((other) => isSame(other, known))) {
          await site.neutron.delete('security_group_rule', rule.id, signal);
        }
      }
    });
  }
}

/** Id of a registered group when it exists and is ours. */
export async function findSecurityGroup(
  site: Site,
  resource: Resource,
  signal: AbortSignal,
): Promise<string | undefined> {
  const group = await findGroup(site, resource.token, signal);
  return group !== undefined && isOf(group, resource.infrastructureId) ? group.id : undefined;
}

/** Deletes a registered group when it is ours. */
export async function removeSecurityGroup(site: Site, resource: Resource, signal: AbortSignal): Promise<void> {
  const id = await findSecurityGroup(site, resource, signal);
  if (id === undefined) return;
  await whenFree(site, `security group ${resource.token}`, signal, () =>
    site.neutron.delete('security_group', id, signal),
  );
}

/** The infrastructure's own machines are gone by then; whoever uses a group for longer is somebody else's. */
const PATIENCE_WITH_OTHERS_MS = 10_000;

/** Ends the descriptions of our groups; the reference's tell no infrastructure. */
const OWNED = /\(infrastructure [^)]+\)$/;

/**
 * Groups that the reference made for an infrastructure.
 * @param names of groups that its networks have, or had
 */
export async function unownedGroups(
  site: Site,
  infrastructureId: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly SecurityGroupView[]> {
  const prefix = `im-${infrastructureId}-`;
  const groups = await site.neutron.securityGroups(await ownProject(site, signal), signal);
  return groups.filter(
    ({ name, description: text }) =>
      text.startsWith(MARK) && !OWNED.test(text) && (names.includes(name) || name.startsWith(prefix)),
  );
}

/** A group that only its machines used goes with them; one whose name the user chose may serve machines of others, and stays then. */
export async function removeUnownedGroup(
  site: Site,
  infrastructureId: string,
  { id, name }: SecurityGroupView,
  signal: AbortSignal,
): Promise<void> {
  const what = `security group ${name}`;
  const remove = (): Promise<void> => site.neutron.delete('security_group', id, signal);
  if (name.startsWith(`im-${infrastructureId}-`)) return whenFree(site, what, signal, remove);
  const removeIfFree = async (): Promise<true | undefined> => {
    try {
      await remove();
      return true;
    } catch (error) {
      if (statusOf(error) !== 409) throw error;
      return undefined;
    }
  };
  try {
    await poll({ timeoutMs: PATIENCE_WITH_OTHERS_MS, intervalMs: 1_000, what, signal }, removeIfFree);
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
    site.environment.logger.warn(`Security group ${name} is used by other machines and stays.`, {
      infId: infrastructureId,
    });
  }
}
