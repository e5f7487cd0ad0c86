// SPDX-License-Identifier: Apache-2.0
// Three daemons on one database behind the real HAProxy with the shipped configuration: stickiness, a daemon that dies, one that is
// stopped for a while, one that is there twice, and a rolling restart under load.
import { once } from 'node:events';
import http from 'node:http';
import { expect } from 'chai';
import { Cluster, type ClusterNode } from '../../support/cluster/cluster.js';
import { needClusterPeers } from '../../support/cluster/cluster-peers.js';
import { monotonicMs } from '../../support/cluster/recording-cloud.js';
import { idOf, linesOf, RestUser } from '../../support/daemon.js';
import { until, untilItWorks } from '../../support/waiting.js';
import { AUTHORIZATION, machines, more } from './documents.js';

/** LEASE_SECONDS by default, and what a look-out needs: the promise is 30 s. */
const TAKE_OVER_MS = 30_000;

describe('three daemons behind HAProxy', function () {
  this.timeout(240_000);
  let cluster: Cluster;
  let user: RestUser;
  let delayMs = 0;

  before(async function () {
    needClusterPeers(this, 'mariadb');
    this.timeout(180_000);
    cluster = await Cluster.start({ database: 'mariadb', daemons: 3 });
    cluster.cloud.behaviour.delayMs = () => delayMs;
    user = new RestUser(cluster.url, AUTHORIZATION);
  });
  after(() => cluster?.destroy());
  afterEach(() => {
    delayMs = 0;
  });

  /** The server to which the proxy sends what concerns an infrastructure. */
  const serverOf = async (id: string): Promise<ClusterNode> => {
    const table = await cluster.proxy.command('show table im_rest');
    const name = new RegExp(`key=${id} .*server_key=(\\w+)`).exec(table)?.[1];
    const node = cluster.nodes.find((one) => one.name === name);
    if (node === undefined) throw new Error(`no entry of ${id} in ${table}`);
    return node;
  };

  /** The daemon that has the lease of an infrastructure, as far as the daemons have told. */
  const holderOf = (id: string): ClusterNode | undefined => {
    const last = cluster.cloud.reports.filter(
      ({ infrastructureId, kind }) => infrastructureId === id && kind === 'acquired',
    );
    return cluster.nodes.find(({ name }) => name === last.at(-1)?.node);
  };

  /** Requests that each server of a backend has got, without health checks. */
  const requestsOf = async (backend: string): Promise<ReadonlyMap<string, number>> => {
    const [head = '', ...rows] = (await cluster.proxy.command('show stat')).trim().split('\n');
    const columns = head.replace(/^# /, '').split(',');
    const [proxy, server, total] = ['pxname', 'svname', 'stot'].map((name) => columns.indexOf(name));
    return new Map(
      rows
        .map((row) => row.split(','))
        .filter((row) => row[proxy ?? 0] === backend && (row[server ?? 1] ?? '').startsWith('im'))
        .map((row) => [row[server ?? 1] ?? '', Number(row[total ?? 7])]),
    );
  };

  const expectWhole = async (id: string): Promise<void> => {
    const vms = await cluster.store.listVms(id);
    expect(vms.map(({ providerId }) => providerId)).to.have.members(cluster.cloud.living(id).map((one) => one.id));
  };

  /** An infrastructure of one machine that sticks to the daemon. */
  const createAt = async (node: ClusterNode): Promise<string> => {
    let id = '';
    await until(
      async () => {
        id = await user.create(machines(1), { isAsync: false });
        return (await serverOf(id)) === node;
      },
      `an infrastructure at ${node.name}`,
      60_000,
    );
    return id;
  };

  const everybodyUp = (): Promise<void> =>
    until(async () => (await cluster.proxy.upServers()).length === 3, 'the proxy to see all daemons', 60_000);

  it('sends what concerns an infrastructure to one daemon, over REST and over XML-RPC', async () => {
    const id = await user.create(machines(1), { isAsync: false });
    const { name } = await serverOf(id);
    for (const backend of ['im_rest', 'im_xmlrpc']) {
      const before = await requestsOf(backend);
      for (let call = 0; call < 6; call += 1) {
        if (backend === 'im_rest') {
          expect((await user.state(id)).state).to.be.oneOf(['running', 'configured']);
        } else {
          expect(await vmsOverXmlRpc(cluster.proxy.xmlrpcPort, id)).to.contain('<string>0</string>');
        }
      }
      const after = await requestsOf(backend);
      const got = [...after].filter(([server, count]) => count > (before.get(server) ?? 0));
      expect(got, backend).to.deep.equal([[name, (before.get(name) ?? 0) + 6]]);
    }
    await user.delete(`/infrastructures/${id}`);
  });

  it('goes on when a daemon is killed in the middle of a launch, and launches nothing twice', async () => {
    delayMs = 200;
    const id = await user.create(machines(6));
    await until(() => cluster.cloud.living(id).length >= 2 && holderOf(id) !== undefined, 'the launch to be under way');
    const dead = holderOf(id);
    const killedAt = monotonicMs();
    await dead?.stop('SIGKILL');
    await until(
      async () => (await user.state(id)).state === 'configured',
      'another daemon to finish',
      TAKE_OVER_MS + 15_000,
    );
    const taken = cluster.cloud.reports.find(
      ({ kind, node, infrastructureId, endedAt }) =>
        kind === 'acquired' && infrastructureId === id && node !== dead?.name && endedAt > killedAt,
    );
    console.log(`    taken over ${((Number(taken?.endedAt) - killedAt) / 1000).toFixed(1)} s after kill -9`);
    expect(Number(taken?.endedAt) - killedAt).to.be.lessThan(TAKE_OVER_MS);
    expect(await user.vms(id)).to.have.length(6);
    await expectWhole(id);
    expect((await user.post(`/infrastructures/${id}?context=false`, more(1))).status).to.equal(200);
    await dead?.start();
    expect((await user.delete(`/infrastructures/${id}`)).status).to.equal(200);
    expect(cluster.cloud.living(id)).to.deep.equal([]);
    await everybodyUp();
  });

  it('replaces a daemon that is stopped for a while; when it wakes it writes nothing and leaves no machine', async () => {
    delayMs = 300;
    const id = await user.create(machines(4));
    await until(() => cluster.cloud.living(id).length >= 1 && holderOf(id) !== undefined, 'the launch to be under way');
    const sleeper = holderOf(id);
    if (sleeper === undefined) throw new Error('nobody launches');
    sleeper.pause();
    const others = cluster.nodes.filter((node) => node !== sleeper).map(({ url }) => new RestUser(url, AUTHORIZATION));
    const [one, two] = others;
    if (one === undefined || two === undefined) throw new Error('three daemons are needed');
    await until(
      async () => (await one.state(id)).state === 'configured',
      'another daemon to finish',
      TAKE_OVER_MS + 15_000,
    );
    const fencing = Math.max(
      ...cluster.cloud.reports.filter((report) => report.infrastructureId === id).map((report) => report.fencing),
    );
    // What it was about to launch goes away, while it sleeps.
    expect((await two.delete(`/infrastructures/${id}`)).status).to.equal(200);
    const wokenAt = monotonicMs();
    sleeper.wake();
    await until(() => sleeper.isReady(), 'it to be ready again', 30_000);
    await until(() => /taken over by another daemon|is parked/.test(sleeper.log()), 'it to give up', 30_000);
    await until(() => cluster.cloud.living(id).length === 0, 'late machines to be removed', 30_000);
    const late = cluster.cloud.reports.filter(
      ({ kind, node, infrastructureId, endedAt }) =>
        kind === 'committed' && node === sleeper.name && infrastructureId === id && endedAt > wokenAt,
    );
    expect(late.filter((report) => report.fencing < fencing)).to.deep.equal([]);
    expect((await user.get(`/infrastructures/${id}`)).status).to.equal(404);
    await everybodyUp();
  });

  it('does not start a copy of a living daemon, which begins nothing until it ends', async () => {
    const node = cluster.node(0);
    const twin = await cluster.twinOf(node);
    await twin.configure({ LEASE_SECONDS: 5, SHUTDOWN_DRAIN_SECONDS: 0 });
    try {
      twin.launch();
      const users = new RestUser(twin.url, AUTHORIZATION);
      const anybody = new RestUser(twin.url, '');
      await untilItWorks(() => anybody.get('/version'), 'the copy to answer');
      const ready = await anybody.get('/ready');
      expect(ready.status).to.equal(503);
      expect(ready.text).to.match(/"node name","status":"failed","message":"The name im1 belongs to another daemon/);
      const id = await users.create(machines(1));
      await until(() => !twin.isRunning, 'the copy to end', 60_000);
      expect(twin.exitCode).to.equal(1);
      expect(twin.output).to.match(
        /NODE_NAME im1 is in use: another daemon, process \d+ on host \S+, has that name.*set NODE_NAME in im\.cfg/,
      );
      // What it accepted is done by the others.
      await user.reaches(id, 'configured');
      await expectWhole(id);
      expect(cluster.cloud.reports.filter(({ node: name }) => name === twin.label)).to.deep.equal([]);
      expect(await node.isReady(), node.log()).to.equal(true);
      expect((await user.delete(`/infrastructures/${id}`)).status).to.equal(200);
    } finally {
      await twin.stop('SIGKILL');
    }
  });

  it('lets a daemon that was killed go on under its name at once, as a new holder', async () => {
    const node = cluster.node(0);
    // Nobody can wait for the end of such a lease.
    await node.configure({ LEASE_SECONDS: 3600 });
    await node.stop('SIGTERM');
    await node.start();
    delayMs = 200;
    const direct = new RestUser(node.url, AUTHORIZATION);
    const id = await direct.create(machines(6));
    await until(() => cluster.cloud.living(id).length >= 2 && holderOf(id) !== undefined, 'the launch to be under way');
    await node.stop('SIGKILL');
    const before = cluster.cloud.reports.length;
    await node.start();
    await direct.reaches(id, 'configured');
    expect(await direct.vms(id)).to.have.length(6);
    await expectWhole(id);
    const fencings = (reports: typeof cluster.cloud.reports): readonly number[] =>
      reports.filter(({ infrastructureId }) => infrastructureId === id).map(({ fencing }) => fencing);
    expect(Math.min(...fencings(cluster.cloud.reports.slice(before)))).to.be.greaterThan(
      Math.max(...fencings(cluster.cloud.reports.slice(0, before))),
    );
    expect((await direct.delete(`/infrastructures/${id}`)).status).to.equal(200);
    // It counts from the restart in the next test on.
    await node.configure({ LEASE_SECONDS: 20 });
    await everybodyUp();
  });

  it('loses no request in a rolling restart', async () => {
    delayMs = 40;
    const failures: string[] = [];
    const owned = new Map<string, Set<number>>();
    let calls = 0;
    let isOver = false;
    const check = (what: string, isGood: boolean, text: string): void => {
      calls += 1;
      if (!isGood) failures.push(`${what}: ${text}`);
    };
    const work = async (): Promise<void> => {
      const client = new RestUser(cluster.url, AUTHORIZATION);
      while (!isOver) {
        const created = await client.post('/infrastructures', machines(1));
        check('create', created.status === 200, created.text);
        const id = idOf(created.text);
        const numbers = new Set([0]);
        for (let round = 0; round < 3; round += 1) {
          const added = await client.post(`/infrastructures/${id}?context=false`, more(1));
          check('add', added.status === 200, added.text);
          const [number] = linesOf(added.text).map((uri) => Number(idOf(uri)));
          check('number', number !== undefined && !numbers.has(number), `${number} after ${[...numbers].join()}`);
          numbers.add(number ?? -1);
          const shown = await client.get(`/infrastructures/${id}`);
          const listed = linesOf(shown.text).map((uri) => Number(idOf(uri)));
          check('list', String(listed) === String([...numbers]), `${shown.status} ${listed} and not ${[...numbers]}`);
        }
        const removed = await client.delete(`/infrastructures/${id}/vms/0?context=false`);
        check('remove', removed.status === 200, removed.text);
        numbers.delete(0);
        owned.set(id, numbers);
        if (owned.size % 2 === 0) {
          const destroyed = await client.delete(`/infrastructures/${id}`);
          check('destroy', destroyed.status === 200, destroyed.text);
          owned.delete(id);
        }
      }
    };
    const clients = Promise.all(
      Array.from({ length: 4 }, () =>
        work().catch((error: unknown) =>
          failures.push(`no answer: ${String(error)} ${String((error as Error).cause)}`),
        ),
      ),
    );
    const restart = async (node: ClusterNode): Promise<void> => {
      const id = await createAt(node);
      const rest = await beginPost(`${cluster.url}/infrastructures/${id}?context=false`, more(1));
      const exits = node.exits;
      const ending = node.stop('SIGTERM');
      await until(() => node.exits > exits, 'it to hear the signal', 30_000);
      // The proxy had given it this request before, and cannot give it to another one.
      const late = await rest();
      check('add to the daemon that stops', late.status === 200, late.text);
      expect(await ending, node.output).to.equal(0);
      await node.start();
      await everybodyUp();
      const shown = await user.vms(id);
      check('list after it', String(shown) === '0,1', String(shown));
    };
    try {
      for (const node of cluster.nodes) await restart(node);
    } finally {
      isOver = true;
      await clients;
    }
    expect(failures, `${failures.length} of ${calls} calls`).to.deep.equal([]);
    console.log(`    ${calls} answers, all right`);
    for (const [id, numbers] of owned) {
      expect((await cluster.store.listVms(id)).map(({ number }) => number)).to.have.members([...numbers]);
      await expectWhole(id);
    }
  });
});

/**
 * Sends the head of a request and waits until a daemon has it and asks for the body.
 * @returns sends the body and gives the answer
 */
async function beginPost(url: string, body: string): Promise<() => Promise<{ status: number; text: string }>> {
  const request = http.request(url, {
    method: 'POST',
    agent: false,
    headers: {
      Authorization: AUTHORIZATION,
      'Content-Type': 'text/plain',
      'Content-Length': Buffer.byteLength(body),
      Expect: '100-continue',
    },
  });
  request.flushHeaders();
  await once(request, 'continue');
  return async () => {
    const answered = once(request, 'response');
    request.end(body);
    const [response] = (await answered) as [http.IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') };
  };
}

async function vmsOverXmlRpc(port: number, id: string): Promise<string> {
  const member = (name: string, value: string): string =>
    `<member><name>${name}</name><value><string>${value}</string></value></member>`;
  const auth = ['type,InfrastructureManager', 'username,ana', 'password,password of ana']
    .map((pair) => pair.split(','))
    .map(([name = '', value = '']) => member(name, value))
    .join('');
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    headers: { 'Content-Type': 'text/xml' },
    body: `<?xml version='1.0'?>\n<methodCall>\n<methodName>GetInfrastructureInfo</methodName>\n<params>\n<param>\n<value><string>${id}</string></value>\n</param>\n<param>\n<value><array><data><value><struct>${auth}</struct></value></data></array></value>\n</param>\n</params>\n</methodCall>\n`,
  });
  return response.text();
}
