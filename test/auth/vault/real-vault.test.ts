// SPDX-License-Identifier: Apache-2.0
// The same questions to a real OpenBao or HashiCorp Vault in its development mode, where one is installed.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { until } from '../../support/waiting.js';
import { identityHouse, im, refusalOf } from '../identity-house.js';
import { startRealIssuer } from '../oidc/real-issuer.js';

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

/** A Vault in its development mode, and how to speak to it as its root. */
class DevelopmentVault {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  /** @param certificates folder for the certificate of its own authority; absent: without TLS */
  static async start(program: string, certificates?: string): Promise<DevelopmentVault> {
    const address = `127.0.0.1:${await freePort()}`;
    const tls = certificates === undefined ? [] : ['-dev-tls', `-dev-tls-cert-dir=${certificates}`];
    const development = ['-dev', '-dev-no-store-token', `-dev-root-token-id=${ROOT_TOKEN}`];
    const child = spawn(program, ['server', ...development, `-dev-listen-address=${address}`, ...tls], {
      stdio: 'ignore',
    });
    const vault = new DevelopmentVault(`${certificates === undefined ? 'http' : 'https'}://${address}`, child);
    // Behind TLS an answer to nobody in particular is enough: the refusal of the certificate.
    const isThere = () =>
      vault.ask('GET', 'sys/health').then(
        ({ ok }) => ok,
        (error: unknown) => certificates !== undefined && !/ECONNREFUSED/.test(JSON.stringify(causeOf(error))),
      );
    await until(isThere, 'the Vault', 30_000);
    return vault;
  }

  async ask(method: string, path: string, body?: object): Promise<Response> {
    return fetch(`${this.url}/v1/${path}`, {
      method,
      headers: { 'x-vault-token': ROOT_TOKEN },
      ...(body && { body: JSON.stringify(body) }),
    });
  }

  async set(method: string, path: string, body: object): Promise<void> {
    const answer = await this.ask(method, path, body);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }
}

const causeOf = (error: unknown): unknown => (error instanceof Error ? error.cause : undefined);

