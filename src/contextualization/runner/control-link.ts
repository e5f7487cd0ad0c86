// SPDX-License-Identifier: Apache-2.0
// The one connection of a run to its control node (master VM or external Ansible host): kept, and made again when it breaks.
import type { SshConnection } from '../../ssh/index.js';

/** A connection that comes back. */
export interface ControlLink {
  /** VM number of the master; null for an external Ansible host. */
  readonly vm: number | null;
  /** The open connection, or a new one. Callers at the same time share one log-in. */
  connection(signal: AbortSignal): Promise<SshConnection>;
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
  return {
    vm,
    connection: async (signal) => {
      if (current.isOpen && !isClosed) return current;
      opening ??= open(signal)
        .then((connection) => {
          current = connection;
          if (isClosed) connection.close();
          return connection;
        })
        .finally(() => {
          opening = undefined;
        });
      return opening;
    },
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
