// SPDX-License-Identifier: Apache-2.0
// The rules by which a caller is let in (auth.md §8): texts, user file, tokens, administrators.
import { expect } from 'chai';
import { type AuthConfig, type AuthenticatorOptions, createAuthenticator, hashPassword } from '../../src/auth/index.js';
import { type AuthItem, ImError, isGranted } from '../../src/domain/index.js';
import { type Logger, silentLogger } from '../../src/util/logger.js';

const NOW = Date.UTC(2026, 10, 20);
const OPEN: AuthConfig = { userDb: '', adminUsers: [], forceOidcAuth: false, oidcIssuers: [] };

/** A user file in memory, whose reads are counted. */
function memoryFile(text?: string) {
  const file = { text, modifiedMs: NOW - 60_000, reads: 0 };
  const missing = () => Object.assign(new Error('no such file'), { code: 'ENOENT' });
  return {
    file,
    readFile: async () => {
      file.reads += 1;
      if (file.text === undefined) throw missing();
      return file.text;
    },
    stat: async () => {
      if (file.text === undefined) throw missing();
      return { modifiedMs: file.modifiedMs, size: file.text.length, inode: 1 };
    },
  };
}

function authenticator(config: Partial<AuthConfig> = {}, more: Partial<AuthenticatorOptions> = {}) {
  const { readFile, stat } = memoryFile();
  return createAuthenticator({
    config: { ...OPEN, ...config },
    now: () => NOW,
    logger: silentLogger,
    readFile,
    stat,
    ...more,
  });
}

const im = (rest: AuthItem): AuthItem => ({ type: 'InfrastructureManager', ...rest });

const token = (claims: object): string =>
  `x.${Buffer.from(JSON.stringify({ exp: NOW / 1000 + 3600, ...claims })).toString('base64url')}.y`;

async function refusal(promise: Promise<unknown>): Promise<ImError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof ImError) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}

