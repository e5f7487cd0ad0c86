// SPDX-License-Identifier: Apache-2.0
// Why a running operation is told to stop: it is cancelled for good, or parked until the daemon runs again.

/** Abort reason: somebody does not want the operation any more. It ends as `cancelled`. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
  /** Its user cancelled it: nothing else follows that would tidy up after it. */
  readonly isOnItsOwn: boolean;

  constructor(message: string, { isOnItsOwn = false } = {}) {
    super(message);
    this.isOnItsOwn = isOnItsOwn;
  }
}

/** Abort reason: the daemon stops. The operation keeps its row and is resumed. */
export class Parked extends Error {
  override readonly name: string = 'Parked';

  constructor(message = 'The daemon is stopping; the operation goes on when it runs again.') {
    super(message);
  }
}

/** Abort reason: another daemon has the lease, and goes on with the operation. */
export class LeaseLost extends Parked {
  override readonly name = 'LeaseLost';

  constructor() {
    super('Another daemon has taken over the infrastructure, and goes on with the operation.');
  }
}
