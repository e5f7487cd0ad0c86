// SPDX-License-Identifier: Apache-2.0
// Security groups: one for the infrastructure, in which its machines reach each other, and one per network with its outports (ec2.md §3.3).
import type { Filter, Instance, IpPermission, SecurityGroup } from '@aws-sdk/client-ec2';
import { ImError, type Resource } from '../../domain/index.js';
import { interfaceNetworks, isPublicNetwork, type Network, networkOutports, type Outport } from '../../radl/index.js';
import { parseCidr } from '../../util/ip.js';
import type { LaunchRequest } from '../connector.js';
import { systemOf } from '../shared/first-system.js';
import { providerNetworkName } from '../shared/network-names.js';
import { allPages } from './client.js';
import type { Ec2, Engine } from './engine.js';
import { awsCode, isNotFound } from './failure.js';
import { instancesById, terminate } from './instances.js';
import { untilDeleted } from './patience.js';
import { isGone } from './states.js';
import { TAG_INFRASTRUCTURE, TAG_OWNER, tagged, tagValue } from './tags.js';
import { regionalId } from './vm-id.js';

const DESCRIPTION = 'Security group created by the IM';
/** What AWS allows per network interface unless the account's quota was raised. */
const MOST_GROUPS = 5;
/** Values that one filter takes. */
const MOST_VALUES = 200;
const SSH_PORT = 22;
const LAST_PORT = 65_535;
const ANYWHERE = '0.0.0.0/0';

/** A port range that is open to somebody: `group` stands for the group itself. */
interface Rule {
  readonly protocol: string;
  readonly from: number;
  readonly to: number;
  readonly source: string;
}

/** `source` of rules for the members of a group. */
const MEMBERS = 'group';

const INSIDE: readonly Rule[] = ['tcp', 'udp'].map((protocol) => ({
  protocol,
  from: 0,
  to: LAST_PORT,
  source: MEMBERS,
}));

/** Name of the group of all machines of an infrastructure. */
export const commonGroupName = (infrastructureId: string): string => `im-${infrastructureId}`;

/** Name of the group of a network: the user's `sg_name`, or ours. */
export function groupName(infrastructureId: string, network: Network): string {
  return network.features.getText('sg_name') || providerNetworkName(infrastructureId, network.id);
}

/**
 * Makes sure that the groups of a system exist in the VPC with their rules.
 * @returns their ids, that of the infrastructure first
 * @throws ImError `provider` when the system has more networks than an interface can have groups
 */
export async function prepareGroups(
  engine: Engine,
  ec2: Ec2,
  request: LaunchRequest,
  vpcId: string,
): Promise<readonly string[]> {
  const { infrastructureId } = request;
  const wanted = new Map<string, readonly Rule[]>([[commonGroupName(infrastructureId), INSIDE]]);
  for (const network of interfaceNetworks(request.concrete, systemOf(request.concrete))) {
    if (network === undefined) continue;
    const name = groupName(infrastructureId, network);
    wanted.set(name, [...(wanted.get(name) ?? []), ...INSIDE, ...networkRules(network)]);
  }
  if (wanted.size > MOST_GROUPS) {
    throw new ImError(
      'provider',
      `Error Creating the Security group: the system ${systemOf(request.concrete).name} has ${wanted.size - 1} networks, and an interface of EC2 ` +
        `takes ${MOST_GROUPS} security groups: one of the infrastructure and ${MOST_GROUPS - 1} of networks. Use fewer networks, or give them the same sg_name.`,
    );
  }
  const ids: string[] = [];
  for (const [name, rules] of wanted) {
    ids.push(
      await engine.shared.creation.run(
        `${engine.account.key} ${ec2.region} group ${vpcId} ${name}`,
        () => ensureGroup(ec2, request, vpcId, name, rules),
        request.signal,
      ),
    );
  }
  return ids;
}

/** What a network opens; SSH too where the daemon is to come in that way. */
export function networkRules(network: Network): readonly Rule[] {
  const outports = networkOutports(network) ?? [];
  const rules = outports.flatMap((outport) => outportRules(network, outport));
  const isReached = isPublicNetwork(network) || (network.features.getText('proxy_host') ?? '') !== '';
  const hasSsh = outports.some(
    ({ protocol, remotePort, isRange }) => protocol === 'tcp' && !isRange && remotePort === SSH_PORT,
  );
  return isReached && !hasSsh ? [...rules, { protocol: 'tcp', from: SSH_PORT, to: SSH_PORT, source: ANYWHERE }] : rules;
}

