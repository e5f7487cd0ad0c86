// SPDX-License-Identifier: Apache-2.0
// Who waits for the end of which operation in this daemon.
import type { Operation } from '../domain/index.js';
import { sleep } from '../util/deadline.js';

interface Waited {
  readonly operation: Operation;
  readonly ended: Promise<Operation>;
  readonly resolve: (operation: Operation) => void;
}

/** Ends of operations that somebody in this daemon may be waiting for. */
export class Waiters {
  readonly #waited = new Map<string, Waited>();

  /** A promise of the operation's end; the same one however often it is asked for. */
  wait(operation: Operation): Promise<Operation> {
    const known = this.#waited.get(operation.id);
    if (known !== undefined) {
      return known.ended;
    }
    let resolve: (operation: Operation) => void = () => undefined;
    const ended = new Promise<Operation>((settle) => {
      resolve = settle;
    });
    this.#waited.set(operation.id, { operation, ended, resolve });
    return ended;
  }

  /** Tells whoever waits. */
  end(operation: Operation): void {
    this.#waited.get(operation.id)?.resolve(operation);
    this.#waited.delete(operation.id);
  }

  /** The daemon stops: nobody here will see the ends any more. */
  endAll(): void {
    for (const { operation } of [...this.#waited.values()]) {
      this.end(operation);
    }
  }
}

/** Pause that ends early, without complaint, when the signal aborts. */
export async function pauseUnlessAborted(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, signal).catch(() => undefined);
}
