// SPDX-License-Identifier: Apache-2.0
// A daemon's claim to its NODE_NAME: one run at a time has the name, and with it what earlier runs of that name held.
//
// The claim is a lease of its own, whose holder is the process. Each run that gets it has a higher fencing number, and takes the leases of
// infrastructures as `<name>#<that number>`: later runs replace earlier ones at once, and never the other way round.
import { errorText, ImError } from '../domain/index.js';
import type { Lease, Store } from '../store/index.js';
import { sleep } from '../util/deadline.js';
import type { Logger } from '../util/logger.js';
import { LeaseLost } from './interruption.js';
import { ageOf, type Moment, present } from './moment.js';
import { pauseUnlessAborted } from './waiters.js';

/** How often a name that another run has is looked at. */
const LOOK_MS = 500;

/** Pause before a claim that was just being looked at by another daemon is renewed again, and how often that is tried. */
const BUSY_MS = 100;
const MOST_BUSY_TRIES = 20;

/** What {@link NodeClaim} needs. */
export interface NodeClaimOptions {
  readonly store: Pick<Store, 'acquireLease' | 'releaseLease'>;
  /** NODE_NAME. */
  readonly name: string;
  /** How long the claim outlives its last renewal, milliseconds. */
  readonly ttlMs: number;
  /** This run, unlike any other. */
  readonly instance: string;
  /** Has another run provably ended? */
  readonly hasEnded: (instance: string) => boolean;
  /** Another run for people. */
  readonly describe: (instance: string) => string;
  readonly logger: Logger;
}

interface Held {
  lease: Lease;
  asked: Moment;
}

/** Another run that has the name, as it is seen from here. */
interface Rival {
  readonly since: number;
  standing: Lease;
  /** When it was last seen to renew its claim: it lives. */
  renewedAt: number | undefined;
}

