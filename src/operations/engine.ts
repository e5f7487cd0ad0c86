// SPDX-License-Identifier: Apache-2.0
// Accepts operations durably and runs them: per infrastructure in order, configurations beside them, a destroy before everything else.
import { setMaxListeners } from 'node:events';
import { errorText, ImError, incorrectState, isJsonObject, type Operation } from '../domain/index.js';
import { type Change, STATISTICS_KEY } from '../store/index.js';
import { sleep } from '../util/deadline.js';
import { CloudSession } from './cloud-session.js';
import { contextualizationPorts } from './configure/ports.js';
import type { NewOperation } from './context.js';
import type { OperationEnvironment } from './environment.js';
import { Cancelled, Parked } from './interruption.js';
import { createLane, isIdle, type Lane, type RunningOperation } from './lane.js';
import { createLaunchLimits } from './launch-limits.js';
import { LeaseKeeper } from './lease-keeper.js';
import { Observer } from './observer.js';
import { journalEntry, type RunnerTools, runOperation } from './runner.js';
import { type Workspace, Workspaces } from './workspace.js';

/** Pause between tries to get the lease of an infrastructure that another daemon works on. */
const LEASE_RETRY_MS = 1000;

/** An accepted operation. */
export interface AcceptedOperation {
  readonly id: string;
  /** Resolves (never rejects) with the journal entry at its end; still `running` when the daemon stopped before. */
  readonly ended: Promise<Operation>;
}

/** An operation that somebody may be waiting for. */
interface Waited {
  readonly operation: Operation;
  readonly ended: Promise<Operation>;
  readonly resolve: (operation: Operation) => void;
}

/** The durable queue. One per daemon. */
export class OperationEngine {
  readonly #environment: OperationEnvironment;
  readonly #leases: LeaseKeeper;
  readonly #workspaces: Workspaces;
  readonly #tools: RunnerTools;
  readonly #lanes = new Map<string, Lane>();
  readonly #journal = new Map<string, Waited>();
  /** Destroys whose acceptance is being written, by infrastructure: a second call joins them. */
  readonly #acceptingDestroys = new Map<string, AcceptedOperation>();
  readonly #stopping = new AbortController();