describe('the check of the caller', () => {
  it('lets anybody in who has a user name, when there is no user file', async () => {
    const caller = await authenticator().authenticate([
      im({ username: 'u', password: 'p' }),
      { type: 'Dummy', id: 'd' },
    ]);
    expect(caller.owners).to.deep.equal([{ username: 'u', password: 'p' }]);
    expect(caller.isAdmin).to.equal(false);
    expect(caller.clouds.map((cloud) => cloud.id)).to.deep.equal(['d']);
  });

  it('takes a missing password as none', async () => {
    const caller = await authenticator().authenticate([im({ username: 'u' })]);
    expect(caller.owners).to.deep.equal([{ username: 'u' }]);
  });

  it('makes an owner of every InfrastructureManager item', async () => {
    const caller = await authenticator().authenticate([im({ username: 'u1' }), im({ username: 'u9' })]);
    expect(caller.owners.map((owner) => owner.username)).to.deep.equal(['u1', 'u9']);
  });

  const refusals: readonly [string, AuthItem[], Partial<AuthConfig>, string][] = [
    ['no item at all', [], {}, 'No credentials provided for the InfrastructureManager.'],
    ['only clouds', [{ type: 'Dummy' }], {}, 'No credentials provided for the InfrastructureManager.'],
    ['an item without name', [im({ password: 'p' })], {}, 'No username nor token for the InfrastructureManager.'],
    [
      'the prefix of OIDC users',
      [im({ username: '__OPENID__x' })],
      {},
      'Invalid username used for the InfrastructureManager.',
    ],
    [
      'no token though forced',
      [im({ username: 'u' })],
      { forceOidcAuth: true },
      'No token provided for the InfrastructureManager.',
    ],
    [
      'one bad item among good ones',
      [im({ username: 'u' }), im({})],
      {},
      'No username nor token for the InfrastructureManager.',
    ],
    [
      'a user name of nodes',
      [im({ username: '__NODE__ana' })],
      {},
      'Invalid username used for the InfrastructureManager.',
    ],
    [
      'the token of an infrastructure that nobody knows',
      [im({ token: 'im-infrastructure.0.x' })],
      { forceOidcAuth: true },
      'Invalid InfrastructureManager credentials',
    ],
    [
      'the token of a machine, which opens its command only',
      [im({ token: 'im-call-home.x' })],
      {},
      'Invalid InfrastructureManager credentials',
    ],
    [
      'an expired token',
      [im({ token: token({ exp: 1 }) })],
      {},
      'Invalid InfrastructureManager credentials. OIDC auth Token expired.',
    ],
    [
      'a token without expiry',
      [im({ token: token({ exp: null }) })],
      {},
      'Invalid InfrastructureManager credentials. OIDC auth Error getting token info.',
    ],
    [
      'a token of another issuer',
      [im({ token: token({ iss: 'https://alien/' }) })],
      { oidcIssuers: ['https://idp/'] },
      'Invalid InfrastructureManager credentials. Issuer not accepted.',
    ],
  ];
  for (const [what, items, config, text] of refusals) {
    it(`refuses ${what}`, async () => {
      const error = await refusal(authenticator(config).authenticate(items));
      expect(error.message).to.equal(text);
      expect(error.code).to.equal('invalid-credentials');
    });
  }

  it('says what is wrong with an opaque token, without quoting it', async () => {
    const error = await refusal(authenticator().authenticate([im({ token: 'CANARY' })]));
    expect(error.message).to.match(/^Error trying to decode OIDC auth token: /);
    expect(error.message).not.to.contain('CANARY');
    expect(error.code).to.equal('bad-request');
  });

  it('hands a token of an accepted issuer to the verifier', async () => {
    const tokens = {
      verify: async (text: string) => ({
        owner: { username: '__OPENID__ann', password: 'https://idp/1', token: text },
        isAdmin: true,
      }),
    };
    const mine = token({ iss: 'https://idp/' });
    const caller = await authenticator({ oidcIssuers: ['https://idp/'] }, { tokens }).authenticate([
      im({ token: mine }),
    ]);
    expect(caller.owners).to.deep.equal([{ username: '__OPENID__ann', password: 'https://idp/1', token: mine }]);
    expect(caller.isAdmin).to.equal(true);
  });

  it('limits whoever comes with the token of an infrastructure to that one, administrators too', async () => {
    const { authenticate } = createAuthenticator({
      config: { userDb: '', adminUsers: [{ username: 'root', password: 'r' }], forceOidcAuth: false, oidcIssuers: [] },
      now: () => 0,
      logger: silentLogger,
      readFile: async () => '',
      stat: async () => ({ modifiedMs: 0, size: 0, inode: 0 }),
      infrastructureTokens: async (token) =>
        token === 'im-infrastructure.good' ? { infrastructureId: 'i1', owner: 'ana' } : undefined,
    });
    const node = im({ token: 'im-infrastructure.good' });
    const { owners, isAdmin, onlyInfrastructure } = await authenticate([im({ username: 'root', password: 'r' }), node]);
    expect([isAdmin, onlyInfrastructure]).to.deep.equal([false, 'i1']);
    expect(owners[1]?.username).to.equal('__NODE__ana');
    expect(isGranted({ owners, isAdmin: false }, [{ username: '__NODE__ana' }])).to.equal(false);
  });

  it('knows administrators by name and password', async () => {
    const admins = authenticator({ adminUsers: [{ username: 'boss', password: 'b0ss' }] });
    expect((await admins.authenticate([im({ username: 'boss', password: 'b0ss' })])).isAdmin).to.equal(true);
    expect((await admins.authenticate([im({ username: 'boss', password: 'x' })])).isAdmin).to.equal(false);
    expect((await admins.authenticate([im({ username: 'boss' })])).isAdmin).to.equal(false);
    expect((await admins.authenticate([im({ username: 'u', password: 'p', admin: 'true' })])).isAdmin).to.equal(false);
  });

  it('leaves a Vault item out of the clouds, with a warning', async () => {
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (message) => warnings.push(message) };
    const caller = await authenticator({}, { logger }).authenticate([
      im({ username: 'u' }),
      { type: 'Vault', token: 'CANARY' },
    ]);
    expect(caller.clouds).to.deep.equal([]);
    expect(warnings).to.have.length(1);
    expect(warnings[0]).not.to.contain('CANARY');
  });
});