/** EC2 maps no ports: of `X-Y` both are opened (spec/README.md). */
function outportRules(network: Network, outport: Outport): readonly Rule[] {
  const { protocol, remotePort, localPort, isRange, remoteCidr } = outport;
  const source = remoteCidr ?? ANYWHERE;
  if (parseCidr(source) === undefined) {
    throw new ImError(
      'provider',
      `Error Creating the Security group: ${source} in the outports of network ${network.id} is no range of addresses.`,
    );
  }
  if (protocol === 'icmp') return [{ protocol, from: -1, to: -1, source }];
  const ranges = isRange
    ? [[remotePort, localPort] as const]
    : [...new Set([remotePort, localPort])].map((port) => [port, port] as const);
  for (const port of ranges.flat()) {
    if (port > LAST_PORT)
      throw new ImError(
        'provider',
        `Error Creating the Security group: ${port} in the outports of network ${network.id} is no port.`,
      );
  }
  return ranges.map(([from, to]) => ({ protocol, from, to, source }));
}

async function ensureGroup(
  ec2: Ec2,
  request: LaunchRequest,
  vpcId: string,
  name: string,
  rules: readonly Rule[],
): Promise<string> {
  const { infrastructureId, resources, signal } = request;
  try {
    let group = await findGroup(ec2, vpcId, name, signal);
    if (group === undefined || isOurs(group, infrastructureId)) {
      const find = async (): Promise<string | undefined> => {
        const id = (await findGroup(ec2, vpcId, name, signal))?.GroupId;
        return id === undefined ? undefined : regionalId(ec2.region, id);
      };
      await resources.record(
        {
          kind: 'security-group',
          token: `${name} ${vpcId}`,
          vmNumber: null,
          data: { region: ec2.region, vpcId, name, existed: group !== undefined },
        },
        async () =>
          (await find()) ?? regionalId(ec2.region, await createGroup(ec2, infrastructureId, vpcId, name, signal)),
        find,
      );
      // Also one that the ledger knows and somebody has deleted by hand.
      group ??= await findGroup(ec2, vpcId, name, signal);
      group ??= { GroupId: await createGroup(ec2, infrastructureId, vpcId, name, signal) };
    }
    const id = group.GroupId ?? '';
    await openPorts(ec2, id, missingRules(rules, group), signal);
    return id;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ImError) {
      throw new ImError('provider', `Error Creating the Security group: ${error.message}`, {
        cause: error,
        ...(error.details !== undefined && { details: error.details }),
      });
    }
    throw error;
  }
}

/** Made for this infrastructure, by us or by the reference. */
function isOurs(group: SecurityGroup, infrastructureId: string): boolean {
  const owner = tagValue(group.Tags, TAG_INFRASTRUCTURE);
  const isMarked = owner === '' && (group.GroupName ?? '').startsWith(commonGroupName(infrastructureId));
  return group.Description === DESCRIPTION && (owner === infrastructureId || isMarked);
}

async function createGroup(
  ec2: Ec2,
  infrastructureId: string,
  vpcId: string,
  name: string,
  signal: AbortSignal,
): Promise<string> {
  const { GroupId = '' } = await ec2.call(
    'createSecurityGroup',
    {
      GroupName: name,
      Description: DESCRIPTION,
      VpcId: vpcId,
      TagSpecifications: [
        { ResourceType: 'security-group', Tags: [{ Key: TAG_INFRASTRUCTURE, Value: infrastructureId }] },
      ],
    },
    signal,
  );
  return GroupId;
}

/**
 * Groups that were made for the infrastructure, in whatever VPC: by us, with our tag, or by the reference, which told its own only by name
 * and description.
 * @param names of groups that the networks have, or had
 */
