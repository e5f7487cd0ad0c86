// SPDX-License-Identifier: Apache-2.0
// The programs of a cluster: says which are missing, and turns that into an error or a loud skip.
import type { Context } from 'mocha';
import { type ClusterDatabase, clusterDatabaseProblem } from './cluster-database.js';
import { haProxyProblem } from './haproxy.js';

/** For `before` hooks; see needPeers. */
export function needClusterPeers(context: Context, database: ClusterDatabase): void {
  for (const problem of [clusterDatabaseProblem(database), haProxyProblem()]) {
    if (problem === undefined) continue;
    const text = `${context.test?.parent?.title ?? 'a suite'} cannot run: ${problem}`;
    if (process.env.IM_TEST_PEERS === 'all') throw new Error(text);
    console.warn(`**** NOT RUN: ${text} ****`);
    context.skip();
  }
}