function realVault(this: Mocha.Suite, program: string): void {
  this.timeout(60_000);
  let vault: DevelopmentVault;
  let sign: (expiresIn: string, subject?: string) => Promise<string>;
  let token = '';

  before(async () => {
    vault = await DevelopmentVault.start(program);
    const { privateKey, publicKey } = await generateKeyPair('RS256');
    sign = (expiresIn, subject = '1234') =>
      new SignJWT({ iss: 'https://idp', sub: subject })
        .setProtectedHeader({ alg: 'RS256' })
        .setIssuedAt(Math.floor(Date.now() / 1000) - 7200)
        .setExpirationTime(expiresIn)
        .sign(privateKey);
    token = await sign('1h');
    const keys = { jwt_validation_pubkeys: [await exportSPKI(publicKey)], default_role: 'im' };
    await vault.set('POST', 'sys/auth/jwt', { type: 'jwt' });
    await vault.set('POST', 'auth/jwt/config', keys);
    const policy =
      'path "credentials/*" { capabilities = ["read"] } path "kv2/data/*" { capabilities = ["read"] } ' +
      'path "users/+/credentials" { capabilities = ["read"] }';
    await vault.set('PUT', 'sys/policies/acl/im', { policy });
    const role = { role_type: 'jwt', user_claim: 'sub', token_policies: ['im'] };
    await vault.set('POST', 'auth/jwt/role/im', { ...role, bound_subject: '1234' });
    await vault.set('POST', 'auth/jwt/role/oidc', { ...role, bound_audiences: ['im'] });
    await vault.set('POST', 'sys/mounts/credentials', { type: 'kv', options: { version: '1' } });
    await vault.set('POST', 'sys/mounts/users', { type: 'kv', options: { version: '1' } });
    await vault.set('POST', 'sys/mounts/kv2', { type: 'kv', options: { version: '2' } });
    const secret = (id: string) => ({ c: JSON.stringify({ id, type: 'Dummy' }) });
    await vault.set('POST', 'credentials/1234', secret('first'));
    await vault.set('POST', 'users/1234/credentials', secret('third'));
    // A new engine of version 2 needs a moment before it takes secrets.
    await until(async () => (await vault.ask('POST', 'kv2/data/1234', { data: secret('second') })).ok, 'the engine');
  });
  after(() => vault.stop());

  const call = (item: Record<string, string>) =>
    identityHouse().authenticator.authenticate([
      im({ username: 'u' }),
      { type: 'Vault', host: vault.url, token, ...item },
    ]);
  const ids = async (item: Record<string, string>) => (await call(item)).clouds.map(({ id }) => id);
  const path = '#USER_SUB#';

  it('gives credentials from both versions of the engine', async () => {
    expect(await ids({ path })).to.deep.equal(['first']);
    expect(await ids({ path, mount_point: 'kv2', role: 'im' })).to.deep.equal(['second']);
  });

  it('knows the forms of mounts and paths', async () => {
    expect(await ids({ path: `/${path}/`, mount_point: '/credentials/' })).to.deep.equal(['first']);
    expect(await ids({ path: `${path}/credentials`, mount_point: 'users' })).to.deep.equal(['third']);
    expect(await ids({ path: '1234/other', mount_point: 'users' })).to.deep.equal([]);
    expect(await ids({ path: '1234', mount_point: 'nowhere' })).to.deep.equal([]);
  });

  it('finds the secret of the entity that the Vault made at the login', async () => {
    // Old style: the path is the mount, the secret has the id of the entity.
    expect(await ids({ path: 'credentials/' })).to.deep.equal([]);
    const listed = await (await vault.ask('GET', 'identity/entity/id?list=true')).text();
    for (const id of JSON.parse(listed).data.keys)
      await vault.set('POST', `credentials/${id}`, { c: '{"id":"mine","type":"Dummy"}' });
    expect(await ids({ path: 'credentials/' })).to.deep.equal(['mine']);
    expect(await ids({})).to.deep.equal(['mine']);
  });

  it('refuses another role, an expired token and a foreign one, and shows none of them', async () => {
    const foreign = await generateKeyPair('RS256');
    const forged = await new SignJWT({ sub: '1234', exp: 4_102_444_800 })
      .setProtectedHeader({ alg: 'RS256' })
      .sign(foreign.privateKey);
    for (const [item, secret] of [
      [{ role: 'root' }, token],
      [{ token: await sign('-1h') }, 'eyJ'],
      [{ token: await sign('1h', '99') }, 'eyJ'],
      [{ token: forged }, forged],
    ] as const) {
      const { message } = await refusalOf(call(item));
      expect(message)
        .to.match(/^Error getting Vault token: 4\d\d - \{"errors":/)
        .and.not.to.contain(secret);
    }
  });

  it('takes tokens of the certified issuer, which it asks for its keys itself', async () => {
    const issuer = await startRealIssuer([{ sub: '1234', preferred_username: 'ana' }]);
    try {
      await vault.set('POST', 'auth/jwt/config', { oidc_discovery_url: issuer.url, default_role: 'oidc' });
      // Its userinfo answers opaque tokens only; the signature of these says enough.
      const house = identityHouse({
        oidcIssuers: [issuer.url],
        oidcLocalVerification: true,
        vaultUrl: vault.url,
        vaultPath: path,
      });
      const jwt = await issuer.jwtToken('1234', 'im');
      const { clouds, owners } = await house.call(`Bearer ${jwt}`);
      expect(clouds.map(({ id }) => id)).to.deep.equal(['first']);
      expect(owners[0].password).to.equal(`${issuer.url}/1234`);
      const other = await issuer.jwtToken('1234', 'somebody');
      expect((await refusalOf(house.call(`Bearer ${other}`))).message).to.match(/^Error getting Vault token: 400/);
    } finally {
      await issuer.close();
    }
  });

  it('is not believed under a certificate of an authority that nobody knows', async () => {
    const certificates = await mkdtemp(join(tmpdir(), 'im-vault-'));
    const secured = await DevelopmentVault.start(program, certificates);
    try {
      const item = { type: 'Vault', host: secured.url, token };
      const house = (verifySsl: boolean) => identityHouse({ verifySsl }).authenticator;
      const refusal = await refusalOf(house(true).authenticate([im({ username: 'u' }), item]));
      expect(refusal.message).to.match(/^Error getting Vault token: .*certificate/);
      // Nothing is set up in it: its answer shows that it was reached.
      const reached = await refusalOf(house(false).authenticate([im({ username: 'u' }), item]));
      expect(reached.message).to.match(/^Error getting Vault token: 4\d\d/);
    } finally {
      await secured.stop();
      await rm(certificates, { recursive: true });
    }
  });

  it('says that it is sealed', async () => {
    await vault.set('PUT', 'sys/seal', {});
    expect((await refusalOf(call({ path }))).message).to.match(/^Error getting Vault token: 503 - .*sealed/);
  });
}

const program = installedProgram();
if (program === undefined) {
  // Building it from its Go module takes ten minutes of two cores, so not even IM_TEST_PEERS=all asks for it (docs/development.md).
  console.warn('**** NOT RUN: a real Vault needs the program bao (OpenBao) or vault on the PATH ****');
} else {
  describe('a real Vault', function () {
    realVault.call(this, program);
  });
}
