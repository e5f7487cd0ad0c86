// SPDX-License-Identifier: Apache-2.0
// The contextualization room's view of one infrastructure, over store, observer and journal.
import type { AnsibleKey, ConfigurableVm, ContextualizationPorts } from '../../contextualization/index.js';
import {
  infrastructureNotFound,
  infrastructureToken,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type VirtualMachine,
} from '../../domain/index.js';
import { Radl } from '../../radl/index.js';
import type { OperationContext } from '../context.js';
import { joinedRefreshByCloud } from './joined-refresh.js';

/** Ports of a configuration run. */
export function contextualizationPorts(context: OperationContext): ContextualizationPorts {
  const { environment, operation, workspace, observer, clouds, signal } = context;
  const infrastructureId = operation.infrastructureId;
  const { store } = environment;
  const { extraLock } = workspace;

  /** Reads a value of the infrastructure's free map, or makes and keeps it. */
  const keep = (key: string, make: () => Promise<JsonValue>): Promise<JsonValue> =>
    extraLock.run(async () => {
      const extra = (await store.getInfrastructure(infrastructureId))?.extra ?? {};
      const known = extra[key];
      if (known !== undefined) {
        return known;
      }
      const made = await make();
      await workspace.committer.commit([
        { kind: 'update-infrastructure', id: infrastructureId, set: { extra: { ...extra, [key]: made } } },
      ]);
      return made;
    });

  const ansibleKey = async (): Promise<AnsibleKey> =>
    readKey(await keep('ansibleKey', async () => ({ ...(await environment.newKeyPair()) })));

  const nodeToken = async (): Promise<string> => {
    const { privateKey } = await ansibleKey();
    return extraLock.run(async () => {
      const infrastructure = await store.getInfrastructure(infrastructureId);
      if (infrastructure === undefined) throw infrastructureNotFound();
      const { token, changedExtra } = infrastructureToken(infrastructure, privateKey, environment.randomText);
      if (changedExtra !== undefined) {
        await workspace.committer.commit([
          { kind: 'update-infrastructure', id: infrastructureId, set: { extra: changedExtra } },
        ]);
      }
      return token;
    });
  };

  const isOurs = (vm: VirtualMachine): boolean => vm.operationId === operation.id || !vm.isCreating;
  const asConfigurable = (vm: VirtualMachine): ConfigurableVm =>
    configurableVm(vm, environment.connectors.hasExistingHosts(vm.cloud.type));

  return {
    radl: async () => (await store.getInfrastructure(infrastructureId))?.radl ?? Radl.empty(),
    vms: async () => (await store.listVms(infrastructureId)).filter(isOurs).map(asConfigurable),
    vm: async (number) => {
      const vm = await store.getVm(infrastructureId, number);
      return vm !== undefined && !vm.isDestroyed && isOurs(vm) ? asConfigurable(vm) : undefined;
    },
    refresh: joinedRefreshByCloud(
      async () =>
        new Map((await store.listVmStatuses(infrastructureId)).map(({ number, cloud }) => [number, cloud.id])),
      (numbers) => observer.observe(workspace, clouds, signal, numbers),
    ),
    logInfrastructure: (line, form = 'stamped') =>
      form === 'stamped'
        ? context.log(line)
        : workspace.committer.commit([{ kind: 'append-log', infrastructureId, vm: null, text: line }]),
    logVm: (number, text) => workspace.committer.commit([{ kind: 'append-log', infrastructureId, vm: number, text }]),
    master: async () => (await store.getHeader(infrastructureId))?.masterVm ?? null,
    setMaster: (number) =>
      workspace.committer.commit([{ kind: 'update-infrastructure', id: infrastructureId, set: { masterVm: number } }]),
    setVmResult: (number, isConfigured, recipes) =>
      workspace.vms.update(number, ({ extra: { configuredRecipes: _before, ...extra } }) => ({
        configured: isConfigured,
        extra: { ...extra, ...(isConfigured && recipes !== undefined && { configuredRecipes: recipes }) },
      })),
    configuredRecipes: async () =>
      new Map(
        (await store.listVms(infrastructureId)).flatMap(({ number, extra: { configuredRecipes } }) =>
          typeof configuredRecipes === 'string' ? [[number, configuredRecipes] as const] : [],
        ),
      ),
    updateVmInfo: (number, change) =>
      workspace.vms.update(number, (vm) => {
        const info = vm.info.clone();
        change(info);
        return { info };
      }),
    ansibleKey,
    infrastructureToken: nodeToken,
    loadContentPins: async () => {
      const pins = (await store.getInfrastructure(infrastructureId))?.extra.contentPins;
      return isJsonObject(pins) ? pins : {};
    },
    saveContentPins: (pins) =>
      extraLock.run(async () => {
        const extra = (await store.getInfrastructure(infrastructureId))?.extra ?? {};
        await workspace.committer.commit([
          { kind: 'update-infrastructure', id: infrastructureId, set: { extra: { ...extra, contentPins: pins } } },
        ]);
      }),
    hostKey: async (number) => {
      const vm = await store.getVm(infrastructureId, number);
      return typeof vm?.extra.hostKey === 'string' ? vm.extra.hostKey : undefined;
    },
    rememberHostKey: (number, fingerprint) =>
      workspace.vms.update(number, (vm) => ({ extra: { ...vm.extra, hostKey: fingerprint } })),
    sharedHostKey: async (place) => {
      const keys = (await store.getInfrastructure(infrastructureId))?.extra.hostKeys;
      const key = isJsonObject(keys) ? keys[place] : undefined;
      return typeof key === 'string' ? key : undefined;
    },
    rememberSharedHostKey: (place, fingerprint) =>
      extraLock.run(async () => {
        const extra = (await store.getInfrastructure(infrastructureId))?.extra ?? {};
        const hostKeys = { ...(isJsonObject(extra.hostKeys) ? extra.hostKeys : {}), [place]: fingerprint };
        await workspace.committer.commit([
          { kind: 'update-infrastructure', id: infrastructureId, set: { extra: { ...extra, hostKeys } } },
        ]);
      }),
    loadProgress: async () => (await store.getOperation(operation.id))?.progress ?? {},
    saveProgress: (progress: JsonObject) =>
      workspace.committer.commit([{ kind: 'update-operation', id: operation.id, set: { progress } }]),
  };
}

function configurableVm(vm: VirtualMachine, isExistingHost: boolean): ConfigurableVm {
  return {
    number: vm.number,
    systemName: vm.systemName,
    cloudType: vm.cloud.type,
    cloudServer: vm.cloud.server,
    providerId: vm.providerId,
    cloudState: vm.cloudState,
    isDeleting: vm.isDeleting,
    isExistingHost,
    info: vm.info,
    requested: vm.requested,
  };
}

function readKey(value: JsonValue): AnsibleKey {
  if (isJsonObject(value)) {
    const { privateKey, publicKey } = value;
    if (typeof privateKey === 'string' && typeof publicKey === 'string') {
      return { privateKey, publicKey };
    }
  }
  throw new Error('The stored Ansible key pair of the infrastructure is damaged.');
}
