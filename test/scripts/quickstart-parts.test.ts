// SPDX-License-Identifier: Apache-2.0
// Small parts of the quickstart: its arguments, free ports, the table of stages, its im.cfg.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { parseArguments } from '../../scripts/quickstart/arguments.js';
import { renderConfig } from '../../scripts/quickstart/daemon.js';
import { freePort, isPortFree } from '../../scripts/quickstart/free-port.js';
import { readStages, Stages } from '../../scripts/quickstart/stages.js';

describe('the arguments of the quickstart program', () => {
  it('run on containers unless hosts are asked for', () => {
    expect(parseArguments([])).to.deep.equal({ kind: 'run', machines: 'docker' });
    expect(parseArguments(['--hosts'])).to.deep.equal({ kind: 'run', machines: 'hosts' });
  });

  it('clean up when told to destroy or to stop', () => {
    expect(parseArguments(['--destroy', '--stop'])).to.deep.equal({ kind: 'clean-up', destroy: true, stop: true });
    expect(parseArguments(['--stop'])).to.deep.equal({ kind: 'clean-up', destroy: false, stop: true });
  });

  it('that are unknown are refused by name', () => {
    expect(() => parseArguments(['--now'])).to.throw('--now');
  });
});

describe('a free port', () => {
  it('is the wanted one, or the next that nobody listens on and that is not taken', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const address = server.address();
      const used = typeof address === 'object' && address !== null ? address.port : 0;
      expect(await isPortFree(used, '127.0.0.1')).to.equal(false);
      const next = await freePort(used, '127.0.0.1');
      expect(next).to.be.greaterThan(used);
      expect(await freePort(used, '127.0.0.1', [next])).to.be.greaterThan(next);
    } finally {
      server.close();
    }
  });
});

describe('the stages', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'im-stages-'));
  after(() => rmSync(directory, { recursive: true }));

  it('of the shell part are read from its file, other lines skipped', () => {
    const file = path.join(directory, 'stages.tsv');
    writeFileSync(file, 'npm packages\t1500\nnonsense\nnode image\t25000\n');
    expect(readStages(file)).to.deep.equal([
      { name: 'npm packages', milliseconds: 1500 },
      { name: 'node image', milliseconds: 25_000 },
    ]);
    expect(readStages(path.join(directory, 'none.tsv'))).to.deep.equal([]);
  });

  it('are timed, also those that fail, and summed up', async () => {
    let clock = 0;
    const stages = new Stages(
      [{ name: 'build', milliseconds: 1000 }],
      () => clock,
      () => undefined,
    );
    await stages.run('good', async () => {
      clock += 2000;
    });
    const failure = await stages
      .run('bad', async () => {
        clock += 500;
        throw new Error('no');
      })
      .catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(Error);
    expect(
      stages
        .table()
        .split('\n')
        .map((line) => line.trim().replace(/ +/g, ' ')),
    ).to.deep.equal(['build 1.0 s', 'good 2.0 s', 'bad 0.5 s', 'total 3.5 s']);
  });
});

describe('the im.cfg of the quickstart', () => {
  it('listens on loopback only', () => {
    const lines = renderConfig(8801, 8902).split('\n');
    expect(lines).to.include.members([
      'REST_ADDRESS = 127.0.0.1',
      'REST_PORT = 8801',
      'XMLRCP_ADDRESS = 127.0.0.1',
      'XMLRCP_PORT = 8902',
    ]);
  });
});
