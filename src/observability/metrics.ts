// SPDX-License-Identifier: Apache-2.0
// What Prometheus can ask: the measures of the daemon, with few and bounded labels and never a user or an id.
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { withTimeout } from '../util/deadline.js';

/** One answered request. `route` is the route's template (`/infrastructures/:id`), never the path of the request. */
export interface HttpObservation {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

/** One finished operation. */
export interface OperationObservation {
  /** Kind of operation: create, add, destroy, ... */
  readonly kind: string;
  /** How it ended: succeeded, failed, cancelled. */
  readonly result: string;
  readonly seconds: number;
}

/** Virtual machines that share a state and a cloud type. */
export interface VmCount {
  readonly state: string;
  readonly cloudType: string;
  readonly count: number;
}

/** SSH connections in one state: open, idle, connecting. */
export interface SshCount {
  readonly state: string;
  readonly count: number;
}

/** Asked at each scrape; what throws or answers late is left out of that scrape. */
export interface MetricSources {
  readonly countVms?: () => Promise<readonly VmCount[]> | readonly VmCount[];
  readonly countUnresolvedIntents?: () => Promise<number> | number;
  readonly countSshConnections?: () => readonly SshCount[];
}

/** The measures; the rooms that do the work report to it, the REST room renders it. */
export interface Metrics {
  observeHttpRequest(observation: HttpObservation): void;
  observeOperation(observation: OperationObservation): void;
  /** A call to a cloud; `code` is its status or error code. */
  countProviderRequest(cloudType: string, code: string): void;
  /** A database statement; `kind` is read or write, or the name of the query. */
  observeDatabaseQuery(kind: string, seconds: number): void;
  /** Connects what is counted at scrape time; may be called again with more. */
  use(sources: MetricSources): void;
  /** The text that Prometheus reads. */
  render(): Promise<string>;
  readonly contentType: string;
  /** Stops measuring. */
  close(): void;
}

/** What the metrics are made of. */
export interface MetricsOptions {
  readonly version: string;
  readonly nodeVersion: string;
  /** Told when a source fails. */
  readonly onSourceError: (metric: string, error: unknown) => void;
  /** Also the measures of the process itself (memory, CPU, garbage collection). */
  readonly withProcessMetrics?: boolean;
}

const HTTP_BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const OPERATION_BUCKETS = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200];
const QUERY_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

// A second lock behind "never an id in a label": a caller that passes a path instead of a template.
const LOOKS_LIKE_ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}/i;

const SOURCE_TIMEOUT_MS = 2000;

function addEventLoopLag(registry: Registry): IntervalHistogram {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  const gauge = new Gauge({
    name: 'im_event_loop_lag_seconds',
    help: 'Delay of the event loop since the last scrape.',
    labelNames: ['quantile'],
    registers: [registry],
    collect: () => {
      gauge.set({ quantile: '0.5' }, delay.percentile(50) / 1e9);
      gauge.set({ quantile: '0.99' }, delay.percentile(99) / 1e9);
      gauge.set({ quantile: '1' }, delay.max / 1e9);
      delay.reset();
    },
  });
  return delay;
}

/** Makes the measures in a registry of their own, so that two daemons in one process do not mix. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  const registers = [registry];
  let sources: MetricSources = {};

  const httpDuration = new Histogram({
    name: 'im_http_request_duration_seconds',
    help: 'Time to answer a request.',
    labelNames: ['method', 'route', 'status'],
    buckets: HTTP_BUCKETS,
    registers,
  });
  const operations = new Counter({
    name: 'im_operations_total',
    help: 'Finished operations.',
    labelNames: ['kind', 'result'],
    registers,
  });
  const operationDuration = new Histogram({
    name: 'im_operation_duration_seconds',
    help: 'Time from accepting an operation to its end.',
    labelNames: ['kind'],
    buckets: OPERATION_BUCKETS,
    registers,
  });
  const providerRequests = new Counter({
    name: 'im_provider_requests_total',
    help: 'Calls to clouds by the type of cloud and the code of the answer.',
    labelNames: ['type', 'code'],
    registers,
  });
  const queryDuration = new Histogram({
    name: 'im_db_query_duration_seconds',
    help: 'Time of a database statement.',
    labelNames: ['kind'],
    buckets: QUERY_BUCKETS,
    registers,
  });
  new Gauge({ name: 'im_build_info', help: 'Version of the daemon.', labelNames: ['version', 'node'], registers }).set(
    { version: options.version, node: options.nodeVersion },
    1,
  );
  const delay = addEventLoopLag(registry);
  if (options.withProcessMetrics ?? true) collectDefaultMetrics({ register: registry });

  /** Fills a gauge from its source; without one, or when it fails, the gauge is empty rather than showing an old number. */
  const fill = async <T>(
    metric: string,
    ask: (() => Promise<T> | T) | undefined,
    empty: () => void,
    set: (answer: T) => void,
  ): Promise<void> => {
    if (!ask) return empty();
    try {
      const answer = await withTimeout({ timeoutMs: SOURCE_TIMEOUT_MS, what: metric }, ask);
      empty();
      set(answer);
    } catch (error) {
      empty();
      options.onSourceError(metric, error);
    }
  };

  const vms = new Gauge({
    name: 'im_vms',
    help: 'Virtual machines by state and type of cloud.',
    labelNames: ['state', 'cloud_type'],
    registers,
    collect: async () => {
      const { countVms } = sources;
      await fill(
        'im_vms',
        countVms,
        () => vms.reset(),
        (counts) => {
          for (const { state, cloudType, count } of counts) vms.set({ state, cloud_type: cloudType }, count);
        },
      );
    },
  });
  const intents = new Gauge({
    name: 'im_intents_unresolved',
    help: 'Provider calls that were announced and whose outcome is not known yet.',
    registers,
    collect: async () => {
      const { countUnresolvedIntents } = sources;
      // Without labels a reset would say 0, which is a claim; only removing the value says nothing.
      const empty = () => intents.remove();
      await fill('im_intents_unresolved', countUnresolvedIntents, empty, (count) => intents.set(count));
    },
  });
  const ssh = new Gauge({
    name: 'im_ssh_connections',
    help: 'SSH connections by state.',
    labelNames: ['state'],
    registers,
    collect: async () => {
      const { countSshConnections } = sources;
      await fill(
        'im_ssh_connections',
        countSshConnections,
        () => ssh.reset(),
        (counts) => {
          for (const { state, count } of counts) ssh.set({ state }, count);
        },
      );
    },
  });

  return {
    observeHttpRequest: ({ method, route, status, seconds }) => {
      httpDuration.observe(
        {
          method: METHODS.has(method) ? method : 'other',
          route: LOOKS_LIKE_ID.test(route) ? 'other' : route,
          status: String(status),
        },
        seconds,
      );
    },
    observeOperation: ({ kind, result, seconds }) => {
      operations.inc({ kind, result });
      operationDuration.observe({ kind }, seconds);
    },
    countProviderRequest: (cloudType, code) => providerRequests.inc({ type: cloudType, code }),
    observeDatabaseQuery: (kind, seconds) => queryDuration.observe({ kind }, seconds),
    use: (more) => {
      sources = { ...sources, ...more };
    },
    render: () => registry.metrics(),
    contentType: registry.contentType,
    close: () => {
      delay.disable();
      registry.clear();
    },
  };
}
