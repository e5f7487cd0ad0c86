// SPDX-License-Identifier: Apache-2.0
// What Prometheus reads, and that no label gives away whose infrastructure it is.
import { expect } from 'chai';
import { createMetrics, type Metrics } from '../../src/observability/metrics.js';

describe('metrics', () => {
  let metrics: Metrics;
  let failures: string[];
  beforeEach(() => {
    failures = [];
    metrics = createMetrics({
      version: '3.0.0',
      nodeVersion: 'v20',
      onSourceError: (metric) => failures.push(metric),
      withProcessMetrics: false,
    });
  });
  afterEach(() => metrics.close());

  const linesOf = async (name: string): Promise<readonly string[]> =>
    (await metrics.render()).split('\n').filter((line) => line.startsWith(name));

  it('count and time requests by method, route and status', async () => {
    metrics.observeHttpRequest({ method: 'GET', route: '/infrastructures/:id', status: 200, seconds: 0.003 });
    metrics.observeHttpRequest({ method: 'GET', route: '/infrastructures/:id', status: 200, seconds: 0.2 });
    const lines = await linesOf('im_http_request_duration_seconds');
    expect(lines).to.include(
      'im_http_request_duration_seconds_count{method="GET",route="/infrastructures/:id",status="200"} 2',
    );
    expect(lines).to.include(
      'im_http_request_duration_seconds_bucket{le="0.005",method="GET",route="/infrastructures/:id",status="200"} 1',
    );
  });

  it('have no ids and no invented methods among the labels', async () => {
    const route = '/infrastructures/9d0cd4bc-6cb4-11f0-8c1c-0242ac110002';
    metrics.observeHttpRequest({ method: 'X-CANARY', route, status: 405, seconds: 1 });
    const text = await metrics.render();
    expect(text).to.not.include('9d0cd4bc').and.not.include('CANARY');
    expect(text).to.include('{method="other",route="other",status="405"} 1');
  });

  it('count and time operations, provider requests and queries', async () => {
    metrics.observeOperation({ kind: 'create', result: 'succeeded', seconds: 3 });
    metrics.countProviderRequest('Docker', '201');
    metrics.observeDatabaseQuery('write', 0.0002);
    expect(await linesOf('im_operations_total')).to.deep.equal([
      'im_operations_total{kind="create",result="succeeded"} 1',
    ]);
    expect(await linesOf('im_operation_duration_seconds_sum')).to.deep.equal([
      'im_operation_duration_seconds_sum{kind="create"} 3',
    ]);
    expect(await linesOf('im_provider_requests_total')).to.deep.equal([
      'im_provider_requests_total{type="Docker",code="201"} 1',
    ]);
    expect(await linesOf('im_db_query_duration_seconds_count')).to.deep.equal([
      'im_db_query_duration_seconds_count{kind="write"} 1',
    ]);
  });

  it('ask their sources at each scrape', async () => {
    let count = 2;
    metrics.use({ countVms: () => [{ state: 'running', cloudType: 'Docker', count }] });
    metrics.use({ countUnresolvedIntents: async () => 4, countSshConnections: () => [{ state: 'open', count: 1 }] });
    expect(await linesOf('im_vms')).to.deep.equal(['im_vms{state="running",cloud_type="Docker"} 2']);
    expect(await linesOf('im_intents_unresolved')).to.deep.equal(['im_intents_unresolved 4']);
    expect(await linesOf('im_ssh_connections')).to.deep.equal(['im_ssh_connections{state="open"} 1']);
    count = 3;
    expect(await linesOf('im_vms')).to.deep.equal(['im_vms{state="running",cloud_type="Docker"} 3']);
  });

  it('leave out a source that fails or that is not there, instead of telling old or invented numbers', async () => {
    expect(await linesOf('im_intents_unresolved')).to.deep.equal([]);
    let isBroken = false;
    metrics.use({
      countUnresolvedIntents: () => (isBroken ? Promise.reject(new Error('database gone')) : 1),
      countVms: () => {
        if (isBroken) throw new Error('database gone');
        return [{ state: 'off', cloudType: 'Dummy', count: 1 }];
      },
    });
    expect(await linesOf('im_intents_unresolved')).to.have.length(1);
    isBroken = true;
    expect(await linesOf('im_intents_unresolved')).to.deep.equal([]);
    expect(await linesOf('im_vms')).to.deep.equal([]);
    expect(failures).to.include.members(['im_intents_unresolved', 'im_vms']);
  });

  it('tell version and event loop lag, and are in the form that Prometheus reads', async () => {
    expect(await linesOf('im_build_info')).to.deep.equal(['im_build_info{version="3.0.0",node="v20"} 1']);
    expect(await linesOf('im_event_loop_lag_seconds')).to.have.length(3);
    expect(metrics.contentType).to.match(/^text\/plain; version=0\.0\.4/);
  });

  it('of two daemons in one process do not mix', async () => {
    const other = createMetrics({ version: 'x', nodeVersion: 'y', onSourceError: () => {} });
    other.observeOperation({ kind: 'create', result: 'failed', seconds: 1 });
    expect(await linesOf('im_operations_total{')).to.deep.equal([]);
    expect(await other.render()).to.include('process_resident_memory_bytes');
    other.close();
  });
});
