// SPDX-License-Identifier: Apache-2.0
// Accepted documents: each one is a revision of its infrastructure.

/** One accepted document. */
export interface Revision {
  readonly infrastructureId: string;
  /** 1, 2, ... inside the infrastructure. */
  readonly number: number;
  readonly kind: 'radl' | 'tosca';
  readonly operationId: string;
  /** The document's text form. */
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}