export async function groupsMadeFor(
  ec2: Ec2,
  infrastructureId: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly SecurityGroup[]> {
  // Ids of infrastructures are all of one length: no other one's names begin like this.
  const prefix = `${commonGroupName(infrastructureId)}-`;
  const wanted = [...new Set([commonGroupName(infrastructureId), `${prefix}*`, ...names])];
  const found = [...(await listGroups(ec2, [tagged(TAG_INFRASTRUCTURE, infrastructureId)], signal))];
  for (let first = 0; first < wanted.length; first += MOST_VALUES) {
    const Values = wanted.slice(first, first + MOST_VALUES);
    found.push(...(await listGroups(ec2, [{ Name: 'group-name', Values }], signal)));
  }
  // EC2 takes a star in a name of the user for whatever: what it found is compared again.
  const isNamed = new Set(wanted);
  const made = found.filter(({ Description, Tags, GroupName = '' }) => {
    const owner = tagValue(Tags, TAG_INFRASTRUCTURE);
    const isOfName = isNamed.has(GroupName) || GroupName.startsWith(prefix);
    return Description === DESCRIPTION && (owner === infrastructureId || (owner === '' && isOfName));
  });
  return [...new Map(made.map((group) => [group.GroupId, group])).values()];
}

async function findGroup(
  ec2: Ec2,
  vpcId: string,
  name: string,
  signal: AbortSignal,
): Promise<SecurityGroup | undefined> {
  const groups = await listGroups(ec2, named(name, vpcId), signal);
  // EC2 takes a star in a name of the user for whatever.
  return groups.find(({ GroupName }) => GroupName === name);
}

const named = (name: string, vpcId: string): readonly Filter[] => [
  { Name: 'group-name', Values: [name] },
  { Name: 'vpc-id', Values: [vpcId] },
];

function listGroups(ec2: Ec2, filters: readonly Filter[], signal: AbortSignal): Promise<readonly SecurityGroup[]> {
  return allPages(async (NextToken) => {
    const { SecurityGroups = [], NextToken: next } = await ec2.call(
      'describeSecurityGroups',
      {
        Filters: [...filters],
        ...(NextToken !== undefined && { NextToken }),
      },
      signal,
    );
    return { items: SecurityGroups, next };
  });
}

const ruleKey = ({ protocol, from, to, source }: Rule): string => `${protocol} ${from} ${to} ${source}`;

/** Rules that the group does not have yet, each once. */
function missingRules(rules: readonly Rule[], group: SecurityGroup): readonly Rule[] {
  const present = new Set(
    (group.IpPermissions ?? []).flatMap(
      ({ IpProtocol = '', FromPort = -1, ToPort = -1, IpRanges = [], UserIdGroupPairs = [] }) =>
        [
          ...IpRanges.map(({ CidrIp = '' }) => CidrIp),
          ...UserIdGroupPairs.filter(({ GroupId }) => GroupId === group.GroupId).map(() => MEMBERS),
        ].map((source) => ruleKey({ protocol: IpProtocol, from: FromPort, to: ToPort, source })),
    ),
  );
  return [...new Map(rules.map((rule) => [ruleKey(rule), rule])).values()].filter(
    (rule) => !present.has(ruleKey(rule)),
  );
}

function permission(groupId: string, { protocol, from, to, source }: Rule): IpPermission {
  return {
    IpProtocol: protocol,
    FromPort: from,
    ToPort: to,
    ...(source === MEMBERS
      ? { UserIdGroupPairs: [{ GroupId: groupId }] }
      : source.includes(':')
        ? { Ipv6Ranges: [{ CidrIpv6: source }] }
        : { IpRanges: [{ CidrIp: source }] }),
  };
}

/** One call for all; when another launch was faster with some of them, one by one. */
async function openPorts(ec2: Ec2, groupId: string, rules: readonly Rule[], signal: AbortSignal): Promise<void> {
  if (rules.length === 0) return;
  const open = (some: readonly Rule[]): Promise<unknown> =>
    ec2.call(
      'authorizeSecurityGroupIngress',
      { GroupId: groupId, IpPermissions: some.map((rule) => permission(groupId, rule)) },
      signal,
    );
  try {
    await open(rules);
  } catch (error) {
    if (awsCode(error) !== 'InvalidPermission.Duplicate') throw error;
    for (const rule of rules) {
      try {
        await open([rule]);
      } catch (duplicate) {
        if (awsCode(duplicate) !== 'InvalidPermission.Duplicate') throw duplicate;
      }
    }
  }
}

/**
 * Makes the rules of a network's group those of its new outports: opens what is missing, closes what the old ones opened and the new ones
 * do not.
 */
export async function changeOutports(
  ec2: Ec2,
  infrastructureId: string,
  vpcId: string,
  before: Network,
  after: Network,
  signal: AbortSignal,
): Promise<void> {
  const group = await findGroup(ec2, vpcId, groupName(infrastructureId, before), signal);
  if (group?.GroupId === undefined) {
    throw new ImError(
      'provider',
      `The security group ${groupName(infrastructureId, before)} is not found in VPC ${vpcId}.`,
    );
  }
  const wanted = networkRules(after);
  const keys = new Set(wanted.map(ruleKey));
  await openPorts(ec2, group.GroupId, missingRules(wanted, group), signal);
  const closed = networkRules(before).filter((rule) => !keys.has(ruleKey(rule)));
  for (const rule of new Map(closed.map((rule) => [ruleKey(rule), rule])).values()) {
    try {
      await ec2.call(
        'revokeSecurityGroupIngress',
        { GroupId: group.GroupId, IpPermissions: [permission(group.GroupId, rule)] },
        signal,
      );
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

/** Name of a group in the ledger. */
export const registeredName = ({ data, token }: Resource): string =>
  typeof data.name === 'string' ? data.name : token;

/** Provider id of a registered group whose creation was interrupted. */
export async function findRegisteredGroup(
  ec2: Ec2,
  resource: Resource,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { infrastructureId, data } = resource;
  const groups = await listGroups(ec2, named(registeredName(resource), String(data.vpcId)), signal);
  const id = groups.find((group) => isOurs(group, infrastructureId))?.GroupId;
  return id === undefined ? undefined : regionalId(ec2.region, id);
}

/** The group to delete, and the provider ids of the VMs that its infrastructure still has. */
export interface GroupToRemove {
  readonly infrastructureId: string;
  readonly name: string;
  readonly id: string;
  readonly living: ReadonlySet<string>;
}

/** Looks that must see a machine of others: EC2 may show one that was just terminated as running for some seconds. */
const LOOKS_AT_OTHERS = 5;

/**
 * Deletes a group, waiting for machines that are still shutting down. A machine of ours that uses it and that nobody knows any more is
 * terminated; a living one and one of somebody else keep the group (`sg_name` may be shared).
 */
export async function removeGroup(
  engine: Engine,
  ec2: Ec2,
  { infrastructureId, name, id, living }: GroupToRemove,
  signal: AbortSignal,
): Promise<void> {
  let looks = 0;
  await untilDeleted(
    `security group ${name}`,
    signal,
    () => ec2.call('deleteSecurityGroup', { GroupId: id }, signal),
    async () => {
      const users = await machinesIn(ec2, id, signal);
      const leftOver = users.filter(
        ({ Tags, InstanceId = '' }) =>
          tagValue(Tags, TAG_OWNER) === infrastructureId && !living.has(regionalId(ec2.region, InstanceId)),
      );
      for (const { InstanceId = '' } of leftOver) {
        engine.environment.logger.warn(`Instance ${InstanceId} was left over; it is terminated.`, {
          infId: infrastructureId,
        });
        await terminate(ec2, InstanceId, signal);
      }
      looks = users.length === leftOver.length ? 0 : looks + 1;
      if (looks < LOOKS_AT_OTHERS) return undefined;
      engine.environment.logger.warn(`Security group ${name} is used by other machines and stays.`, {
        infId: infrastructureId,
      });
      return 'give-up';
    },
  );
}

/** Machines that are up with an interface in the group. */
async function machinesIn(ec2: Ec2, groupId: string, signal: AbortSignal): Promise<readonly Instance[]> {
  const interfaces = await allPages(async (NextToken) => {
    const { NetworkInterfaces = [], NextToken: next } = await ec2.call(
      'describeNetworkInterfaces',
      { Filters: [{ Name: 'group-id', Values: [groupId] }], ...(NextToken !== undefined && { NextToken }) },
      signal,
    );
    return { items: NetworkInterfaces, next };
  });
  const ids = interfaces.flatMap(({ Attachment }) =>
    Attachment?.InstanceId === undefined ? [] : [Attachment.InstanceId],
  );
  const machines = await instancesById(ec2, [...new Set(ids)], signal);
  return [...machines.values()].filter((instance) => !isGone(instance));
}
