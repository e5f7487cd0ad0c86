// SPDX-License-Identifier: Apache-2.0
// The REST calls of the Infrastructure Manager that the quickstart makes (spec rest-api 9), as any client would make them.
import { isRecord, member, parseJson } from './json.js';
import type { InfrastructureState } from './progress.js';

const CALL_MS = 30_000;
const DESTROY_MS = 300_000;

/** The daemon refused a call; `message` is its own text. */
export class ImRefusal extends Error {
  constructor(
    call: string,
    readonly status: number,
    text: string,
  ) {
    super(`${call} answered ${status}: ${text.trim()}`);
  }
}

/** What GET .../vms/ID says of one machine, as far as it is shown here. */
export interface MachineInfo {
  readonly id: string;
  readonly system: string;
  readonly addresses: readonly string[];
  /** `outports` of the machine's public network, e.g. `35001-22,8080-8000`; undefined for private machines. */
  readonly outports: string | undefined;
}

/** Client of one daemon with the credentials of one user and one cloud. */
export class ImClient {
  /** @param user credential line of the user. @param cloud credential line of the cloud. */
  constructor(
    readonly baseUrl: string,
    private readonly user: string,
    private readonly cloud: string,
  ) {}

  /** Value of the Authorization header: credential lines joined by the two characters `\n`. */
  get authorization(): string {
    return `${this.user}\\n${this.cloud}`;
  }

  /** The same user with another cloud. */
  withCredential(cloud: string): ImClient {
    return new ImClient(this.baseUrl, this.user, cloud);
  }

  async version(): Promise<string> {
    return this.text('GET', '/version');
  }

  /** Submits a RADL document; answers the id at once, the launch goes on in the background. */
  async create(radl: string): Promise<string> {
    const answer = await this.json('POST', '/infrastructures?async=true', { body: radl, contentType: 'text/plain' });
    const uri = member(answer, 'uri');
    if (typeof uri !== 'string')
      throw new Error(`POST /infrastructures answered without a URI: ${JSON.stringify(answer)}`);
    return uri.slice(uri.lastIndexOf('/') + 1);
  }

  async state(id: string): Promise<InfrastructureState> {
    const answer = await this.json('GET', `/infrastructures/${id}/state`);
    const state = member(answer, 'state', 'state');
    const vmStates = member(answer, 'state', 'vm_states');
    if (typeof state !== 'string') throw new Error(`GET state answered ${JSON.stringify(answer)}`);
    const entries = isRecord(vmStates) ? Object.entries(vmStates) : [];
    return { state, vmStates: new Map(entries.map(([vm, value]) => [vm, String(value)])) };
  }

  async log(id: string): Promise<string> {
    return this.text('GET', `/infrastructures/${id}/contmsg`);
  }

  async machineIds(id: string): Promise<readonly string[]> {
    const list = member(await this.json('GET', `/infrastructures/${id}`), 'uri-list');
    return (Array.isArray(list) ? list : []).flatMap((item) => {
      const uri = member(item, 'uri');
      return typeof uri === 'string' ? [uri.slice(uri.lastIndexOf('/') + 1)] : [];
    });
  }

  async machine(id: string, vm: string): Promise<MachineInfo> {
    return readMachine(vm, await this.json('GET', `/infrastructures/${id}/vms/${vm}`));
  }

  /** Destroys and waits for it. An infrastructure that is gone already counts as destroyed. */
  async destroy(id: string): Promise<void> {
    try {
      await this.text('DELETE', `/infrastructures/${id}`, { timeoutMs: DESTROY_MS });
    } catch (error) {
      if (!(error instanceof ImRefusal && error.status === 404)) throw error;
    }
  }

  private async json(method: string, path: string, options: CallOptions = {}): Promise<unknown> {
    return parseJson(await this.call(method, path, { ...options, accept: 'application/json' }));
  }

  private async text(method: string, path: string, options: CallOptions = {}): Promise<string> {
    return this.call(method, path, { ...options, accept: 'text/plain' });
  }

  private async call(
    method: string,
    path: string,
    options: CallOptions & { readonly accept: string },
  ): Promise<string> {
    const headers = new Headers({ authorization: this.authorization, accept: options.accept });
    if (options.contentType !== undefined) headers.set('content-type', options.contentType);
    const answer = await fetch(`${this.baseUrl}${path}`, {
      method,
      headers,
      signal: AbortSignal.timeout(options.timeoutMs ?? CALL_MS),
      ...(options.body === undefined ? {} : { body: options.body }),
    });
    const content = await answer.text();
    if (answer.ok) return content;
    const message = member(parseJson(content), 'message');
    throw new ImRefusal(`${method} ${path}`, answer.status, typeof message === 'string' ? message : content);
  }
}

interface CallOptions {
  readonly body?: string;
  readonly contentType?: string;
  readonly timeoutMs?: number;
}

/** Reads the JSON form of a machine's RADL (spec rest-api 9.11): one `system` object and the networks it is on. */
export function readMachine(id: string, answer: unknown): MachineInfo {
  const radl = member(answer, 'radl');
  const items = Array.isArray(radl) ? radl.filter(isRecord) : [];
  const system = items.find((item) => item.class === 'system') ?? {};
  const addresses = Object.entries(system)
    .filter(([name, value]) => /^net_interface\.\d+\.ip$/.test(name) && typeof value === 'string')
    .map(([, value]) => String(value));
  const networkIds = new Set(
    Object.entries(system).flatMap(([name, value]) => (/^net_interface\.\d+\.connection$/.test(name) ? [value] : [])),
  );
  const published = items.find(
    (item) => item.class === 'network' && networkIds.has(item.id) && typeof item.outports === 'string',
  );
  const outports = published?.outports;
  return {
    id,
    system: typeof system.id === 'string' ? system.id : '?',
    addresses,
    outports: typeof outports === 'string' ? outports : undefined,
  };
}

/** The host port behind which `localPort` of the machine is found, from an `outports` text such as `35001-22,8080-8000`. */
export function publishedPort(outports: string, localPort: number): number | undefined {
  for (const entry of outports.split(',')) {
    const [remote, local = remote] = entry.split('-').map((port) => Number.parseInt(port, 10));
    if (local === localPort && remote !== undefined) return remote;
  }
  return undefined;
}
