// SPDX-License-Identifier: Apache-2.0
// Collects the aspects of a document that is being read, with the duplicate rule, in constant time per aspect.
import type { Aspect } from './aspects.js';
import { RadlError } from './error.js';
import { Radl } from './radl.js';

/** Adds aspects to a new document as `Radl.add` would with `ifPresent` = error. */
export class DocumentBuilder {
  readonly radl = Radl.empty();
  readonly #lines = new Map<string, number | undefined>();

  /** @throws RadlError when an aspect of the same kind and id, or a description, is there already. */
  add(aspect: Aspect): void {
    switch (aspect.kind) {
      case 'network':
        this.#claim(aspect.kind, aspect.id, aspect.line);
        this.radl.networks.push(aspect);
        return;
      case 'ansible':
        this.#claim(aspect.kind, aspect.id, aspect.line);
        this.radl.ansibleHosts.push(aspect);
        return;
      case 'system':
        this.#claim(aspect.kind, aspect.name, aspect.line);
        this.radl.systems.push(aspect);
        return;
      case 'configure':
        this.#claim(aspect.kind, aspect.name, aspect.line);
        this.radl.configures.push(aspect);
        return;
      default:
        this.radl.add(aspect);
    }
  }

  #claim(kind: string, id: string, line: number | undefined): void {
    const key = `${kind} ${id}`;
    if (this.#lines.has(key)) {
      const first = this.#lines.get(key);
      const where = first === undefined || line === undefined ? '' : ` on lines ${first} and ${line}`;
      throw new RadlError('Aspect with the same id was found.', {
        found: `${kind} '${id}'`,
        hint: `${kind} '${id}' is declared twice${where}`,
      });
    }
    this.#lines.set(key, line);
  }
}
