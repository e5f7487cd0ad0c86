// SPDX-License-Identifier: Apache-2.0
// Our WinRM client against a service that checks its messages, over real TLS on loopback.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { readSoap } from '../../../src/contextualization/windows/soap.js';
import {
  checkWinrm,
  runPowerShell,
  WinrmError,
  type WinrmTarget,
} from '../../../src/contextualization/windows/winrm-client.js';
import { makeCertificate } from './support/certificate.js';

const PEER = fileURLToPath(new URL('./support/winrm_peer.py', import.meta.url));
const PASSWORD = 'a:b <c>&"ü';

describe('the WinRM client', function () {
  this.timeout(60_000);
  let directory: string;
  const peers: ChildProcess[] = [];

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'im-winrm-'));
    makeCertificate(directory);
  });
  after(() => {
    for (const peer of peers) peer.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });

  const start = (scheme: 'http' | 'https'): Promise<{ port: number; log: () => string[] }> =>
    new Promise((resolve, reject) => {
      const state = join(directory, `${scheme}.json`);
      writeFileSync(state, JSON.stringify({ password: PASSWORD }));
      const peer = spawn('python3', [PEER, '0', scheme, state, join(directory, 'both.pem')], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      peers.push(peer);
      peer.once('error', reject);
      peer.once('exit', (code) => reject(new Error(`the peer ended with ${code}`)));
      let said = '';
      peer.stdout?.on('data', (data: Buffer) => {
        said += data.toString();
        const port = /listening on (\d+)/.exec(said)?.[1];
        if (port) resolve({ port: Number(port), log: () => JSON.parse(readFileSync(state, 'utf8')).log ?? [] });
      });
    });

  const target = (port: number, changes: Partial<WinrmTarget> = {}): WinrmTarget => ({
    host: '127.0.0.1',
    port,
    scheme: 'https',
    username: 'Administrator',
    password: PASSWORD,
    open: async () => connect(port, '127.0.0.1'),
    checkCertificate: async () => {},
    ...changes,
  });
  const signal = new AbortController().signal;
  const failureOf = (work: Promise<unknown>): Promise<WinrmError> =>
    work.then(
      () => expect.fail('it did not fail'),
      (error: WinrmError) => error,
    );

  for (const scheme of ['https', 'http'] as const) {
    describe(`over ${scheme}`, () => {
      let peer: Awaited<ReturnType<typeof start>>;
      before(async () => {
        peer = await start(scheme);
      });

      it('runs a command and gives its output and exit code', async () => {
        const options = { timeoutMs: 20_000, signal };
        expect(await runPowerShell(target(peer.port, { scheme }), 'whoami', '', options)).to.deep.equal({
          exitCode: 0,
          stdout: 'win-test\\administrator\r\n',
          stderr: '',
        });
        expect(
          await runPowerShell(target(peer.port, { scheme }), 'exit 3', 'x'.repeat(200_000), options),
        ).to.deep.equal({
          exitCode: 3,
          stdout: '',
          stderr: 'it failed\r\n',
        });
        expect(peer.log().filter((line) => line.startsWith('fault'))).to.deep.equal([]);
      });

      it('tells wrong credentials from everything else', async () => {
        const error = await failureOf(checkWinrm(target(peer.port, { scheme, password: 'wrong' }), signal));
        expect(error.reason).to.equal('refused');
        expect(error.message).to.contain('refused the credentials of Administrator').and.not.to.contain('wrong');
      });
    });
  }

  it('shows the certificate and stops when it is not wanted', async () => {
    const { port } = await start('https');
    const seen: string[] = [];
    await checkWinrm(target(port, { checkCertificate: async (print) => void seen.push(print) }), signal);
    expect(seen[0]).to.match(/^TLS-SHA256:[0-9A-F]{64}$/);
    const refuse = async () => {
      throw new WinrmError('protocol', 'another machine');
    };
    expect((await failureOf(checkWinrm(target(port, { checkCertificate: refuse }), signal))).message).to.equal(
      'another machine',
    );
  });

  it('tells that nobody answers, and that it is no WinRM', async () => {
    const closed = await failureOf(checkWinrm(target(1), signal));
    expect(closed.reason).to.equal('unreachable');
    const { port } = await start('http');
    const plain = await failureOf(checkWinrm(target(port, { scheme: 'https' }), signal));
    expect(plain.reason).to.equal('unreachable');
    expect(plain.message).to.contain(`No WinRM answers at https://127.0.0.1:${port}/wsman`);
  });

  it('reads messages by the names of their elements, whatever their prefixes', () => {
    expect(readSoap('<x:a xmlns:x="u"><y:B xmlns:y="v" y:Name="n">t&amp;</y:B></x:a>')).to.deep.equal([
      { name: 'B', attributes: { y: 'v', Name: 'n' }, text: 't&' },
      { name: 'a', attributes: { x: 'u' }, text: '' },
    ]);
  });
});
