// SPDX-License-Identifier: Apache-2.0
// Use case: what a machine without reachable SSH runs to open a tunnel to its master (rest-api.md §9.15, core.md §23.5).
import { type TunnelTarget, tunnelToHost, tunnelToMaster } from '../contextualization/index.js';
import {
  errorText,
  hasCallHomeToken,
  ImError,
  INFRASTRUCTURE_ID_PATTERN,
  type InfrastructureHeader,
  isCallHomeToken,
  newCallHomeToken,
  tunnelKeyOf,
  type VirtualMachine,
  withCallHomeToken,
  withoutCallHomeToken,
  withTunnelKey,
} from '../domain/index.js';
import { isConnectedWith } from '../radl/index.js';
import { newKeyPair } from '../ssh/index.js';
import { admitToInfrastructure, findVm, parseVmNumber, serviceUrlOf } from './access.js';
import { callHomeScript, tunnelCommand } from './call-home-script.js';
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
  // The answer holds the key of the tunnel: who has it must not be able to get it again with the same token.
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
    await changeExtra(environment, vm, (current) => withCallHomeToken(current.extra, token));
  }
  return callHomeScript(
    `${serviceUrlOf(environment, call)}/infrastructures/${infrastructureId}/vms/${vm.number}/command?step=2`,
    token,
  );
}

/** Uses the token up; of two requests with the same token one is refused. */
async function useUp(environment: ManagerEnvironment, vm: VirtualMachine, token: string): Promise<void> {
  let isGood = false;
  await changeExtra(environment, vm, (current) => {
    isGood = hasCallHomeToken(current.extra, token);
    return withoutCallHomeToken(current.extra, token);
  });
  if (!isGood) throw refused();
}

/** Changes the VM's free map beside whatever works on the VM at present. */
async function changeExtra(
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
  const { store } = environment;
  const infrastructure = await store.getInfrastructure(vm.infrastructureId);
  if (infrastructure === undefined) return WAIT;
  const external = tunnelToHost(infrastructure, vm);
  const master =
    external === undefined && header.masterVm !== null
      ? await store.getVm(vm.infrastructureId, header.masterVm)
      : undefined;
  const target = external ?? (master && tunnelToMaster(master));
  if (target === undefined) return WAIT;
  if (!(await environment.answersSsh(target.host, target.port, PROBE_TIMEOUT_MS, call.signal))) return WAIT;
  if (master !== undefined && (master.number === vm.number || isConnectedWith(master.info, vm.info))) {
    return NOTHING_TO_DO;
  }
  const privateKey = await ownTunnelKey(environment, vm);
  if (!(await isAuthorized(environment, target, vm, privateKey, call.signal))) return WAIT;
  const { host, port, username } = target;
  return tunnelCommand(vm.infrastructureId, vm.number, { host, port, username, privateKey });
}

/** The key of the VM's tunnel, made when it is first asked for. Of two that ask at the same time both get the same. */
async function ownTunnelKey(environment: ManagerEnvironment, vm: VirtualMachine): Promise<string> {
  const present = tunnelKeyOf(vm.extra);
  if (present !== undefined) return present;
  const { privateKey: made } = await newKeyPair();
  let key = made;
  await changeExtra(environment, vm, ({ extra }) => {
    key = tunnelKeyOf(extra) ?? made;
    return withTunnelKey(extra, key);
  });
  return key;
}

/** Lets the key open the tunnel; what cannot be done now, the machine asks for again. */
async function isAuthorized(
  { tunnelKeys, logger }: ManagerEnvironment,
  target: TunnelTarget,
  { infrastructureId, number }: VirtualMachine,
  privateKey: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await tunnelKeys.authorize(target, { infrastructureId, vmNumber: number }, privateKey, signal);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    logger.warn(`The reverse tunnel cannot be prepared, the VM is to ask again: ${errorText(error)}`, {
      infId: infrastructureId,
      vmId: number,
    });
    return false;
  }
}
