// SPDX-License-Identifier: Apache-2.0
// The rules of security groups: what the networks of a document open, and how a group comes to have exactly that (ec2.md §3.3).
import type { IpPermission, SecurityGroup } from '@aws-sdk/client-ec2';
import { ImError } from '../../domain/index.js';
import { isPublicNetwork, type Network, networkOutports, type Outport } from '../../radl/index.js';
import { parseCidr } from '../../util/ip.js';
import type { Ec2 } from './engine.js';
import { awsCode, isNotFound } from './failure.js';

const SSH_PORT = 22;
const LAST_PORT = 65_535;
const ANYWHERE = '0.0.0.0/0';

/** A port range that is open to somebody: `group` stands for the group itself. */
export interface Rule {
  readonly protocol: string;
  readonly from: number;
  readonly to: number;
  readonly source: string;
}

/** `source` of rules for the members of a group. */
const MEMBERS = 'group';

/** What the members of a group may do with each other. */
export const INSIDE: readonly Rule[] = ['tcp', 'udp'].map((protocol) => ({
  protocol,
  from: 0,
  to: LAST_PORT,
  source: MEMBERS,
}));

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

/** Adds the rules that the group does not have: one call for all; when another launch was faster with some of them, one by one. */
export async function openPorts(
  ec2: Ec2,
  group: SecurityGroup,
  wanted: readonly Rule[],
  signal: AbortSignal,
): Promise<void> {
  const groupId = group.GroupId ?? '';
  const rules = missingRules(wanted, group);
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

/** Takes away the rules that are not wanted any more, whether the group has them or not. */
export async function closePorts(
  ec2: Ec2,
  groupId: string,
  rules: readonly Rule[],
  wanted: readonly Rule[],
  signal: AbortSignal,
): Promise<void> {
  const keys = new Set(wanted.map(ruleKey));
  const closed = rules.filter((rule) => !keys.has(ruleKey(rule)));
  for (const rule of new Map(closed.map((rule) => [ruleKey(rule), rule])).values()) {
    try {
      await ec2.call(
        'revokeSecurityGroupIngress',
        { GroupId: groupId, IpPermissions: [permission(groupId, rule)] },
        signal,
      );
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
