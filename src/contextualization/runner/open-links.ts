// SPDX-License-Identifier: Apache-2.0
// The links of a run to its control nodes: one to the master, or one to each external Ansible host (contextualization.md §4).
import type { ControlLink } from './control-link.js';

/** Links by control key (see `controlKeys`). */
export interface OpenLinks {
  add(key: string, link: ControlLink): void;
  get(key: string): ControlLink | undefined;
  all(): readonly ControlLink[];
  close(): void;
}

/** None at first. */
export function createOpenLinks(): OpenLinks {
  const links = new Map<string, ControlLink>();
  return {
    add: (key, link) => void links.set(key, link),
    get: (key) => links.get(key),
    all: () => [...links.values()],
    close: () => {
      for (const link of links.values()) link.close();
    },
  };
}
