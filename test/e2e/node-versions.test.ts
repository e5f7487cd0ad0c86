// SPDX-License-Identifier: Apache-2.0
// The daemon on the other lines of Node that it is to run on: native modules load, and nothing ends the process when their objects are collected.
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { linesOf, type RestUser, TestDaemon, userLine } from '../support/daemon.js';
import { needPeers, otherNode } from '../support/peers.js';

const VMS = 20;
const run = promisify(execFile);
const DOCUMENT = `network private ()
system node (net_interface.0.connection = 'private' and cpu.count >= 1)
contextualize ()
deploy node ${VMS}
`;

for (const name of ['Node 22', 'Node 24'] as const) {
  describe(`the daemon on ${name}`, () => {
    let daemon: TestDaemon;
    let ana: RestUser;
    let id = '';

    before(async function () {
      await needPeers(this, name);
      daemon = await TestDaemon.prepare({}, undefined, otherNode(name));
      ana = daemon.user(userLine('ana'), 'id = dummy; type = Dummy');
      await daemon.start();
    });

    after(() => daemon?.remove());

    it('launches machines, and goes on with them after a restart', async () => {
      id = await ana.create(DOCUMENT, { isAsync: false });
      await ana.reaches(id, 'configured');
      await daemon.stop();
      await daemon.start();
      expect(await ana.vms(id)).to.have.length(VMS);
    });

    it('may collect what its SQLite driver made', async () => {
      const program = ['test/support/collect-statements.mjs', resolve('dist/store/sql/sqlite-driver.js')];
      const { stdout } = await run(otherNode(name), program, { timeout: 60_000 });
      expect(stdout).to.equal('alive\n');
    });

    it('destroys them and stops with status 0', async () => {
      expect((await ana.delete(`/infrastructures/${id}`)).status).to.equal(200);
      expect(linesOf((await ana.get('/infrastructures')).text)).to.deep.equal([]);
      expect(await daemon.stop()).to.deep.equal({ code: 0, signal: null });
    });
  });
}
