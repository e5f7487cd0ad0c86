// SPDX-License-Identifier: Apache-2.0
// Why a running operation is told to stop: it is cancelled for good, or parked until the daemon runs again.

/** Abort reason: somebody does not want the operation any more. It ends as `cancelled`. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

/** Abort reason: the daemon stops, or lost the lease. The operation keeps its row and is resumed. */
export class Parked extends Error {
  override readonly name = 'Parked';

  constructor() {
    super('The daemon is stopping; the operation goes on when it runs again.');
  }
}
