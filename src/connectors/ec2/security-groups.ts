// SPDX-License-Identifier: Apache-2.0
// The security groups that a launch needs: one for the infrastructure, in which its machines reach each other, and one per network with its
// outports (ec2.md §3.3).
import { ImError } from '../../domain/index.js';
import { interfaceNetworks, type Network } from '../../radl/index.js';
import type { LaunchRequest } from '../connector.js';
import { systemOf } from '../shared/first-system.js';
import type { Ec2, Engine } from './engine.js';
import { commonGroupName, DESCRIPTION, findGroup, groupName, isOurs } from './find-groups.js';
import { closePorts, INSIDE, networkRules, openPorts, type Rule } from './security-rules.js';
import { TAG_INFRASTRUCTURE } from './tags.js';
import { regionalId } from './vm-id.js';

/** What AWS allows per network interface unless the account's quota was raised. */
const MOST_GROUPS = 5;

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
    await openPorts(ec2, { ...group, GroupId: id }, rules, signal);
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
  await openPorts(ec2, group, wanted, signal);
  await closePorts(ec2, group.GroupId, networkRules(before), wanted, signal);
}