  constructor(environment: OperationEnvironment) {
    this.#environment = environment;
    const { settings, store, logger } = environment;
    this.#leases = new LeaseKeeper(store, settings.nodeName, settings.leaseMs, logger);
    this.#workspaces = new Workspaces(store, this.#leases);
    this.#tools = {
      environment,
      limits: createLaunchLimits(settings.maxSimultaneousLaunches, settings.maxSimultaneousLaunchesPerCloud),
      observer: new Observer(environment),
    };
  }

  /** Asks providers for VM states (shared with the refresher). */
  get observer(): Observer {
    return this.#tools.observer;
  }

  /** Takes up what an earlier run of the daemon left unfinished. */
  async start(): Promise<void> {
    const unfinished = await this.#environment.store.listOperations({ states: ['queued', 'running'] });
    const doomed = new Set(unfinished.filter(({ kind }) => kind === 'destroy').map((op) => op.infrastructureId));
    for (const operation of unfinished) {
      if (doomed.has(operation.infrastructureId) && operation.kind !== 'destroy') {
        await this.#cancelQueued(operation, 'The infrastructure is being destroyed.');
      } else {
        this.#enqueue(operation);
      }
    }
    if (unfinished.length > 0) {
      this.#environment.logger.info(`${unfinished.length} unfinished operations found; they are continued.`);
    }
  }

  /**
   * Accepts an operation: durable when the promise resolves.
   * @param changesFor rows that become true together with the acceptance, given the id of the operation
   * @throws ImError `store-unavailable` when the store does not answer or the daemon is stopping
   */
  async accept(
    operation: NewOperation,
    changesFor: (operationId: string) => readonly Change[] = () => [],
  ): Promise<AcceptedOperation> {
    if (this.#stopping.signal.aborted) {
      throw new ImError('store-unavailable', 'The daemon is stopping. Try again in a moment.');
    }
    if (operation.kind === 'destroy') {
      const joined = this.#runningDestroy(operation);
      if (joined !== undefined) {
        return joined;
      }
    }
    const entry: Operation = {
      ...journalEntry(operation, this.#environment),
      sequence: Number.MAX_SAFE_INTEGER,
    };
    const accepted = { id: entry.id, ended: this.#wait(entry) };
    if (operation.kind === 'destroy') {
      this.#acceptingDestroys.set(operation.infrastructureId, accepted);
    }
    try {
      await this.#environment.store.commit([...changesFor(entry.id), { kind: 'insert-operation', operation: entry }]);
    } catch (error) {
      this.#end({ ...entry, state: 'failed', error: { code: 'store-unavailable', message: errorText(error) } });
      throw error;
    } finally {
      if (this.#acceptingDestroys.get(operation.infrastructureId) === accepted) {
        this.#acceptingDestroys.delete(operation.infrastructureId);
      }
    }
    this.#enqueue(entry);
    return accepted;
  }

  /** Lease and writing tools for work outside operations (refreshing); undefined when another daemon has the lease. */
  async borrow(
    infrastructureId: string,
  ): Promise<{ readonly workspace: Workspace; readonly giveBack: () => void } | undefined> {
    const release = await this.#leases.acquire(infrastructureId, () => undefined);
    if (release === undefined) {
      return undefined;
    }
    const { workspace, close } = this.#workspaces.open(infrastructureId);
    return {
      workspace,
      giveBack: () => {
        close();
        release();
      },
    };
  }

  /** Forgets an infrastructure without touching its machines (export with delete): its configuration is cancelled, the record deleted. */
  async release(infrastructureId: string): Promise<void> {
    const lane = this.#lanes.get(infrastructureId);
    if (lane?.running !== undefined || (lane?.queue.length ?? 0) > 0) {
      throw incorrectState();
    }
    lane?.configuring?.abort.abort(new Cancelled('The infrastructure was exported and is forgotten here.'));
    await lane?.configuring?.ended;
    const resources = await this.#environment.store.listResources(infrastructureId, {
      states: ['intent', 'created', 'deleting'],
    });
    const extra = (await this.#environment.store.getInfrastructure(infrastructureId))?.extra ?? {};
    const statistics = extra[STATISTICS_KEY];
    const marked = { ...(isJsonObject(statistics) && statistics), isExported: true };
    await this.#environment.store.commit([
      ...resources.map(({ id }) => ({ kind: 'update-resource' as const, id, set: { state: 'abandoned' as const } })),
      {
        kind: 'update-infrastructure',
        id: infrastructureId,
        set: { isDeleted: true, extra: { ...extra, [STATISTICS_KEY]: marked } },
      },
    ]);
  }

  /** Nothing is queued or running. */
  get isIdle(): boolean {
    return [...this.#lanes.values()].every(isIdle);
  }

  /** Stops: running operations may end within the grace time, then they are parked. Configurations are parked at once. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort(new Parked());
    for (const lane of this.#lanes.values()) {
      lane.configuring?.abort.abort(new Parked());
    }
    const running = (): readonly RunningOperation[] =>
      [...this.#lanes.values()]
        .flatMap((lane) => [lane.running, lane.configuring])
        .filter((entry) => entry !== undefined);
    await Promise.race([Promise.all(running().map(({ ended }) => ended)), sleep(graceMs)]);
    for (const { abort } of running()) {
      abort.abort(new Parked());
    }
    await Promise.race([Promise.all(running().map(({ ended }) => ended)), sleep(1000)]);
    for (const { operation } of [...this.#journal.values()]) {
      this.#end(operation);
    }
    await this.#leases.close();
  }

  #wait(operation: Operation): Promise<Operation> {
    let resolve: (operation: Operation) => void = () => undefined;
    const ended = new Promise<Operation>((settle) => {
      resolve = settle;
    });
    this.#journal.set(operation.id, { operation, ended, resolve });
    return ended;
  }

  #end(operation: Operation): void {
    this.#journal.get(operation.id)?.resolve(operation);
    this.#journal.delete(operation.id);
  }

  #runningDestroy(operation: NewOperation): AcceptedOperation | undefined {
    const accepting = this.#acceptingDestroys.get(operation.infrastructureId);
    if (accepting !== undefined && operation.request.isForced !== true) {
      return accepting;
    }
    const lane = this.#lanes.get(operation.infrastructureId);
    const known = [lane?.running?.operation, ...(lane?.queue ?? [])].find((entry) => entry?.kind === 'destroy');
    if (known === undefined || (operation.request.isForced === true && known.request.isForced !== true)) {
      return undefined;
    }
    return { id: known.id, ended: this.#journal.get(known.id)?.ended ?? this.#wait(known) };
  }

  #enqueue(operation: Operation): void {
    const lane = this.#lanes.get(operation.infrastructureId) ?? createLane(operation.infrastructureId);
    this.#lanes.set(operation.infrastructureId, lane);
    if (operation.kind === 'configure') {
      this.#enqueueConfiguration(lane, operation);
      return;
    }
    if (operation.kind === 'destroy') {
      const reason = 'The operation was cancelled because the infrastructure is being destroyed.';
      for (const queued of lane.queue.splice(0)) {
        if (queued.kind === 'destroy') {
          lane.queue.push(queued);
        } else {
          void this.#cancelQueued(queued, reason);
        }
      }
      if (lane.running !== undefined && lane.running.operation.kind !== 'destroy') {
        lane.running.abort.abort(new Cancelled(reason));
      }
      lane.configuring?.abort.abort(new Cancelled(reason));
      if (lane.nextConfiguration !== undefined) {
        void this.#cancelQueued(lane.nextConfiguration, reason);
        lane.nextConfiguration = undefined;
      }
    }
    lane.queue.push(operation);
    void this.#drain(lane);
  }

  #enqueueConfiguration(lane: Lane, operation: Operation): void {
    const reason = 'A newer configuration takes its place.';
    if (lane.nextConfiguration !== undefined) {
      void this.#cancelQueued(lane.nextConfiguration, reason);
    }
    lane.nextConfiguration = operation;
    lane.configuring?.abort.abort(new Cancelled(reason));
    void this.#drainConfigurations(lane);
  }

  async #drain(lane: Lane): Promise<void> {
    if (lane.isDraining) {
      return;
    }
    lane.isDraining = true;
    for (let operation = lane.queue[0]; operation !== undefined; operation = lane.queue[0]) {
      if (this.#stopping.signal.aborted) {
        break;
      }
      lane.queue.shift();
      await this.#work(lane, operation, (running) => {
        lane.running = running;
      });
    }
    lane.isDraining = false;
    this.#forgetIdle(lane);
  }

  async #drainConfigurations(lane: Lane): Promise<void> {
    if (lane.isConfiguring) {
      return;
    }
    lane.isConfiguring = true;
    for (let operation = lane.nextConfiguration; operation !== undefined; operation = lane.nextConfiguration) {
      if (this.#stopping.signal.aborted) {
        break;
      }
      lane.nextConfiguration = undefined;
      await this.#work(lane, operation, (running) => {
        lane.configuring = running;
      });
    }
    lane.isConfiguring = false;
    this.#forgetIdle(lane);
  }

  /** Runs one operation under the infrastructure's lease. */
  async #work(lane: Lane, operation: Operation, place: (running: RunningOperation | undefined) => void): Promise<void> {
    const abort = new AbortController();
    // Every machine of the operation listens to it.
    setMaxListeners(Number.POSITIVE_INFINITY, abort.signal);
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    place({ operation, abort, ended });
    const release = await this.#leaseFor(lane.infrastructureId, abort);
    const { workspace, close } = this.#workspaces.open(lane.infrastructureId);
    let final: Operation = operation;
    try {
      if (release !== undefined) {
        const result = await runOperation(this.#tools, workspace, operation, abort.signal);
        final = result.operation;
        if (operation.kind === 'configure' && abort.signal.reason instanceof Cancelled) {
          await this.#killRemote(workspace, operation);
        }
        if (result.next !== undefined && !this.#stopping.signal.aborted) {
          this.#enqueue(result.next);
        }
      }
    } finally {
      close();
      place(undefined);
      release?.();
      this.#end(final);
      end();
    }
  }

  /** Waits until this daemon has the lease; undefined when it was told to stop before. */
  async #leaseFor(infrastructureId: string, abort: AbortController): Promise<(() => void) | undefined> {
    const waiting = AbortSignal.any([abort.signal, this.#stopping.signal]);
    for (;;) {
      try {
        const release = await this.#leases.acquire(infrastructureId, () => abort.abort(new Parked()));
        if (release !== undefined) {
          return release;
        }
      } catch (error) {
        this.#environment.logger.error(`No lease for infrastructure ${infrastructureId}: ${errorText(error)}`);
      }
      try {
        await sleep(LEASE_RETRY_MS, waiting);
      } catch {
        return undefined;
      }
    }
  }

  /** A superseded configuration leaves processes on the nodes; when the VMs go away anyway nobody needs to stop them. */
  async #killRemote(workspace: Workspace, operation: Operation): Promise<void> {
    const header = await this.#environment.store.getHeader(operation.infrastructureId);
    const vms = await this.#environment.store.listVmStatuses(operation.infrastructureId);
    const isKeepingMachines = vms.some(({ cloud }) => cloud.type === 'DeployedNode');
    if (header?.isDestroying === true && !isKeepingMachines) {
      return;
    }
    const ports = contextualizationPorts({
      operation,
      environment: this.#environment,
      workspace,
      clouds: new CloudSession(this.#environment, operation.credentials),
      limits: this.#tools.limits,
      observer: this.#tools.observer,
      signal: this.#stopping.signal,
      isResumed: true,
      log: async () => undefined,
    });
    await this.#environment.contextualizer.killRemote(operation.infrastructureId, operation.id, ports);
  }

  /** Ends an operation that never ran. */
  async #cancelQueued(operation: Operation, reason: string): Promise<void> {
    const finishedAt = this.#environment.now();
    const error = { code: 'cancelled', message: reason };
    try {
      await this.#environment.store.commit([
        { kind: 'update-operation', id: operation.id, set: { state: 'cancelled', finishedAt, error } },
      ]);
    } catch (failure) {
      // The next start finds it beside the destroy that cancelled it, and ends it then.
      this.#environment.logger.error(`Operation ${operation.id} could not be cancelled: ${errorText(failure)}`);
    }
    this.#end({ ...operation, state: 'cancelled', finishedAt, error });
  }

  #forgetIdle(lane: Lane): void {
    if (isIdle(lane) && this.#lanes.get(lane.infrastructureId) === lane && !lane.isDraining && !lane.isConfiguring) {
      this.#lanes.delete(lane.infrastructureId);
    }
  }
}
