// SPDX-License-Identifier: Apache-2.0
// Use case: what a machine without reachable SSH runs to open a tunnel to its master (rest-api.md §9.15, core.md §23.5).
import { externalAnsibleHosts } from '../contextualization/index.js';
import {
  hasCallHomeToken,
  ImError,
  INFRASTRUCTURE_ID_PATTERN,
  type InfrastructureHeader,
  isCallHomeToken,
  newCallHomeToken,
  type VirtualMachine,
  withCallHomeToken,
  withoutCallHomeToken,
} from '../domain/index.js';
import { credentials, isConnectedWith, privateIp, publicIp, sshPort } from '../radl/index.js';
import { admitToInfrastructure, findVm, parseVmNumber, serviceUrlOf } from './access.js';
import { callHomeScript, type TunnelTarget, tunnelCommand } from './call-home-script.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call } from './manager.js';

/** The machine is to ask again. */
const WAIT = 'wait';
/** The master reaches the machine without help. */
const NOTHING_TO_DO = 'true';
const PROBE_TIMEOUT_MS = 2000;

/** Who asks: an owner, or the machine itself with its token. */
interface Asker {
  readonly header: InfrastructureHeader;
  readonly token?: string;
}

/**
 * The text of a step; undefined for a step that does not exist.
 * @throws ImError `invalid-credentials` when the token of a machine is not good (any more)
 */
export async function vmCommand(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  vmId: string | number,
  step: number,
): Promise<string | undefined> {
  const asker = await admitAsker(environment, call, infrastructureId, vmId);
  if (step === 1) return script(environment, call, infrastructureId, vmId, asker);
  if (step !== 2) return undefined;
  const vm = await environment.store.getVm(infrastructureId, parseVmNumber(vmId));
  if (vm === undefined || vm.isDestroyed) return WAIT;
  const answer = await tunnelAnswer(environment, call, asker.header, vm);
  // The answer holds the login of the master: who has it must not be able to get it again with the same token.
  if (answer !== WAIT && asker.token !== undefined) await useUp(environment, vm, asker.token);
  return answer;
}

/** The token in the place of credentials, if there is one. */
function tokenOf({ items }: Call): string | undefined {
  return items.map(({ token }) => token).find((token) => token !== undefined && isCallHomeToken(token));
}

const refused = (): ImError =>
  new ImError('invalid-credentials', 'Invalid InfrastructureManager credentials', { details: { reason: 'wrong' } });

async function admitAsker(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  vmId: string | number,
): Promise<Asker> {
  const token = tokenOf(call);
  if (token === undefined) return admitToInfrastructure(environment, call, infrastructureId, 'read');
  const { store } = environment;
  // Whatever does not fit is answered alike: the token tells nothing about other machines.
  if (!INFRASTRUCTURE_ID_PATTERN.test(infrastructureId) || !/^\d{1,9}$/.test(String(vmId))) throw refused();
  const header = await store.getHeader(infrastructureId);
  const vm = header === undefined ? undefined : await store.getVm(infrastructureId, Number(vmId));
  if (header === undefined || header.isDeleted || vm === undefined || vm.isDestroyed) throw refused();
  if (!hasCallHomeToken(vm.extra, token)) throw refused();
  return { header, token };
}

/** Step 1: the script with the machine's own token, or with a new one for an owner. */
async function script(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  vmId: string | number,
  asker: Asker,
): Promise<string> {
  const vm = await findVm(environment, infrastructureId, vmId);
  const token = asker.token ?? newCallHomeToken(environment.randomText);
  if (asker.token === undefined) {
    await changeTokens(environment, vm, (current) => withCallHomeToken(current.extra, token));
  }
  return callHomeScript(
    `${serviceUrlOf(environment, call)}/infrastructures/${infrastructureId}/vms/${vm.number}/command?step=2`,
    token,
  );
}

/** Uses the token up; of two requests with the same token one is refused. */
async function useUp(environment: ManagerEnvironment, vm: VirtualMachine, token: string): Promise<void> {
  let isGood = false;
  await changeTokens(environment, vm, (current) => {
    isGood = hasCallHomeToken(current.extra, token);
    return withoutCallHomeToken(current.extra, token);
  });
  if (!isGood) throw refused();
}

/** Changes the VM's free map beside whatever works on the VM at present. */
async function changeTokens(
  { engine }: ManagerEnvironment,
  { infrastructureId, number }: VirtualMachine,
  change: (vm: VirtualMachine) => VirtualMachine['extra'],
): Promise<void> {
  const borrowed = await engine.borrow(infrastructureId);
  if (borrowed === undefined) {
    const text = 'Another daemon works on the infrastructure at present. Ask again in a moment.';
    throw new ImError('store-unavailable', text);
  }
  try {
    await borrowed.workspace.vms.update(number, (vm) => ({ extra: change(vm) }));
  } finally {
    borrowed.giveBack();
  }
}

async function tunnelAnswer(
  environment: ManagerEnvironment,
  call: Call,
  header: InfrastructureHeader,
  vm: VirtualMachine,
): Promise<string> {
  const external = await externalTarget(environment, vm);
  const master =
    external === undefined && header.masterVm !== null
      ? await environment.store.getVm(vm.infrastructureId, header.masterVm)
      : undefined;
  const target = external ?? (master && !master.isDestroyed ? targetOf(master) : undefined);
  if (target === undefined) return WAIT;
  if (!(await environment.answersSsh(target.host, target.port, PROBE_TIMEOUT_MS, call.signal))) return WAIT;
  if (master !== undefined && (master.number === vm.number || isConnectedWith(master.info, vm.info))) {
    return NOTHING_TO_DO;
  }
  return tunnelCommand(vm.infrastructureId, vm.number, target) ?? WAIT;
}

/** The user's own Ansible host, which takes the place of the master (core.md §23.3). */
async function externalTarget({ store }: ManagerEnvironment, vm: VirtualMachine): Promise<TunnelTarget | undefined> {
  const infrastructure = await store.getInfrastructure(vm.infrastructureId);
  const hosts = infrastructure === undefined ? [] : externalAnsibleHosts(infrastructure.radl);
  const wanted = vm.info.systems[0]?.features.getText('ansible_host');
  const host = wanted === undefined ? hosts[0] : hosts.find(({ id }) => id === wanted);
  return host === undefined || host.host === '' ? undefined : { ...host, port: 22 };
}

function targetOf(master: VirtualMachine): TunnelTarget | undefined {
  const host = publicIp(master.info, 4) ?? publicIp(master.info, 6) ?? privateIp(master.info, 4);
  const [system] = master.info.systems;
  if (host === undefined || system === undefined) return undefined;
  const { username = 'root', privateKey, password } = credentials(system);
  return {
    host,
    port: sshPort(master),
    username,
    ...(privateKey !== undefined && { privateKey }),
    ...(password !== undefined && { password }),
  };
}
