// SPDX-License-Identifier: Apache-2.0
// Networks with `router = '<cidr>,<system>'`: a machine of the infrastructure forwards what goes to that range (ec2.md §7).
import type { Instance } from '@aws-sdk/client-ec2';
import { errorText } from '../../domain/index.js';
import { interfaceNetworks, type Radl } from '../../radl/index.js';
import type { VmReference } from '../connector.js';
import { systemOf } from '../shared/first-system.js';
import type { Ec2, Engine } from './engine.js';
import { awsCode } from './failure.js';

/**
 * Adds the routes that the networks of these VMs ask for, once the router runs. A network is done when its feature is gone; what
 * does not work is tried again with the next look.
 * @returns documents without the features that are done, by VM number
 */
export async function addRoutes(
  engine: Engine,
  ec2: Ec2,
  vms: readonly VmReference[],
  instances: ReadonlyMap<string, Instance>,
  idOf: (vm: VmReference) => string,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, Radl>> {
  const done = new Map<number, Radl>();
  const made = new Set<string>();
  for (const vm of vms) {
    for (const network of interfaceNetworks(vm.info, systemOf(vm.info))) {
      const [cidr = '', systemName = ''] = (network?.features.getText('router') ?? '')
        .split(',')
        .map((part) => part.trim());
      if (network === undefined || cidr === '' || systemName === '') continue;
      const router = vms
        .filter(
          ({ info, infrastructureId }) =>
            infrastructureId === vm.infrastructureId && systemOf(info).name === systemName,
        )
        .map((candidate) => instances.get(idOf(candidate)))
        .find((instance) => instance?.State?.Name === 'running');
      if (router?.InstanceId === undefined || router.VpcId === undefined) continue;
      const route = `${router.VpcId} ${cidr} ${router.InstanceId}`;
      try {
        if (!made.has(route)) await addRoute(ec2, router.VpcId, cidr, router.InstanceId, signal);
        made.add(route);
        const info = done.get(vm.number) ?? vm.info.clone();
        info.getNetwork(network.id)?.features.delete('router');
        done.set(vm.number, info);
      } catch (error) {
        signal.throwIfAborted();
        engine.environment.logger.warn(`The route ${cidr} over ${systemName} cannot be made: ${errorText(error)}`, {
          infId: vm.infrastructureId,
        });
      }
    }
  }
  return done;
}

async function addRoute(ec2: Ec2, vpcId: string, cidr: string, instanceId: string, signal: AbortSignal): Promise<void> {
  const { RouteTables = [] } = await ec2.call(
    'describeRouteTables',
    { Filters: [{ Name: 'vpc-id', Values: [vpcId] }] },
    signal,
  );
  const table = RouteTables.at(-1)?.RouteTableId;
  await ec2.call('modifyInstanceAttribute', { InstanceId: instanceId, SourceDestCheck: { Value: false } }, signal);
  try {
    await ec2.call('createRoute', { RouteTableId: table, DestinationCidrBlock: cidr, InstanceId: instanceId }, signal);
  } catch (error) {
    if (awsCode(error) !== 'RouteAlreadyExists') throw error;
    await ec2.call('replaceRoute', { RouteTableId: table, DestinationCidrBlock: cidr, InstanceId: instanceId }, signal);
  }
}
