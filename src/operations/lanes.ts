// SPDX-License-Identifier: Apache-2.0
// Runs the operations of each infrastructure in order: configurations beside the others, a destroy before everything else, all under
// the infrastructure's lease.
import { errorText, isFinal, type Operation } from '../domain/index.js';
import { CloudSession } from './cloud-session.js';
import { contextualizationPorts } from './configure/ports.js';
import { Cancelled } from './interruption.js';
import { createLane, isIdle, type Lane, type RunningOperation } from './lane.js';
import type { LeaseKeeper } from './lease-keeper.js';
import { type RunnerTools, runOperation } from './runner.js';
import { type Attempt, StopRequest } from './stop-request.js';
import { pauseUnlessAborted, type Waiters } from './waiters.js';
import type { Workspace, Workspaces } from './workspace.js';

/** Pause between tries to get the lease of an infrastructure that another daemon works on. */
const LEASE_RETRY_MS = 500;

const DESTROYED = 'The operation was cancelled because the infrastructure is being destroyed.';
const GONE = { code: 'infrastructure-not-found', message: 'The infrastructure was purged.' };
const RELEASED = 'The infrastructure was exported and is forgotten here.';
const SUPERSEDED = 'A newer configuration takes its place.';

/** What the lanes need. */
export interface LaneTools extends RunnerTools {
  readonly leases: LeaseKeeper;
  readonly workspaces: Workspaces;
  readonly waiters: Waiters;
  /** Aborts when the daemon stops: no configuration begins any more. */
  readonly stopping: AbortSignal;
  /** Aborts when the time of those that may still end is over: nothing begins any more. */
  readonly parking: AbortSignal;
}

/** The lanes of all infrastructures that this daemon has something to do for. */
export class Lanes {
  readonly #tools: LaneTools;
  readonly #lanes = new Map<string, Lane>();
  /** Ids of operations that are queued or at work here. */
  readonly #known = new Set<string>();

  constructor(tools: LaneTools) {
    this.#tools = tools;
  }

  /** Is the operation queued or at work in this daemon? */
  has(operationId: string): boolean {
    return this.#known.has(operationId);
  }

  get(infrastructureId: string): Lane | undefined {
    return this.#lanes.get(infrastructureId);
  }

