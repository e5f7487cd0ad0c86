// SPDX-License-Identifier: Apache-2.0
// Keys, quoting, archives and proxy texts of the SSH room: everything that needs no machine.
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  packTar,
  parseProxyHost,
  publicKeyOf,
  readPrivateKey,
  readTar,
  SshError,
  shellCommand,
} from '../../src/ssh/index.js';

const pem = (type: 'pkcs1' | 'pkcs8' | 'sec1') => ({ type, format: 'pem' }) as const;
const spki = { type: 'spki', format: 'pem' } as const;

describe('private keys', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'im-keys-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  /** What OpenSSH itself says the public half is. */
  const opensshPublicKey = (key: string): string => {
    const file = join(directory, 'key');
    writeFileSync(file, key, { mode: 0o600 });
    return execFileSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' }).split(' ').slice(0, 2).join(' ').trim();
  };

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ed = generateKeyPairSync('ed25519');
  const cases: Record<string, string> = {
    'RSA PKCS#1': rsa.privateKey.export(pem('pkcs1')).toString(),
    'RSA PKCS#8': rsa.privateKey.export(pem('pkcs8')).toString(),
    'ECDSA SEC 1': ec.privateKey.export(pem('sec1')).toString(),
    'ECDSA PKCS#8': ec.privateKey.export(pem('pkcs8')).toString(),
    'Ed25519 PKCS#8': ed.privateKey.export(pem('pkcs8')).toString(),
  };
  for (const [name, key] of Object.entries(cases)) {
    it(`reads ${name} with carriage returns and without final newline, and OpenSSH agrees on the public half`, () => {
      const read = readPrivateKey(key.trim().replaceAll('\n', '\r\n'));
      expect(publicKeyOf(key)).to.equal(opensshPublicKey(read));
    });
  }

  for (const type of ['rsa', 'ecdsa', 'ed25519']) {
    it(`reads an OpenSSH ${type} key`, () => {
      const file = join(directory, `openssh-${type}`);
      execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', file]);
      expect(publicKeyOf(readFileSync(file, 'utf8'))).to.equal(
        readFileSync(`${file}.pub`, 'utf8').split(' ').slice(0, 2).join(' '),
      );
    });
  }

  it('refuses what is no private key: a path, a public key, an encrypted key, nothing', () => {
    const file = join(directory, 'locked');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'passphrase', '-f', file]);
    const bad = [
      file,
      '',
      rsa.publicKey.export(spki).toString(),
      readFileSync(file, 'utf8'),
      '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----',
      'x'.repeat(100_000),
    ];
    for (const text of bad) {
      expect(() => readPrivateKey(text)).to.throw(SshError, /^Invalid private key/);
    }
  });
});

describe('shellCommand', () => {
  it('makes words that a shell reads back as they were', () => {
    const words = ['a b', "it's", '$HOME `x` "q" \\', '', '*', 'ä\nnew line', '--x=/y:1,2'];
    const output = execFileSync('sh', ['-c', shellCommand('printf', '%s\\0', ...words)], { encoding: 'utf8' });
    expect(output.split('\0').slice(0, -1)).to.deep.equal(words);
  });
});

describe('packTar', () => {
  it('writes what tar unpacks, long paths and modes included', () => {
    const directory = mkdtempSync(join(tmpdir(), 'im-tar-'));
    const long = `${'d'.repeat(90)}/${'e'.repeat(60)}/${'f'.repeat(95)}`;
    const longer = `${'g'.repeat(200)}/${'ä'.repeat(60)}`;
    const archive = packTar([
      { path: 'sub', mode: 0o700 },
      { path: 'sub/text', content: 'äöü', mode: 0o600 },
      { path: 'empty', content: '', mode: 0o644 },
      { path: long, content: Buffer.alloc(1024, 7), mode: 0o755 },
      { path: longer, content: 'longer', mode: 0o644 },
      { path: 'sub/link', linkTo: 'text', mode: 0o777 },
    ]);
    execFileSync('tar', ['-xpf', '-', '-C', directory], { input: archive });
    expect(readFileSync(join(directory, 'sub/text'), 'utf8')).to.equal('äöü');
    expect(statSync(join(directory, 'sub')).mode & 0o777).to.equal(0o700);
    expect(statSync(join(directory, 'sub/text')).mode & 0o777).to.equal(0o600);
    expect(statSync(join(directory, 'empty')).size).to.equal(0);
    expect(readFileSync(join(directory, long)).equals(Buffer.alloc(1024, 7))).to.equal(true);
    expect(readFileSync(join(directory, longer), 'utf8')).to.equal('longer');
    expect(readFileSync(join(directory, 'sub/link'), 'utf8')).to.equal('äöü');
    const members = readTar(archive, 10);
    expect(members.map(({ path }) => path)).to.deep.equal(['sub', 'sub/text', 'empty', long, longer, 'sub/link']);
    rmSync(directory, { recursive: true });
  });

  it('refuses paths that leave the directory and links that the format cannot hold', () => {
    for (const path of ['/etc/passwd', '../x', 'a/../../b', 'a//b', '']) {
      expect(() => packTar([{ path, content: '', mode: 0o600 }]), path).to.throw(RangeError);
    }
    expect(() => packTar([{ path: 'x', linkTo: 'x'.repeat(101), mode: 0o777 }])).to.throw(RangeError);
  });
});

describe('parseProxyHost', () => {
  it('reads user, password, host and port', () => {
    expect(parseProxyHost('joe@bastion.example')).to.deep.equal({ username: 'joe', host: 'bastion.example', port: 22 });
    expect(parseProxyHost('joe:p@ss:word@10.0.0.1:2222')).to.deep.equal({
      username: 'joe',
      password: 'p@ss:word',
      host: '10.0.0.1',
      port: 2222,
    });
    expect(parseProxyHost('joe@[fe80::1]:23')).to.deep.equal({ username: 'joe', host: 'fe80::1', port: 23 });
  });

  it('refuses other texts', () => {
    for (const text of ['bastion', '@bastion', 'joe@', 'joe@h:0', 'joe@h:99999', 'joe@h:x']) {
      expect(parseProxyHost(text), text).to.equal(undefined);
    }
  });
});
