// SPDX-License-Identifier: Apache-2.0
// The daemon's side of the recording cloud: a connector of type `Recording` that speaks HTTP to it.
import { Agent, request as httpRequest } from 'undici';
import type {
  CandidateList,
  Capability,
  CloudConnector,
  ConnectorType,
  LaunchOutcome,
  LaunchRequest,
  Observation,
  ProviderVm,
  VmReference,
} from '../../../src/connectors/index.js';
import type { CloudCredential, CloudState, Resource } from '../../../src/domain/index.js';
import type { System } from '../../../src/radl/index.js';
import type { CloudCalls } from './recording-cloud.js';

const CALL_MS = 20_000;

/** Calls of one daemon. */
export class CloudClient {
  readonly #url: string;
  readonly #dispatcher = new Agent({ connections: 64, keepAliveTimeout: 30_000 });

  constructor(
    url: string,
    readonly node: string,
  ) {
    this.#url = url;
  }

  /** @throws when the cloud refuses, or its answer is lost */
  async call<Name extends keyof CloudCalls>(name: Name, body: CloudCalls[Name]): Promise<unknown> {
    const response = await httpRequest(`${this.#url}/${name}`, {
      method: 'POST',
      body: JSON.stringify(body),
      dispatcher: this.#dispatcher,
      headersTimeout: CALL_MS,
      bodyTimeout: CALL_MS,
    });
    const answer = (await response.body.json()) as { readonly error?: string; readonly value?: unknown };
    if (answer.error !== undefined) throw new CloudRefusal(answer.error);
    return answer.value;
  }
}

/** The cloud answered, and the answer is no. */
class CloudRefusal extends Error {}

/** As the registry takes it. @param isIdempotent what the cloud does with a token that comes again */
export function recordingType(client: CloudClient, isIdempotent: boolean): ConnectorType {
  return { type: 'Recording', connect: (cloud) => new RecordingConnector(client, cloud, isIdempotent) };
}

class RecordingConnector implements CloudConnector {
  readonly cloud: CloudCredential;
  readonly capabilities: ReadonlySet<Capability>;
  readonly #client: CloudClient;

  constructor(client: CloudClient, cloud: CloudCredential, isIdempotent: boolean) {
    this.#client = client;
    this.cloud = cloud;
    this.capabilities = new Set<Capability>([
      'start',
      'stop',
      ...(isIdempotent ? (['idempotent-launch'] as const) : []),
    ]);
  }

  async candidates(system: System): Promise<CandidateList> {
    const features = system.features.clone();
    if (!features.has('disk.0.os.credentials.username')) {
      features.setText('disk.0.os.credentials.username', 'recorder');
    }
    return { candidates: [{ system: { ...system, features } }], refusals: [] };
  }

  async *launch(request: LaunchRequest): AsyncIterable<LaunchOutcome> {
    const { infrastructureId } = request;
    const { node } = this.#client;
    for (const network of request.concrete.networks) {
      if (network.features.getText('outbound') === 'yes') continue;
      const name = network.id;
      await request.resources.record(
        { kind: 'network', token: `net-${name}`, vmNumber: null },
        async () => String(await this.#client.call('network', { infrastructureId, name, node })),
        async () => textOrNothing(await this.#client.call('find-network', { infrastructureId, name })),
      );
    }
    for (const vm of request.vms) {
      request.signal.throwIfAborted();
      try {
        yield outcome(request, vm.number, await this.#create(vm.token, infrastructureId));
      } catch (error) {
        if (!(error instanceof CloudRefusal)) throw error;
        yield { number: vm.number, ok: false, message: error.message };
      }
    }
  }

  /** A call whose answer was lost may have been carried out: the cloud is asked. */
  async #create(token: string, infrastructureId: string): Promise<string> {
    try {
      return String(await this.#client.call('launch', { token, infrastructureId, node: this.#client.node }));
    } catch (error) {
      if (error instanceof CloudRefusal) throw error;
      const [found] = await this.#find([token]);
      if (found === undefined) throw new CloudRefusal('the answer was lost and nothing was made');
      return found.providerId;
    }
  }

  async #find(tokens: readonly string[]): Promise<readonly ProviderVm[]> {
    const found = (await this.#client.call('find', { tokens })) as readonly { id: string; token: string }[];
    return found.map(({ id, token }) => ({ token, providerId: id }));
  }

  findByToken(tokens: readonly string[]): Promise<readonly ProviderVm[]> {
    return this.#find(tokens);
  }

  async adopt(request: LaunchRequest, found: ProviderVm): Promise<LaunchOutcome> {
    return outcome(request, request.vms[0]?.number ?? -1, found.providerId);
  }

  async observe(vms: readonly VmReference[]): Promise<readonly Observation[]> {
    const states = (await this.#client.call('list', { ids: vms.map(({ providerId }) => providerId) })) as CloudState[];
    return vms.map(({ number }, index) => ({ number, ok: true, cloudState: states[index] ?? 'unknown' }));
  }

  async destroy(vm: VmReference): Promise<void> {
    await this.#client.call('destroy', { id: vm.providerId, node: this.#client.node });
  }

  async destroyResource(resource: Resource): Promise<void> {
    await this.#client.call('destroy-network', { id: resource.providerId ?? '', node: this.#client.node });
  }

  async findResource(resource: Resource): Promise<string | undefined> {
    const name = resource.token.replace(/^net-/, '');
    return textOrNothing(
      await this.#client.call('find-network', { infrastructureId: resource.infrastructureId, name }),
    );
  }

  start(vm: VmReference): Promise<CloudState> {
    return this.#switch(vm, 'running');
  }

  stop(vm: VmReference): Promise<CloudState> {
    return this.#switch(vm, 'stopped');
  }

  async #switch(vm: VmReference, state: 'running' | 'stopped'): Promise<CloudState> {
    await this.#client.call('power', { id: vm.providerId, state, node: this.#client.node });
    return state;
  }
}

const textOrNothing = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function outcome(request: LaunchRequest, number: number, providerId: string): LaunchOutcome {
  const info = request.concrete.clone();
  info.systems[0]?.features.setText('instance_id', providerId);
  info.systems[0]?.features.setText('net_interface.0.ip', '10.0.0.1');
  return { number, ok: true, providerId, info, cloudState: 'running' };
}