  get isIdle(): boolean {
    return [...this.#lanes.values()].every(isIdle);
  }

  /** Something runs, or would be run before the daemon parks its work. */
  get isBusy(): boolean {
    return [...this.#lanes.values()].some(
      ({ queue, running, configuring }) => queue.length > 0 || running !== undefined || configuring !== undefined,
    );
  }

  /** Everything at work now. */
  running(): readonly RunningOperation[] {
    return [...this.#lanes.values()]
      .flatMap((lane) => [lane.running, lane.configuring])
      .filter((entry) => entry !== undefined);
  }

  /** Configurations at work now. */
  configuring(): readonly RunningOperation[] {
    return [...this.#lanes.values()].map(({ configuring }) => configuring).filter((entry) => entry !== undefined);
  }

  /** Takes an accepted operation; one that is here already is left where it is. */
  enqueue(operation: Operation): void {
    if (this.#known.has(operation.id)) {
      return;
    }
    this.#known.add(operation.id);
    const lane = this.#lanes.get(operation.infrastructureId) ?? createLane(operation.infrastructureId);
    this.#lanes.set(operation.infrastructureId, lane);
    if (operation.kind === 'configure') {
      this.#supersedeConfiguration(lane, SUPERSEDED);
      lane.nextConfiguration = operation;
      void this.#drainConfigurations(lane);
      return;
    }
    if (operation.kind === 'destroy') {
      this.#clearFor(lane);
    } else if (operation.kind === 'release') {
      this.#supersedeConfiguration(lane, RELEASED);
    }
    lane.queue.push(operation);
    void this.#drain(lane);
  }

  /**
   * Ends an operation that is queued or at work here, because its user wants it; one that is not here is left alone.
   * @param operation as its row is now
   */
  cancel({ id, infrastructureId, startedAt }: Operation, reason: string): void {
    const lane = this.#lanes.get(infrastructureId);
    const running = [lane?.running, lane?.configuring].find((entry) => entry?.operation.id === id);
    if (running !== undefined) {
      running.abort(new Cancelled(reason, { isOnItsOwn: true }));
      return;
    }
    if (lane?.nextConfiguration?.id === id) {
      void this.cancelQueued(lane.nextConfiguration, reason);
      lane.nextConfiguration = undefined;
      return;
    }
    const place = lane?.queue.findIndex((queued) => queued.id === id) ?? -1;
    if (lane === undefined || place === -1) {
      return;
    }
    if (startedAt !== null) {
      // What it did elsewhere before must be taken back.
      lane.doomed.set(id, new Cancelled(reason, { isOnItsOwn: true }));
      return;
    }
    for (const queued of lane.queue.splice(place, 1)) {
      void this.cancelQueued(queued, reason);
    }
  }

  /** Ends an operation that never ran here. Written under the lease where this daemon has it. */
  async cancelQueued(operation: Operation, reason: string): Promise<void> {
    const { environment, waiters, leases } = this.#tools;
    const { infrastructureId } = operation;
    const finishedAt = environment.now();
    const error = { code: 'cancelled', message: reason };
    try {
      await environment.store.commit(
        [{ kind: 'update-operation', id: operation.id, set: { state: 'cancelled', finishedAt, error } }],
        leases.isHeld(infrastructureId) ? leases.current(infrastructureId) : undefined,
      );
    } catch (failure) {
      // The next start finds it beside the destroy that cancelled it, and ends it then.
      environment.logger.error(`Operation ${operation.id} could not be cancelled: ${errorText(failure)}`);
    }
    this.#known.delete(operation.id);
    waiters.end({ ...operation, state: 'cancelled', finishedAt, error });
  }

  /**
   * A destroy overtakes whatever is queued or at work. What is queued is ended in its turn, under the lease: another daemon may be at
   * work on it.
   */
  #clearFor(lane: Lane): void {
    for (const { id, kind } of lane.queue) {
      if (kind !== 'destroy') {
        lane.doomed.set(id, new Cancelled(DESTROYED));
      }
    }
    if (lane.running !== undefined && lane.running.operation.kind !== 'destroy') {
      lane.running.abort(new Cancelled(DESTROYED));
    }
    this.#supersedeConfiguration(lane, DESTROYED);
  }

  #supersedeConfiguration(lane: Lane, reason: string): void {
    if (lane.nextConfiguration !== undefined) {
      void this.cancelQueued(lane.nextConfiguration, reason);
      lane.nextConfiguration = undefined;
    }
    lane.configuring?.abort(new Cancelled(reason));
  }

  async #drain(lane: Lane): Promise<void> {
    if (lane.isDraining) {
      return;
    }
    lane.isDraining = true;
    for (let operation = lane.queue[0]; operation !== undefined; operation = lane.queue[0]) {
      if (this.#tools.parking.aborted) {
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
      if (this.#tools.stopping.aborted) {
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

  /** One operation, from waiting for the lease to its end. */
  async #work(lane: Lane, operation: Operation, place: (running: RunningOperation | undefined) => void): Promise<void> {
    const stop = new StopRequest();
    const doom = lane.doomed.get(operation.id);
    if (doom !== undefined) {
      lane.doomed.delete(operation.id);
      stop.request(doom);
    }
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    place({ operation, abort: (reason) => stop.request(reason), ended });
    try {
      const present = await this.#runUnderLease(operation, stop);
      this.#known.delete(operation.id);
      if (isFinal(present.state)) {
        this.#tools.waiters.end(present);
      }
    } finally {
      this.#known.delete(operation.id);
      place(undefined);
      end();
      this.#forgetIdle(lane);
    }
  }

  /**
   * Waits for the lease and runs the operation, or until another daemon has brought it to its end: then the lease was there, or it was
   * lost here in the middle.
   * @returns the journal entry; not final only when the daemon stops
   */
  async #runUnderLease(operation: Operation, stop: StopRequest): Promise<Operation> {
    const { leases, workspaces, environment, parking } = this.#tools;
    const { infrastructureId } = operation;
    for (;;) {
      const attempt = stop.beginAttempt();
      try {
        const release = await leases.acquire(infrastructureId, attempt.loseLease);
        try {
          // Whoever had the lease may have done it, or a part of it: only its row says so.
          const present = await environment.store.getOperation(operation.id);
          if (present === undefined) {
            return { ...operation, state: 'cancelled', error: GONE };
          }
          if (isFinal(present.state)) {
            return present;
          }
          if (release !== undefined) {
            const { workspace, close } = workspaces.open(infrastructureId);
            try {
              const result = await this.#run(workspace, present, attempt);
              if (isFinal(result.state) || stop.isParked) {
                return result;
              }
            } finally {
              close();
            }
          }
        } finally {
          release?.();
        }
      } catch (error) {
        environment.logger.error(`Operation ${operation.id} cannot begin yet: ${errorText(error)}`);
      }
      await pauseUnlessAborted(LEASE_RETRY_MS, AbortSignal.any([stop.parked, parking]));
      if (stop.isParked || parking.aborted) {
        return operation;
      }
    }
  }

  async #run(workspace: Workspace, operation: Operation, attempt: Attempt): Promise<Operation> {
    const { signal } = attempt;
    const result = await runOperation(this.#tools, workspace, operation, attempt);
    if (operation.kind === 'configure' && signal.reason instanceof Cancelled) {
      await this.#killRemote(workspace, operation);
    }
    if (result.next !== undefined && !this.#tools.stopping.aborted) {
      this.enqueue(result.next);
    }
    return result.operation;
  }

  /** A superseded configuration leaves processes on the nodes; when the VMs go away anyway nobody needs to stop them. */
  async #killRemote(workspace: Workspace, operation: Operation): Promise<void> {
    const { environment, limits, observer, inBackground, stopping } = this.#tools;
    const header = await environment.store.getHeader(operation.infrastructureId);
    const vms = await environment.store.listVmStatuses(operation.infrastructureId);
    const isKeepingMachines = vms.some(({ cloud }) => environment.connectors.hasExistingHosts(cloud.type));
    if (header?.isDestroying === true && !isKeepingMachines) {
      return;
    }
    const ports = contextualizationPorts({
      operation,
      environment,
      workspace,
      clouds: new CloudSession(environment, operation.credentials),
      limits,
      observer,
      signal: stopping,
      hasLostLease: () => false,
      isResumed: true,
      inBackground,
      log: async () => undefined,
    });
    await environment.contextualizer.killRemote(operation.infrastructureId, operation.id, ports);
  }

  #forgetIdle(lane: Lane): void {
    if (isIdle(lane) && this.#lanes.get(lane.infrastructureId) === lane && !lane.isDraining && !lane.isConfiguring) {
      this.#lanes.delete(lane.infrastructureId);
    }
  }
}
