// SPDX-License-Identifier: Apache-2.0
// A cloud that outlives the daemons: an HTTP server in the process of the test, which keeps machines and networks and writes down who
// asked for what, when. Its clock is the system's monotonic one, which all processes of this host share.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

/** Milliseconds of the system-wide monotonic clock: comparable between processes of one host. */
export const monotonicMs = (): number => Number(process.hrtime.bigint() / 1000n) / 1000;

/** A machine, living or gone. */
export interface CloudMachine {
  readonly id: string;
  readonly token: string;
  readonly infrastructureId: string;
  readonly createdAt: number;
  deletedAt: number | undefined;
  state: 'running' | 'stopped';
}

/** A private network, living or gone. */
export interface CloudNetwork {
  readonly id: string;
  readonly infrastructureId: string;
  deletedAt: number | undefined;
}

/** What a daemon did with the store, as it reports afterwards. */
export interface StoreReport {
  readonly kind: 'acquired' | 'released' | 'committed';
  readonly node: string;
  readonly infrastructureId: string;
  readonly fencing: number;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** How the cloud behaves. Probabilities from 0 to 1, times in milliseconds. */
export interface CloudBehaviour {
  /** A create call with a token that is known gives the machine that it gave before (EC2's client token). */
  isIdempotent: boolean;
  /** How long a call takes before anything happens, and again before it is answered. */
  delayMs: () => number;
  /** Probability that a create call is refused. */
  refusals: number;
  /** Probability that a create call is carried out and its answer lost. */
  lostAnswers: number;
}

/** The calls, as JSON bodies of POST requests to `/<call>`. */
export interface CloudCalls {
  readonly launch: { readonly token: string; readonly infrastructureId: string; readonly node: string };
  readonly find: { readonly tokens: readonly string[] };
  readonly list: { readonly ids: readonly string[] };
  readonly destroy: { readonly id: string; readonly node: string };
  readonly power: { readonly id: string; readonly state: 'running' | 'stopped'; readonly node: string };
  readonly network: { readonly infrastructureId: string; readonly name: string; readonly node: string };
  readonly 'find-network': { readonly infrastructureId: string; readonly name: string };
  readonly 'destroy-network': { readonly id: string; readonly node: string };
  readonly report: { readonly reports: readonly StoreReport[] };
}

/** The provider's side of a test. */
export class RecordingCloud {
  readonly machines: CloudMachine[] = [];
  readonly networks: CloudNetwork[] = [];
  readonly reports: StoreReport[] = [];
  /** Create calls whose token had a machine already. */
  repeatedLaunches = 0;
  calls = 0;
  readonly behaviour: CloudBehaviour;
  /** Chance of the behaviour, from 0 to 1. */
  readonly #random: () => number;
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #byId = new Map<string, CloudMachine>();

  constructor(behaviour: Partial<CloudBehaviour> = {}, random: () => number = () => 1) {
    this.behaviour = { isIdempotent: true, delayMs: () => 0, refusals: 0, lostAnswers: 0, ...behaviour };
    this.#random = random;
  }

  /** @returns its URL */
  async listen(): Promise<string> {
    this.#server.keepAliveTimeout = 60_000;
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no TCP address');
    return `http://127.0.0.1:${address.port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  living(infrastructureId?: string): readonly CloudMachine[] {
    return this.machines.filter(
      (machine) =>
        machine.deletedAt === undefined &&
        (infrastructureId === undefined || machine.infrastructureId === infrastructureId),
    );
  }

  livingNetworks(infrastructureId?: string): readonly CloudNetwork[] {
    return this.networks.filter(
      (network) =>
        network.deletedAt === undefined &&
        (infrastructureId === undefined || network.infrastructureId === infrastructureId),
    );
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
      const name = (request.url ?? '/').slice(1);
      if (name !== 'report') {
        this.calls += 1;
        await pause(this.behaviour.delayMs());
      }
      // A call that has arrived is carried out, whatever became of its caller.
      const answer = this.#call(name, body);
      if (name !== 'report') await pause(this.behaviour.delayMs());
      if (name === 'launch' && this.#random() < this.behaviour.lostAnswers) {
        request.socket.destroy();
        return;
      }
      response.writeHead('error' in answer ? 500 : 200, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(answer));
    } catch {
      response.destroy();
    }
  }

  #call(name: string, body: unknown): { readonly error: string } | { readonly value: unknown } {
    switch (name) {
      case 'launch':
        return this.#launch(body as CloudCalls['launch']);
      case 'find': {
        const { tokens } = body as CloudCalls['find'];
        const wanted = new Set(tokens);
        return { value: this.living().flatMap(({ id, token }) => (wanted.has(token) ? [{ id, token }] : [])) };
      }
      case 'list': {
        const { ids } = body as CloudCalls['list'];
        return { value: ids.map((id) => this.#living(id)?.state ?? 'off') };
      }
      case 'destroy': {
        const machine = this.#living((body as CloudCalls['destroy']).id);
        if (machine !== undefined) machine.deletedAt = monotonicMs();
        return { value: null };
      }
      case 'power': {
        const { id, state } = body as CloudCalls['power'];
        const machine = this.#living(id);
        if (machine === undefined) return { error: `there is no machine ${id}` };
        machine.state = state;
        return { value: state };
      }
      case 'network': {
        const { infrastructureId, name: network } = body as CloudCalls['network'];
        const id = `${infrastructureId}/${network}`;
        if (!this.livingNetworks().some((known) => known.id === id)) {
          this.networks.push({ id, infrastructureId, deletedAt: undefined });
        }
        return { value: id };
      }
      case 'find-network': {
        const { infrastructureId, name: network } = body as CloudCalls['find-network'];
        const id = `${infrastructureId}/${network}`;
        return { value: this.livingNetworks().some((known) => known.id === id) ? id : null };
      }
      case 'destroy-network': {
        const { id } = body as CloudCalls['destroy-network'];
        for (const network of this.livingNetworks().filter((known) => known.id === id)) {
          network.deletedAt = monotonicMs();
        }
        return { value: null };
      }
      case 'report':
        this.reports.push(...(body as CloudCalls['report']).reports);
        return { value: null };
      default:
        return { error: `no call ${name}` };
    }
  }

  #launch({ token, infrastructureId }: CloudCalls['launch']): { readonly error: string } | { readonly value: string } {
    const known = this.machines.find((machine) => machine.token === token);
    if (known !== undefined) {
      this.repeatedLaunches += 1;
      // The token is remembered after the machine's end too: a late repetition makes nothing.
      if (this.behaviour.isIdempotent) return { value: known.id };
    }
    if (this.#random() < this.behaviour.refusals) return { error: 'no room in this cloud' };
    const id = `machine-${this.machines.length + 1}`;
    const machine: CloudMachine = {
      id,
      token,
      infrastructureId,
      createdAt: monotonicMs(),
      deletedAt: undefined,
      state: 'running',
    };
    this.machines.push(machine);
    this.#byId.set(id, machine);
    return { value: id };
  }

  #living(id: string): CloudMachine | undefined {
    const machine = this.#byId.get(id);
    return machine?.deletedAt === undefined ? machine : undefined;
  }
}
