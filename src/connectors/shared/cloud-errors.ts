// SPDX-License-Identifier: Apache-2.0
// The error texts that all connectors share (core.md §24.1).
import { badRequest, ImError } from '../../domain/index.js';

/** The call brings no authorization item for this cloud. */
export const noAuthData = (type: string): ImError => badRequest(`No auth data has been specified to ${type}.`);

/**
 * The authorization item lacks what the cloud needs.
 * @param needed names of the missing keys, as in auth.md §6
 */
export const incompleteAuthData = (type: string, needed: string): ImError =>
  badRequest(`No correct auth data has been specified to ${type}.: ${needed}`);

/** A power operation that this kind of machine does not have. */
export const operationNotSupported = (): ImError => new ImError('not-supported', 'Operation not supported');

/** An operation that this kind of cloud does not have. */
export const notSupported = (): ImError => new ImError('not-supported', 'Not supported');
