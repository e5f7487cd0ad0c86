// SPDX-License-Identifier: Apache-2.0
// The databases that several daemons can share, each as a server of its own for one cluster.
import { ferretDbProblem, startFerretDb } from '../databases/ferretdb-server.js';
import { mariaDbProblem, startMariaDb } from '../databases/mariadb-server.js';
import { postgresqlProblem, startPostgresql } from '../databases/postgresql-server.js';
import type { PrivateServer } from '../databases/private-server.js';

/** What several daemons can share. */
export const CLUSTER_DATABASES = ['mariadb', 'postgresql', 'mongodb'] as const;

/** See {@link CLUSTER_DATABASES}. */
export type ClusterDatabase = (typeof CLUSTER_DATABASES)[number];

/** A server with its DATA_DB. */
export type ClusterServer = PrivateServer & { url(database: string, options?: string): string };

const STARTERS: Readonly<
  Record<ClusterDatabase, { readonly problem: () => string | undefined; readonly start: () => Promise<ClusterServer> }>
> = {
  mariadb: { problem: mariaDbProblem, start: () => startMariaDb() },
  postgresql: { problem: postgresqlProblem, start: () => startPostgresql() },
  mongodb: { problem: ferretDbProblem, start: () => startFerretDb() },
};

/** Why there can be no such server here, or undefined. */
export const clusterDatabaseProblem = (kind: ClusterDatabase): string | undefined => STARTERS[kind].problem();

/** Starts a server. */
export const startClusterDatabase = (kind: ClusterDatabase): Promise<ClusterServer> => STARTERS[kind].start();
