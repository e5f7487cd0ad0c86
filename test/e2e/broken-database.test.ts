// SPDX-License-Identifier: Apache-2.0
// A database that is locked or whose disk is full: clear answers, nothing half done, and everything goes on when the trouble is over.
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { expect } from 'chai';
import { Sqlite } from '../../src/store/sql/sqlite-driver.js';
import { type Answer, linesOf, type RestUser, TestDaemon, userLine } from '../support/daemon.js';
import { needPeers } from '../support/peers.js';
import { PythonXmlRpc } from '../support/python-xmlrpc.js';
import { until } from '../support/waiting.js';

const DUMMY_LINE = 'id = dummy; type = Dummy';
const document = (vms: number, remark = ''): string => `${remark}network net (outbound = 'yes')
system node (net_interface.0.connection = 'net')
contextualize ()
deploy node ${vms}
`;

function expectUnavailable(answer: Answer, reason: RegExp): void {
  expect([answer.status, answer.text]).to.satisfy(() => answer.status === 503 && reason.test(answer.text));
  expect(answer.headers.get('Retry-After')).to.match(/^\d+$/);
}

describe('a database that another process has locked', () => {
  let daemon: TestDaemon;
  let ana: RestUser;
  let other: Database.Database | undefined;
  before(async () => {
    daemon = await TestDaemon.start();
    ana = daemon.user(userLine('ana'), DUMMY_LINE);
  });
  after(async () => {
    other?.close();
    await daemon?.remove();
  });

  it('refuses changes with 503 while reads go on, and forgets nothing that it accepted', async () => {
    const id = await ana.create(document(2));
    await ana.reaches(id, 'configured');
    other = new Sqlite(daemon.database);
    other.exec('BEGIN IMMEDIATE');
    const python = new PythonXmlRpc(`http://127.0.0.1:${daemon.xmlrpcPort}`);
    const auth = [{ type: 'InfrastructureManager', username: 'ana', password: 'password of ana' }, { type: 'Dummy' }];
    const changes = Promise.all([
      ana.post('/infrastructures', document(1)),
      ana.post(`/infrastructures/${id}`, document(1)),
      ana.delete(`/infrastructures/${id}`),
      ana.put(`/infrastructures/${id}/vms/0/stop`),
    ]);
    const overXmlRpc = python.refusal('DestroyInfrastructure', id, auth);
    expect(await ana.state(id)).to.deep.equal({ state: 'configured', vms: { '0': 'configured', '1': 'configured' } });
    expect(linesOf((await ana.get('/infrastructures')).text)).to.have.length(1);
    for (const answer of await changes) expectUnavailable(answer, /inf\.dat is locked by another process/);
    expect(await overXmlRpc).to.match(/inf\.dat is locked by another process/);
    python.close();

    other.exec('ROLLBACK');
    expect(await ana.state(id)).to.deep.equal({ state: 'configured', vms: { '0': 'configured', '1': 'configured' } });
    expect(linesOf((await ana.get('/infrastructures')).text)).to.have.length(1);
    expect((await ana.delete(`/infrastructures/${id}`)).status).to.equal(200);
    expect((await ana.get('/infrastructures')).text).to.equal('');
  });

  it('waits for a short lock, and ends what was running under it', async () => {
    other?.exec('BEGIN IMMEDIATE');
    const waiting = ana.post('/infrastructures?async=true', document(20));
    await until(async () => (await ana.get('/infrastructures')).status === 200, 'a read');
    other?.exec('ROLLBACK');
    const answer = await waiting;
    expect(answer.status, answer.text).to.equal(200);
    const id = answer.headers.get('InfID') ?? '';
    other?.exec('BEGIN IMMEDIATE');
    expect((await ana.get(`/infrastructures/${id}`)).status).to.equal(200);
    other?.exec('ROLLBACK');
    expect(Object.keys((await ana.reaches(id, 'configured')).vms)).to.have.length(20);
    expect((await ana.delete(`/infrastructures/${id}`)).status).to.equal(200);
    expect(daemon.log()).to.not.match(/Uncaught|Unhandled/);
  });
});

describe('a full disk', () => {
  let daemon: TestDaemon;
  let ana: RestUser;
  let mounted = '';
  before(async function () {
    await needPeers(this, 'machines');
    daemon = await TestDaemon.prepare();
    const place = join(daemon.directory, 'small');
    mkdirSync(place);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', place]);
    mounted = place;
    await daemon.configure({ DATA_DB: `sqlite://${place}/inf.dat` });
    await daemon.start();
    ana = daemon.user(userLine('ana'), DUMMY_LINE);
  });
  after(async () => {
    if (daemon?.isRunning) await daemon.stop('SIGKILL');
    if (mounted !== '') execFileSync('umount', [mounted]);
    await daemon?.remove();
  });

  const filler = (): string => join(mounted, 'filler');
  /** Takes every block that is left. */
  function fill(): void {
    const file = openSync(filler(), 'w');
    try {
      for (;;) writeSync(file, Buffer.alloc(4096, 'x'));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    } finally {
      closeSync(file);
    }
  }
  // More than what the log of the database can still take in the blocks that it has.
  const large = document(1, `# ${'x'.repeat(100)}\n`.repeat(20_000));

  it('refuses changes with 503, naming the disk; what is there can be read', async () => {
    const id = await ana.create(document(2));
    await ana.reaches(id, 'configured');
    fill();
    expectUnavailable(await ana.post('/infrastructures', large), /disk is full/);
    expectUnavailable(await ana.put(`/infrastructures/${id}/reconfigure`, { body: large }), /disk is full/);
    expect(linesOf((await ana.get('/infrastructures')).text)).to.have.length(1);
    expect((await ana.state(id)).state).to.equal('configured');

    rmSync(filler());
    expect((await ana.state(id)).state).to.equal('configured');
    const next = await ana.create(document(1), { isAsync: false });
    await ana.reaches(next, 'configured');
    for (const each of [id, next]) expect((await ana.delete(`/infrastructures/${each}`)).status).to.equal(200);
    expect((await ana.get('/infrastructures')).text).to.equal('');
  });

  it('holds up what is running; it ends when there is space again, all machines or none', async () => {
    const id = await ana.create(document(150));
    fill();
    await until(() => /disk is full/.test(daemon.log()), 'the full disk to be noticed', 30_000);
    expect((await daemon.user().get('/health')).status).to.equal(200);
    expect((await ana.get(`/infrastructures/${id}/state`)).status).to.equal(200);
    rmSync(filler());
    await until(async () => ['configured', 'failed'].includes((await ana.state(id)).state), 'the end', 60_000);
    const { state, vms } = await ana.state(id);
    if (state === 'failed') expect((await ana.get(`/infrastructures/${id}/contmsg`)).text).to.match(/disk is full/);
    else expect(Object.keys(vms)).to.have.length(150);
    expect((await ana.delete(`/infrastructures/${id}`)).status).to.equal(200);
    expect((await ana.get('/infrastructures')).text).to.equal('');
    expect(daemon.log()).to.not.match(/Uncaught|Unhandled/);
  });

  it('starts again after it, with everything that was accepted', async () => {
    const id = await ana.create(document(3));
    await ana.reaches(id, 'configured');
    fill();
    await daemon.stop('SIGKILL');
    rmSync(filler());
    await daemon.start();
    expect((await ana.state(id)).state).to.equal('configured');
    expect((await ana.delete(`/infrastructures/${id}`)).status).to.equal(200);
  });
});
