// SPDX-License-Identifier: Apache-2.0
// A thousand machines of the Dummy cloud: created, read, listed and destroyed within the memory that a small host has.
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { linesOf, type RestUser, TestDaemon, userLine } from '../support/daemon.js';

const VMS = 1000;
const MOST_MEMORY_MIB = 250;

const DOCUMENT = `network public (outbound = 'yes')
network private ()
system front (net_interface.0.connection = 'public' and net_interface.1.connection = 'private' and memory.size >= 1g)
system node (net_interface.0.connection = 'private' and cpu.count >= 2 and memory.size >= 512m)
contextualize ()
deploy front 1
deploy node ${VMS - 1}
`;

/** The most memory that the process ever had, MiB. */
function peakMemory(pid: number): number {
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? Number.NaN) / 1024;
}

describe('a thousand machines', () => {
  let daemon: TestDaemon;
  let ana: RestUser;
  let id = '';
  before(async () => {
    daemon = await TestDaemon.start();
    ana = daemon.user(userLine('ana'), 'id = dummy; type = Dummy');
  });
  after(() => daemon?.remove());

  it('are created in one call', async () => {
    id = await ana.create(DOCUMENT, { isAsync: false });
    const { vms } = await ana.reaches(id, 'configured');
    expect(Object.keys(vms)).to.have.length(VMS);
    expect(new Set(Object.values(vms))).to.deep.equal(new Set(['configured']));
  });

  it('are listed, in order', async () => {
    const expected = Array.from({ length: VMS }, (_, number) => String(number));
    expect(await ana.vms(id)).to.deep.equal(expected);
    expect((await ana.get(`/infrastructures/${id}/vms/999`)).text).to.contain('system node');
  });

  it('are read by several clients at the same time', async () => {
    const reads = Array.from({ length: 20 }, (_, index) =>
      ana.get(`/infrastructures/${id}${['/state', '', '/radl', '/contmsg'][index % 4]}`),
    );
    expect((await Promise.all(reads)).map(({ status }) => status)).to.deep.equal(reads.map(() => 200));
  });

  it('survive a restart', async () => {
    const peak = peakMemory(daemon.pid);
    await daemon.stop();
    await daemon.start();
    expect((await ana.state(id)).state).to.equal('configured');
    expect(peak, 'MiB').to.be.within(1, MOST_MEMORY_MIB);
  });

  it('are destroyed in one call', async () => {
    const answer = await ana.delete(`/infrastructures/${id}`);
    expect([answer.status, answer.text]).to.deep.equal([200, '']);
    expect(linesOf((await ana.get('/infrastructures')).text)).to.deep.equal([]);
    const peak = peakMemory(daemon.pid);
    console.log(`      most memory: ${peak.toFixed(0)} MiB`);
    expect(peak, 'MiB').to.be.within(1, MOST_MEMORY_MIB);
  });
});
