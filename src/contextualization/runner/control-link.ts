// SPDX-License-Identifier: Apache-2.0
// The one connection of a run to its control node (master VM or external Ansible host): kept, and made again when it breaks.
import type { SshConnection } from '../../ssh/index.js';
import { againWhenLost } from './lost-connection.js';

/** A connection that comes back. */
export interface ControlLink {
  /** VM number of the master; null for an external Ansible host. */
  readonly vm: number | null;
  /** The open connection, or a new one. Callers at the same time share one log-in. */
  connection(signal: AbortSignal): Promise<SshConnection>;
  /** Does something that may be done twice: it begins again on a new connection when this one is lost meanwhile. */
  use<T>(signal: AbortSignal, task: (connection: SshConnection) => Promise<T>): Promise<T>;
  close(): void;
}

/** @param open logs in once more; it has its own patience and time limit */
export function createControlLink(
  vm: number | null,
  first: SshConnection,
  open: (signal: AbortSignal) => Promise<SshConnection>,
): ControlLink {
  let current = first;
  let opening: Promise<SshConnection> | undefined;
  let isClosed = false;
  const connection = async (signal: AbortSignal): Promise<SshConnection> => {
    if (current.isOpen && !isClosed) return current;
    opening ??= open(signal)
      .then((opened) => {
        current = opened;
        if (isClosed) opened.close();
        return opened;
      })
      .finally(() => {
        opening = undefined;
      });
    return opening;
  };
  return {
    vm,
    connection,
    use: (signal, task) => againWhenLost(signal, async () => task(await connection(signal))),
    close: () => {
      isClosed = true;
      current.close();
    },
  };
}

/** The link to the control node for those who work while it is still being opened. */
export interface ControlDoor {
  /** Rejects when the control node cannot be used. */
  readonly link: Promise<ControlLink>;
  /** The link if it is there already. */
  current(): ControlLink | undefined;
}

/** A door and the two ways in which its waiting ends. */
export function createControlDoor(): {
  readonly door: ControlDoor;
  readonly open: (link: ControlLink) => void;
  readonly fail: (error: unknown) => void;
} {
  let current: ControlLink | undefined;
  let open: (link: ControlLink) => void = () => {};
  let fail: (error: unknown) => void = () => {};
  const link = new Promise<ControlLink>((resolve, reject) => {
    open = (opened) => {
      current = opened;
      resolve(opened);
    };
    fail = reject;
  });
  link.catch(() => {}); // whoever opens it has the error too
  return { door: { link, current: () => current }, open, fail };
}
