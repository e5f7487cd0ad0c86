// SPDX-License-Identifier: Apache-2.0
// The same questions to a real OpenBao or HashiCorp Vault in its development mode, where one is installed.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { expect } from 'chai';
import { exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { until } from '../../support/waiting.js';
import { identityHouse, im, refusalOf } from '../identity-house.js';

const ROOT_TOKEN = 'root';

/** The program that is installed; OpenBao is the free one. */
function installedProgram(): string | undefined {
  return ['bao', 'vault'].find((program) => {
    try {
      execFileSync(program, ['version'], { stdio: 'ignore', timeout: 30_000 });
      return true;
    } catch {
      return false;
    }
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('There is no free port.');
  return address.port;
}

function realVault(this: Mocha.Suite, program: string): void {
  this.timeout(60_000);
  let child: ChildProcess | undefined;
  let url = '';
  let token = '';

  const ask = async (method: string, path: string, body?: object): Promise<Response> =>
    fetch(`${url}/v1/${path}`, {
      method,
      headers: { 'x-vault-token': ROOT_TOKEN },
      ...(body && { body: JSON.stringify(body) }),
    });
  const set = async (method: string, path: string, body: object): Promise<void> => {
    const answer = await ask(method, path, body);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  };

  before(async () => {
    const address = `127.0.0.1:${await freePort()}`;
    url = `http://${address}`;
    child = spawn(
      program,
      ['server', '-dev', '-dev-no-store-token', `-dev-root-token-id=${ROOT_TOKEN}`, `-dev-listen-address=${address}`],
      { stdio: 'ignore' },
    );
    await until(
      () =>
        ask('GET', 'sys/health').then(
          ({ ok }) => ok,
          () => false,
        ),
      'the Vault',
      30_000,
    );

    const { privateKey, publicKey } = await generateKeyPair('RS256');
    token = await new SignJWT({ iss: 'https://idp', sub: '1234' })
      .setProtectedHeader({ alg: 'RS256' })
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(privateKey);
    await set('POST', 'sys/auth/jwt', { type: 'jwt' });
    await set('POST', 'auth/jwt/config', { jwt_validation_pubkeys: [await exportSPKI(publicKey)], default_role: 'im' });
    const policy = 'path "credentials/*" { capabilities = ["read"] } path "kv2/data/*" { capabilities = ["read"] }';
    await set('PUT', 'sys/policies/acl/im', { policy });
    await set('POST', 'auth/jwt/role/im', {
      role_type: 'jwt',
      user_claim: 'sub',
      bound_subject: '1234',
      token_policies: ['im'],
    });
    await set('POST', 'sys/mounts/credentials', { type: 'kv', options: { version: '1' } });
    await set('POST', 'sys/mounts/kv2', { type: 'kv', options: { version: '2' } });
    const secret = (id: string) => ({ c: JSON.stringify({ id, type: 'Dummy' }) });
    await set('POST', 'credentials/1234', secret('first'));
    // A new engine of version 2 needs a moment before it takes secrets.
    await until(async () => (await ask('POST', 'kv2/data/1234', { data: secret('second') })).ok, 'the engine');
  });
  after(async () => {
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child?.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  });
  const call = (item: Record<string, string>) =>
    identityHouse().authenticator.authenticate([im({ username: 'u' }), { type: 'Vault', host: url, token, ...item }]);

  it('gives credentials from both versions of the engine', async () => {
    const path = '#USER_SUB#';
    expect((await call({ path })).clouds.map(({ id }) => id)).to.deep.equal(['first']);
    expect((await call({ path, mount_point: 'kv2', role: 'im' })).clouds.map(({ id }) => id)).to.deep.equal(['second']);
  });

  it('has none at the path of an entity without a secret', async () => {
    expect((await call({})).clouds).to.deep.equal([]);
  });

  it('refuses another role', async () => {
    expect((await refusalOf(call({ role: 'root' }))).message).to.match(/^Error getting Vault token: 400 - \{"errors":/);
  });
}

const program = installedProgram();
if (program === undefined) {
  // No registry that CI reaches has the program, so not even IM_TEST_PEERS=all can ask for it.
  console.warn('**** NOT RUN: a real Vault needs the program bao (OpenBao) or vault on the PATH ****');
} else {
  describe('a real Vault', function () {
    realVault.call(this, program);
  });
}
