// SPDX-License-Identifier: Apache-2.0
// Docker over TLS with client certificates (docker.md §7, number 2): the real engine behind a TLS door that asks for them.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { VmReference } from '../../../src/connectors/index.js';
import { parseRadl } from '../../../src/radl/index.js';
import { never } from '../support.js';
import { connectDocker, requireEngine } from './engine.js';
import { type EngineProxy, openTlsProxy } from './engine-proxy.js';

describe('Docker over TLS', function () {
  this.timeout(60_000);
  let folder: string;
  let proxy: EngineProxy;

  const file = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  };

  before(async function () {
    await requireEngine(this);
    folder = mkdtempSync(join(tmpdir(), 'im-tls-'));
    const selfSigned = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1'];
    openssl(...selfSigned, '-subj', '/CN=127.0.0.1', '-keyout', 'server.key', '-out', 'server.pem');
    openssl(...selfSigned, '-subj', '/CN=client', '-keyout', 'client.key', '-out', 'client.pem');
    proxy = await openTlsProxy({
      key: file('server.key'),
      cert: file('server.pem'),
      // Self-signed: the client's certificate is its own authority.
      ca: file('client.pem'),
      requestCert: true,
      rejectUnauthorized: true,
    });
  });

  after(async () => {
    await proxy?.close();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  const info = parseRadl('system s ()');
  const vm: VmReference = {
    infrastructureId: 'none',
    number: 0,
    providerId: 'no-such-container',
    info,
    requested: info,
    extra: {},
    cloudState: 'running',
  };
  const observe = async (item: Record<string, string>) => {
    const parts = { protocol: 'https', server: '127.0.0.1', port: Number(proxy.address), path: '' };
    return (await connectDocker({ ...parts, item: { type: 'Docker', ...item } }).observe([vm], never))[0];
  };

  it('works with the certificate pair of the item', async () => {
    const item = { public_key: file('client.pem'), private_key: file('client.key'), verify: 'false' };
    expect(await observe(item)).to.include({ ok: true, cloudState: 'off' });
  });

  it('fails without the pair and leaves the state alone', async () => {
    const observation = await observe({ verify: 'false' });
    expect(observation).to.have.property('ok', false);
    expect(observation)
      .to.have.property('message')
      .that.matches(/^Error connecting with Docker server: /);
  });

  it('checks the certificate of the engine unless the item switches that off', async () => {
    const item = { public_key: file('client.pem'), private_key: file('client.key') };
    const observation = await observe(item);
    expect(observation).to.have.property('message').that.contains('self-signed certificate');
    expect(observation).to.have.property('message').that.does.not.contain('PRIVATE KEY');
  });
});
