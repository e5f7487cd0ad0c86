// SPDX-License-Identifier: Apache-2.0
// A cloud in memory for tests of the operations room: it outlives daemons, keeps tokens like a real provider, and fails on demand.
import type {
  CallHome,
  CandidateList,
  Capability,
  CloudConnector,
  ConnectorType,
  InheritedResource,
  LaunchOutcome,
  LaunchRequest,
  Observation,
  ProviderVm,
  VmReference,
} from '../../src/connectors/index.js';
import type { CloudCredential, CloudState, Resource } from '../../src/domain/index.js';
import type { Network, System } from '../../src/radl/index.js';

/** One machine of the cloud. */
export interface MemoryVm {
  readonly id: string;
  readonly token: string;
  state: CloudState;
}

/** The provider's side: what exists, what was asked, what is to fail. */
export class MemoryCloud {
  readonly vms = new Map<string, MemoryVm>();
  readonly networks = new Set<string>();
  /** Sizes of the launch calls, in order. */
  readonly launchCalls: number[] = [];
  /** Text of the failure of a launch of this system; undefined: it works. */
  launchFailure: (system: string, token: string) => string | undefined = () => undefined;
  /** Is the answer to the create call of this token lost, the VM made all the same? */
  isAnswerLost: (token: string) => boolean = () => false;
  destroyFailure: (id: string) => string | undefined = () => undefined;
  observeFailure: string | undefined;
  /** Ids of what imported VMs share; as `networks`. */
  inherited: readonly string[] = [];
  destroyResourceFailure: string | undefined;
  /** What launches told machines to call home with, by VM number; the latest try counts. */
  readonly callHomes = new Map<number, CallHome>();
  /** Machines get user data. */
  hasUserData = false;
  /** Awaited at the beginning of every call; lets a test stop the world there. */
  gate: (call: string) => Promise<void> = async () => undefined;
  #next = 1;

  create(token: string): MemoryVm {
    const known = [...this.vms.values()].find((vm) => vm.token === token);
    if (known !== undefined) {
      throw new Error(`the token ${token} is taken`);
    }
    const vm: MemoryVm = { id: `mem-${this.#next}`, token, state: 'running' };
    this.#next += 1;
    this.vms.set(vm.id, vm);
    return vm;
  }

  /** As the registry takes it. */
  connectorType(type = 'Memory'): ConnectorType {
    return { type, connect: (cloud) => new MemoryConnector(this, cloud) };
  }
}

class MemoryConnector implements CloudConnector {
  readonly cloud: CloudCredential;
  readonly capabilities: ReadonlySet<Capability>;
  readonly #provider: MemoryCloud;

  constructor(provider: MemoryCloud, cloud: CloudCredential) {
    this.#provider = provider;
    this.cloud = cloud;
    this.capabilities = new Set(['start', 'stop', 'reboot', ...(provider.hasUserData ? ['user-data' as const] : [])]);
  }

  async candidates(system: System): Promise<CandidateList> {
    const features = system.features.clone();
    if (!features.has('disk.0.os.credentials.username')) {
      features.setText('disk.0.os.credentials.username', 'memory');
    }
    return { candidates: [{ system: { ...system, features } }], refusals: [] };
  }

  async *launch(request: LaunchRequest): AsyncIterable<LaunchOutcome> {
    await this.#provider.gate('launch');
    this.#provider.launchCalls.push(request.vms.length);
    for (const network of request.concrete.networks) {
      if (network.features.getText('outbound') !== 'yes') {
        await request.resources.record({ kind: 'network', token: `net-${network.id}`, vmNumber: null }, async () => {
          await this.#provider.gate('network');
          const id = `${request.infrastructureId}-${network.id}`;
          this.#provider.networks.add(id);
          return id;
        });
      }
    }
    for (const vm of request.vms) {
      if (vm.callHome !== undefined) this.#provider.callHomes.set(vm.number, vm.callHome);
      const failure = this.#provider.launchFailure(request.concrete.systems[0]?.name ?? '', vm.token);
      if (failure === undefined) {
        await this.#provider.gate('create');
        const made = this.#provider.create(vm.token);
        if (this.#provider.isAnswerLost(vm.token)) {
          yield { number: vm.number, ok: false, message: 'no answer', mayExist: true };
          continue;
        }
        await this.#provider.gate('created');
        yield this.#outcome(request, vm.number, made.id);
      } else {
        yield { number: vm.number, ok: false, message: failure };
      }
    }
  }

  async adopt(request: LaunchRequest, found: ProviderVm): Promise<LaunchOutcome> {
    return this.#outcome(request, request.vms[0]?.number ?? -1, found.providerId);
  }

  async findByToken(tokens: readonly string[]): Promise<readonly ProviderVm[]> {
    await this.#provider.gate('find');
    return [...this.#provider.vms.values()]
      .filter(({ token }) => tokens.includes(token))
      .map(({ id, token }) => ({ token, providerId: id }));
  }

  async listMarked(): Promise<readonly ProviderVm[]> {
    await this.#provider.gate('list');
    return [...this.#provider.vms.values()].map(({ id, token }) => ({ token, providerId: id }));
  }

  async observe(vms: readonly VmReference[]): Promise<readonly Observation[]> {
    await this.#provider.gate('observe');
    if (this.#provider.observeFailure !== undefined) {
      throw new Error(this.#provider.observeFailure);
    }
    return vms.map(({ number, providerId }) => ({
      number,
      ok: true,
      cloudState: this.#provider.vms.get(providerId)?.state ?? 'off',
    }));
  }

  async destroy(vm: VmReference): Promise<void> {
    await this.#provider.gate('destroy');
    const failure = this.#provider.destroyFailure(vm.providerId);
    if (failure !== undefined) {
      throw new Error(failure);
    }
    this.#provider.vms.delete(vm.providerId);
  }

  async destroyResource(resource: Resource): Promise<void> {
    await this.#provider.gate('destroy-resource');
    if (this.#provider.destroyResourceFailure !== undefined) throw new Error(this.#provider.destroyResourceFailure);
    this.#provider.networks.delete(resource.providerId ?? '');
  }

  inherited(vms: readonly VmReference[], networks: readonly Network[]): readonly InheritedResource[] {
    const data = { vms: vms.map(({ number }) => number), networks: networks.map(({ id }) => id) };
    return this.#provider.inherited.map((id) => ({ kind: 'network', token: `inherited ${id}`, providerId: id, data }));
  }

  async start(vm: VmReference): Promise<CloudState> {
    return this.#switch(vm, 'running');
  }

  async stop(vm: VmReference): Promise<CloudState> {
    return this.#switch(vm, 'stopped');
  }

  async #switch(vm: VmReference, state: CloudState): Promise<CloudState> {
    await this.#provider.gate('switch');
    const known = this.#provider.vms.get(vm.providerId);
    if (known === undefined) {
      throw new Error(`no machine ${vm.providerId}`);
    }
    known.state = state;
    return state;
  }

  #outcome(request: LaunchRequest, number: number, providerId: string): LaunchOutcome {
    const info = request.concrete.clone();
    info.systems[0]?.features.setText('instance_id', providerId);
    return { number, ok: true, providerId, info, cloudState: 'running' };
  }
}
