// SPDX-License-Identifier: Apache-2.0
// Pages for operators: /health, /ready, /metrics.
import { parseAuthHeader } from '../../auth/index.js';
import { isInNetworks } from '../client-address.js';
import type { RestDependencies } from './dependencies.js';
import { type Exchange, sendReply } from './exchange.js';
import { RestProblem } from './problem.js';

/** Serves a page that is no use case. */
export type PageHandler = (exchange: Exchange, dependencies: RestDependencies) => Promise<void>;

const JSON_TYPE = 'application/json';

/** The process answers; nothing else is looked at. */
export const servesHealth: PageHandler = async (exchange, { health }) => {
  sendReply(exchange, 200, { type: JSON_TYPE, text: JSON.stringify(health.liveness()) }, 'no-store');
};

/** Requests can be served: 200, else 503. */
export const servesReadiness: PageHandler = async (exchange, { health }) => {
  const report = await health.readiness();
  const status = report.status === 'ok' ? 200 : 503;
  sendReply(exchange, status, { type: JSON_TYPE, text: JSON.stringify(report) }, 'no-store');
};

/** Prometheus metrics, for whom METRICS_ALLOWED lets in and for administrators. */
export const servesMetrics: PageHandler = async (exchange, dependencies) => {
  if (dependencies.settings.metricsAllowed === 'none') throw new RestProblem(404, 'Not Found', { code: 'not-found' });
  if (!(await mayReadMetrics(exchange, dependencies))) {
    throw new RestProblem(403, 'The metrics are for this host and for administrators only (option METRICS_ALLOWED).', {
      code: 'unauthorized',
    });
  }
  const { metrics } = dependencies;
  sendReply(exchange, 200, { type: metrics.contentType, text: await metrics.render() }, 'no-store');
};

const LOOPBACK = ['127.0.0.0/8', '::1/128'];

async function mayReadMetrics({ request }: Exchange, dependencies: RestDependencies): Promise<boolean> {
  if (dependencies.settings.metricsAllowed === 'any') return true;
  // A proxy on this host speaks for others.
  const isForwarded = ['x-forwarded-for', 'x-forwarded-host', 'forwarded', 'via'].some(
    (name) => name in request.headers,
  );
  if (!isForwarded && isInNetworks(request.socket.remoteAddress ?? '', LOOPBACK)) return true;
  const { authorization } = request.headers;
  if (authorization === undefined) return false;
  try {
    return (await dependencies.authenticator.authenticate(parseAuthHeader(authorization))).isAdmin;
  } catch {
    return false; // bad credentials open nothing; the answer is the same refusal
  }
}