/** Does the first holder of a lease come after the second one, under the same name? */
export function supersedes(holder: string, other: string): boolean {
  const [mine, theirs] = [holder, other].map((text) => /^(?<name>.*)#(?<run>\d+)$/s.exec(text)?.groups);
  return mine !== undefined && mine.name === theirs?.name && Number(mine.run) > Number(theirs?.run);
}

/** The claim of one run of a daemon. */
export class NodeClaim {
  /** Resolves, with what the operator has to do, when the name is another living daemon's: this one has to end. */
  readonly refused: Promise<ImError>;
  readonly #options: NodeClaimOptions;
  readonly #key: string;
  readonly #closing = new AbortController();
  readonly #onLost = new Set<() => void>();
  #refuse: (error: ImError) => void = () => undefined;
  #isRefused = false;
  #held: Held | undefined;
  #rival: Rival | undefined;
  #trouble: string | undefined;
  #asking: Promise<void> | undefined;
  #keeping: Promise<void> = Promise.resolve();

  constructor(options: NodeClaimOptions) {
    this.#options = options;
    // No infrastructure has such an id.
    this.#key = `node/${options.name}`;
    this.refused = new Promise((resolve) => {
      this.#refuse = resolve;
    });
  }

  /** The holder of leases that are taken now; undefined while the name is not this run's. */
  get holder(): string | undefined {
    return this.#held && `${this.#options.name}#${this.#held.lease.fencing}`;
  }

  /**
   * Tries to get the name. From then on it is renewed, or waited for until its claim runs out, or until it is sure that whoever has it
   * lives.
   */
  async begin(): Promise<void> {
    await this.#look();
    this.#keeping = this.#keep();
  }

  /** @param listener called each time when everything that was taken under the name is lost */
  onLost(listener: () => void): void {
    this.#onLost.add(listener);
  }

  /**
   * Makes sure that the claim is good for a while: nobody else has the name, or gets it at this moment.
   * @throws LeaseLost when another run has it; ImError `store-unavailable` when that cannot be found out
   */
  async confirm(): Promise<void> {
    for (let tries = 0; this.#held !== undefined && ageOf(this.#held.asked) > this.#options.ttlMs / 2; tries += 1) {
      if (tries === MOST_BUSY_TRIES) {
        throw new ImError('store-unavailable', `The claim to the name ${this.#options.name} could not be renewed.`);
      }
      if (tries > 0) {
        await sleep(BUSY_MS);
      }
      await this.#ask();
    }
    if (this.#held === undefined) {
      throw new LeaseLost();
    }
  }

  /** For the readiness probe. @throws Error with the reason while the name is not this run's */
  async check(): Promise<void> {
    const { name, ttlMs } = this.#options;
    if (this.#held !== undefined && ageOf(this.#held.asked) > ttlMs) {
      throw new Error(`The claim to the name ${name} has run out, and could not be renewed yet.`);
    }
    if (this.#held === undefined) {
      throw new Error(
        this.#rival === undefined
          ? `The name ${name} is not claimed yet.`
          : `The name ${name} belongs to another daemon, ${this.#rivalText(this.#rival)}. Nothing is begun here.`,
      );
    }
  }

  /** Gives the name back. Everything that was taken under it must have been given back before. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#keeping;
    await this.#asking?.catch(() => undefined);
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) {
      await this.#options.store.releaseLease(held.lease).catch((error: unknown) => {
        // It runs out by itself.
        this.#options.logger.warn(`The name ${this.#options.name} could not be given back: ${errorText(error)}`);
      });
    }
  }

  async #keep(): Promise<void> {
    const { signal } = this.#closing;
    for (;;) {
      await pauseUnlessAborted(this.#held === undefined ? LOOK_MS : Math.floor(this.#options.ttlMs / 3), signal);
      if (signal.aborted || this.#isRefused) {
        return;
      }
      await this.#look();
    }
  }

  /** A try of which nobody hears: what goes wrong is said once, as long as it is the same. */
  async #look(): Promise<void> {
    try {
      await this.#ask();
      this.#trouble = undefined;
    } catch (error) {
      if (this.#trouble !== errorText(error)) {
        this.#trouble = errorText(error);
        const { name, logger } = this.#options;
        logger.warn(`The claim to the name ${name} could not be looked after: ${errorText(error)}`);
      }
    }
  }

  /** One try to get or renew the name, however many ask for it. */
  #ask(): Promise<void> {
    this.#asking ??= this.#askStore().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #askStore(): Promise<void> {
    const { store, instance, ttlMs, hasEnded } = this.#options;
    const asked = present();
    let standing: Lease | undefined;
    const lease = await store.acquireLease(this.#key, instance, ttlMs, (other) => {
      standing = other;
      return hasEnded(other.holder);
    });
    if (lease !== undefined) {
      this.#take(lease, asked);
    } else if (standing !== undefined) {
      this.#meet(standing);
    }
    // Otherwise another daemon looked at the row at that moment: nothing is known.
  }

  #take(lease: Lease, asked: Moment): void {
    const { name, logger } = this.#options;
    const before = this.#held;
    this.#held = { lease, asked };
    if (before !== undefined && before.lease.fencing !== lease.fencing) {
      logger.warn(`Another daemon had the name ${name} meanwhile.`);
      this.#lose();
    }
    if (this.#rival !== undefined) {
      logger.info(`The name ${name} is free now, and was taken: ${this.#rivalText(this.#rival)} has ended.`);
      this.#rival = undefined;
    }
  }

  /** Another run has the name. */
  #meet(standing: Lease): void {
    const { name, ttlMs, logger } = this.#options;
    const now = performance.now();
    const rival = this.#rival;
    if (rival === undefined) {
      this.#rival = { since: now, standing, renewedAt: undefined };
    } else if (rival.standing.holder !== standing.holder || rival.standing.expiresAt !== standing.expiresAt) {
      rival.standing = standing;
      rival.renewedAt = now;
    }
    const who = this.#options.describe(standing.holder);
    if (this.#held !== undefined) {
      this.#held = undefined;
      this.#lose();
      this.#end(`Another daemon, ${who}, took the name ${name} while this one did not renew its claim to it.`);
    } else if (rival === undefined) {
      logger.warn(
        `The name ${name} belongs to another daemon, ${who}, which may have died: nothing is begun until that is known, within ${Math.ceil(ttlMs / 1000)} s or little more.`,
      );
    } else if (now - rival.since >= ttlMs && rival.renewedAt !== undefined && now - rival.renewedAt < ttlMs / 2) {
      this.#end(`NODE_NAME ${name} is in use: another daemon, ${who}, has that name on this database, and is alive.`);
    }
  }

  #lose(): void {
    for (const listener of this.#onLost) {
      listener();
    }
  }

  #end(what: string): void {
    this.#isRefused = true;
    this.#refuse(
      new ImError(
        'incorrect-state',
        `${what} Daemons that share a database need names of their own: set NODE_NAME in im.cfg, or IM_NODE_NAME in the environment, to another name for one of them, or stop the other one first.`,
      ),
    );
  }

  #rivalText({ standing }: Rival): string {
    return this.#options.describe(standing.holder);
  }
}
