// SPDX-License-Identifier: Apache-2.0
// Small parts of launches that every connector needs: cancelled outcomes, and which VM a token belongs to.
import { ImError } from '../../domain/index.js';
import type { LaunchOutcome, LaunchRequest } from '../connector.js';

/** The outcome of a VM that was not launched because the launch was called off. */
export const cancelledOutcome = (number: number): LaunchOutcome => ({
  number,
  ok: false,
  message: 'The launch was cancelled.',
});

/**
 * The VM of a request that a launch token was given to.
 * @throws ImError `internal` when the token is not of this request
 */
export function vmNumberOfToken(request: Pick<LaunchRequest, 'vms'>, token: string): number {
  const vm = request.vms.find((candidate) => candidate.token === token);
  if (vm === undefined) throw new ImError('internal', `The launch token ${token} is not part of the request.`);
  return vm.number;
}
