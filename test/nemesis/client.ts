// SPDX-License-Identifier: Apache-2.0
// A client that does one random thing after the other on infrastructures that it shares with the others.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { monotonicMs } from '../support/cluster/recording-cloud.js';
import type { CallKind, CallRecord, History } from './history.js';
import type { Chance } from './random.js';

const CALL_MS = 90_000;
const MOST_TRIES = 4;
const AUTHORIZATION = 'type = InfrastructureManager; username = nemesis; password = secret\\nid = c; type = Recording';
const SYSTEM = `network priv ()
system node (net_interface.0.connection = 'priv' and disk.0.image.url = 'rec://1')
`;
const MORE = 'network priv\nsystem node\n';

/** How often each kind of call is made. */
const WEIGHTS: Readonly<Record<CallKind, number>> = {
  create: 8,
  add: 22,
  remove: 8,
  destroy: 6,
  'start-vm': 4,
  'stop-vm': 4,
  reconfigure: 4,
  state: 20,
  vms: 20,
  list: 4,
};

/** What the clients know together. */
export interface World {
  /** Infrastructures that somebody may use. */
  readonly infrastructures: string[];
  /** VM numbers that were seen, by infrastructure. */
  readonly numbers: Map<string, readonly number[]>;
}

/** The base URLs at which a client asks: usually that of the proxy. */
export type Where = (chance: Chance) => string;

/** Calls until the signal aborts. */
export async function runClient(
  name: string,
  chance: Chance,
  world: World,
  history: History,
  where: Where,
  signal: AbortSignal,
): Promise<void> {
  const client = new Client(name, chance, world, history, where);
  while (!signal.aborted) {
    await client.step();
    await pause(chance.between(0, 150));
  }
}

/** One client. */
export class Client {
  constructor(
    readonly name: string,
    readonly chance: Chance,
    readonly world: World,
    readonly history: History,
    readonly where: Where,
  ) {}

  async step(): Promise<void> {
    const { chance, world } = this;
    const kind = world.infrastructures.length < 4 ? 'create' : chance.weighted(WEIGHTS);
    if (kind === 'create') return this.create();
    if (kind === 'list') return void (await this.call('list', undefined, 'GET', '/infrastructures', {}));
    const id = chance.pick(world.infrastructures);
    const path = `/infrastructures/${id}`;
    const known = world.numbers.get(id) ?? [];
    switch (kind) {
      case 'state':
        await this.call(kind, id, 'GET', `${path}/state`, {});
        return;
      case 'vms':
        return this.vms(id);
      case 'add': {
        const requested = chance.between(1, 2);
        const context = chance.next() < 0.7 ? '?context=false' : '';
        await this.call(kind, id, 'POST', `${path}${context}`, { requested, body: `${MORE}deploy node ${requested}` });
        return;
      }
      case 'destroy':
        return this.destroy(id);
      case 'reconfigure':
        await this.call(kind, id, 'PUT', `${path}/reconfigure`, { body: '' });
        return;
      default: {
        if (known.length === 0) return this.vms(id);
        const named = [chance.pick(known)];
        const [number] = named;
        if (kind === 'remove') {
          const context = chance.next() < 0.7 ? '?context=false' : '';
          await this.call(kind, id, 'DELETE', `${path}/vms/${number}${context}`, { named });
        } else {
          await this.call(kind, id, 'PUT', `${path}/vms/${number}/${kind.slice(0, -3)}`, { named });
        }
      }
    }
  }

  async create(): Promise<void> {
    const requested = this.chance.between(1, 3);
    const isAsync = this.chance.next() < 0.5;
    const body = `${SYSTEM}deploy node ${requested}\ncontextualize ()\n`;
    const path = `/infrastructures${isAsync ? '?async=true' : ''}`;
    const call = await this.call('create', undefined, 'POST', path, { requested, isAsync, body });
    if (call.status === 200) {
      call.infrastructureId = call.text.slice(call.text.lastIndexOf('/') + 1);
      this.world.infrastructures.push(call.infrastructureId);
    }
  }

  async vms(id: string): Promise<void> {
    const call = await this.call('vms', id, 'GET', `/infrastructures/${id}`, {});
    if (call.status === 200) this.world.numbers.set(id, call.numbers);
  }

  async destroy(id: string): Promise<void> {
    const isAsync = this.chance.next() < 0.3;
    const isForced = this.chance.next() < 0.2;
    const flags = [...(isAsync ? ['async=true'] : []), ...(isForced ? ['force=true'] : [])].join('&');
    const call = await this.call('destroy', id, 'DELETE', `/infrastructures/${id}?${flags}`, { isAsync });
    if (call.status === 200 || call.status === 404) this.forget(id);
  }

  forget(id: string): void {
    const index = this.world.infrastructures.indexOf(id);
    if (index >= 0) this.world.infrastructures.splice(index, 1);
  }

  /** Tries again, as a careful client does, while no answer comes; what makes machines carries an idempotency key. */
  async call(
    kind: CallKind,
    infrastructureId: string | undefined,
    method: string,
    path: string,
    {
      body,
      requested = 0,
      named = [],
      isAsync = false,
    }: { body?: string; requested?: number; named?: readonly number[]; isAsync?: boolean },
  ): Promise<CallRecord> {
    const record: CallRecord = {
      client: this.name,
      kind,
      infrastructureId,
      requested,
      named,
      isAsync,
      startedAt: monotonicMs(),
      endedAt: Number.POSITIVE_INFINITY,
      status: undefined,
      text: '',
      numbers: [],
      tries: 0,
    };
    this.history.add(record);
    const hasKey = requested > 0;
    const key = randomUUID();
    const mostTries = hasKey || method === 'GET' ? this.chance.between(1, MOST_TRIES) : 1;
    for (record.tries = 1; ; record.tries += 1) {
      try {
        const response = await fetch(`${this.where(this.chance)}${path}`, {
          method,
          headers: {
            Authorization: AUTHORIZATION,
            ...(body !== undefined && { 'Content-Type': 'text/plain' }),
            ...(hasKey && { 'Idempotency-Key': `"${key}"` }),
          },
          ...(body !== undefined && { body }),
          signal: AbortSignal.timeout(CALL_MS),
        });
        record.text = await response.text();
        record.status = response.status;
      } catch (error) {
        record.status = undefined;
        record.text = error instanceof Error ? `${error.message} ${String(error.cause ?? '')}` : String(error);
      }
      // 409: the first try with this key is still being worked on.
      const isUnanswered = record.status === undefined || record.status >= 500 || (hasKey && record.status === 409);
      if (!isUnanswered || record.tries >= mostTries) break;
      await pause(500 * record.tries);
    }
    // Nobody knows then what became of the first try.
    if (hasKey && record.status === 409) record.status = undefined;
    record.endedAt = monotonicMs();
    if (record.status === 200 && (kind === 'vms' || kind === 'add')) {
      record.numbers = record.text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => Number(line.slice(line.lastIndexOf('/') + 1)));
    }
    return record;
  }
}
