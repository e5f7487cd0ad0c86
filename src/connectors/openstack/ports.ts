// SPDX-License-Identifier: Apache-2.0
// The network cards of a machine, made before it: a port that has a server refuses a second one, and its addresses are known at once.
import type { Resource } from '../../domain/index.js';
import type { LaunchRequest, LaunchVm } from '../connector.js';
import { systemOf } from '../shared/first-system.js';
import type { NetworkPlan, Nic } from './network-plan.js';
import { createSurely, type Maker } from './recorded.js';
import type { Site } from './site.js';
import { type PortView, portView } from './views.js';

/** A port and the card that it is. */
export interface VmPort {
  readonly port: PortView;
  readonly nic: Nic;
}

/** The ports of a VM. */
export interface VmPorts {
  readonly ports: readonly VmPort[];
  /** An earlier try with this token made some of them: there may be a server. */
  readonly isRepeated: boolean;
}

/** Name of the k-th port of a launch. */
const portName = (token: string, index: number): string => `im-${token}-${index}`;

/** Names of the first ports of a launch. */
export const portNames = (token: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => portName(token, index));

/** Makes the ports of a VM, or finds those of an earlier try with the same token. */
export async function ensurePorts(
  site: Site,
  request: LaunchRequest,
  vm: LaunchVm,
  plan: NetworkPlan,
  groups: readonly string[],
): Promise<VmPorts> {
  const ports: VmPort[] = [];
  let isRepeated = false;
  for (const [index, nic] of plan.nics.entries()) {
    const { port, isNew } = await ensurePort(site, request, vm, plan, groups, index);
    ports.push({ port, nic });
    isRepeated ||= !isNew;
  }
  return { ports, isRepeated };
}

async function ensurePort(
  site: Site,
  { resources, signal }: LaunchRequest,
  vm: LaunchVm,
  plan: NetworkPlan,
  groups: readonly string[],
  index: number,
): Promise<{ readonly port: PortView; readonly isNew: boolean }> {
  const name = portName(vm.token, index);
  const find = async (): Promise<PortView | undefined> => (await site.neutron.ports({ name }, signal))[0];
  const maker: Maker<PortView> = {
    create: async () => portView(await site.neutron.create('port', portBody(plan, groups, index, name), signal)),
    find,
  };
  let made: PortView | undefined;
  const id = await resources.record(
    { kind: 'port', token: name, vmNumber: vm.number },
    async () => {
      made = await createSurely(maker);
      return made.id;
    },
    async () => (await find())?.id,
  );
  if (made !== undefined) return { port: made, isNew: true };
  const [known] = await site.neutron.ports({ id }, signal);
  return { port: known ?? (await createSurely(maker)), isNew: false };
}

function portBody(
  plan: NetworkPlan,
  groups: readonly string[],
  index: number,
  name: string,
): Readonly<Record<string, unknown>> {
  const nic = plan.nics[index];
  const { features } = systemOf(plan.document);
  const additional = features.getText('net_interface.0.additional_ip') ?? '';
  const isLast = index === plan.nics.length - 1;
  return {
    network_id: nic?.network.id,
    name,
    ...securityOf(plan, nic, groups),
    ...(additional !== '' && isLast && { allowed_address_pairs: [{ ip_address: additional }] }),
  };
}

/** Machines that route for others must send and receive what is not addressed to them. */
function securityOf(
  plan: NetworkPlan,
  nic: Nic | undefined,
  groups: readonly string[],
): Readonly<Record<string, unknown>> {
  if (nic === undefined || !nic.network.hasPortSecurity) return {};
  const isRouting = plan.document.networks.some(({ features }) => (features.getText('router') ?? '') !== '');
  return isRouting
    ? { port_security_enabled: false, security_groups: [] }
    : groups.length > 0
      ? { security_groups: groups }
      : {};
}

/** Id of a registered port when it exists. */
export async function findPort(site: Site, resource: Resource, signal: AbortSignal): Promise<string | undefined> {
  return (await site.neutron.ports({ name: resource.token }, signal))[0]?.id;
}
