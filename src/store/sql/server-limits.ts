// SPDX-License-Identifier: Apache-2.0
// The times that the connections to database servers have in common.

/** How long a connection may take to be made. */
export const CONNECT_TIMEOUT_MS = 5_000;

/** How long a piece of work waits for a connection of the pool. */
export const ACQUIRE_TIMEOUT_MS = 15_000;

/** After so long without use a connection is closed. */
export const IDLE_CONNECTION_MS = 10_000;

/** How long the server lets a statement wait for a row before it fails as locked; our own patience goes on after that. */
export const LOCK_WAIT_SECONDS = 2;

/**
 * How long the server keeps the locks of a transaction whose daemon sends nothing: a daemon that was stopped in the middle of a
 * transaction must not hold up the others (the gaps in a healthy one are milliseconds).
 */
export const STALLED_TRANSACTION_SECONDS = 5;