describe('the user file', () => {
  const USERS = JSON.stringify({ users: [{ username: 'u1', password: 'p1' }, { username: 'open' }] });
  const withFile = (text: string | undefined, logger: Logger = silentLogger) => {
    const memory = memoryFile(text);
    const { readFile, stat, file } = memory;
    const clock = { now: NOW };
    const check = authenticator({ userDb: '/users.json' }, { readFile, stat, logger, now: () => clock.now });
    const enters = async (username: string, password?: string): Promise<boolean> => {
      try {
        await check.authenticate([im({ username, ...(password === undefined ? {} : { password }) })]);
        return true;
      } catch (error) {
        expect(error).to.be.instanceOf(ImError).with.property('message', 'Invalid InfrastructureManager credentials');
        return false;
      }
    };
    return { enters, file, clock, check };
  };

  it('lets in only who is listed with that password', async () => {
    const { enters } = withFile(USERS);
    expect(await enters('u1', 'p1')).to.equal(true);
    expect(await enters('u1', 'bad')).to.equal(false);
    expect(await enters('u1')).to.equal(false);
    expect(await enters('nobody', 'p1')).to.equal(false);
    expect(await enters('open')).to.equal(true);
    expect(await enters('open', '')).to.equal(false);
  });

  it('takes edits at once, and does not read an unchanged file again', async () => {
    const { enters, file } = withFile(USERS);
    expect(await enters('u1', 'p1')).to.equal(true);
    expect(await enters('u1', 'p1')).to.equal(true);
    expect(file.reads).to.equal(1);
    file.text = USERS.replace('p1', 'p2');
    file.modifiedMs += 1;
    expect(await enters('u1', 'p1')).to.equal(false);
    expect(await enters('u1', 'p2')).to.equal(true);
  });

  it('reads again a file whose stamp is too young to be trusted', async () => {
    const { enters, file, clock } = withFile(USERS);
    file.modifiedMs = NOW - 1;
    expect(await enters('u1', 'p1')).to.equal(true);
    file.text = USERS.replace('p1', 'p2'); // same size, same stamp
    expect(await enters('u1', 'p2')).to.equal(true);
    clock.now += 10_000;
    await enters('u1', 'p2');
    const { reads } = file;
    await enters('u1', 'p2');
    expect(file.reads).to.equal(reads);
  });

  it('reads again when told to', async () => {
    const { enters, file, check } = withFile(USERS);
    await enters('u1', 'p1');
    check.reload();
    await enters('u1', 'p1');
    expect(file.reads).to.equal(2);
  });

  it('takes hashed passwords', async () => {
    const hash = await hashPassword('s3cret', new Uint8Array(16).fill(7));
    const { enters } = withFile(JSON.stringify({ users: [{ username: 'h', password: hash }] }));
    expect(await enters('h', 's3cret')).to.equal(true);
    expect(await enters('h', 's3cret')).to.equal(true);
    expect(await enters('h', 'other')).to.equal(false);
    expect(await enters('h', hash)).to.equal(false);
  });

  const broken: readonly [string, string | undefined, string][] = [
    ['is missing', undefined, 'User DB file /users.json not found'],
    ['is no JSON', '{"users": [{"password": "CANARY"', 'Incorrect format in the User DB file /users.json'],
    ['has no users', '{}', 'Incorrect format in the User DB file /users.json'],
    [
      'has a hash of unknown form',
      '{"users":[{"username":"u1","password":"$scrypt$odd"}]}',
      'Incorrect format in the User DB file /users.json',
    ],
  ];
  for (const [what, text, message] of broken) {
    it(`that ${what} lets nobody in and is reported`, async () => {
      const errors: string[] = [];
      const { enters } = withFile(text, { ...silentLogger, error: (line) => errors.push(line) });
      expect(await enters('u1', 'p1')).to.equal(false);
      expect(errors).to.deep.equal([message]);
    });
  }
});
