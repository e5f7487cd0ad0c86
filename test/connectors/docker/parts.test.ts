// SPDX-License-Identifier: Apache-2.0
// The parts of the Docker connector that need no engine: references, endpoints, states, archives, environment.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { bootstrapCommand } from '../../../src/connectors/docker/bootstrap.js';
import { dockerEndpoint } from '../../../src/connectors/docker/credentials.js';
import { environmentVariables } from '../../../src/connectors/docker/environment-variables.js';
import { parseImageReference } from '../../../src/connectors/docker/image-reference.js';
import { containerState, serviceState } from '../../../src/connectors/docker/states.js';
import { createTar, readFirstFile } from '../../../src/connectors/docker/tar.js';
import { parseRadl } from '../../../src/radl/index.js';
import { cloud } from '../support.js';

describe('Docker image references', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const cases: readonly (readonly [string, string, string])[] = [
    ['debian', 'debian', 'latest'],
    ['debian:12', 'debian', '12'],
    ['grycap/im', 'grycap/im', 'latest'],
    ['reg:5000/x', 'reg:5000/x', 'latest'],
    ['reg.example.org:5000/team/img:2', 'reg.example.org:5000/team/img', '2'],
    [`debian@${digest}`, 'debian', digest],
    [`reg:5000/debian:12@${digest}`, 'reg:5000/debian', digest],
  ];
  for (const [text, name, tag] of cases) {
    it(`reads ${text.slice(0, 40)}`, () => {
      const reference = parseImageReference(text);
      expect([reference.name, reference.tag]).to.deep.equal([name, tag]);
    });
  }

  it('refuses what is no reference', () => {
    for (const text of ['', 'a b', ':12', 'debian:', '../x', 'debian:12?x=1', 'a@b']) {
      expect(() => parseImageReference(text), text).to.throw('not an image reference');
    }
  });
});

describe('Docker endpoints', () => {
  const endpoint = (parts: Parameters<typeof cloud>[1]) => dockerEndpoint(cloud('Docker', parts), true);

  it('has default ports and a default scheme', () => {
    expect(endpoint({ protocol: 'http', server: 'h' }).http.origin).to.equal('http://h:2375');
    expect(endpoint({ protocol: 'https', server: 'h' }).http.origin).to.equal('https://h:2376');
    expect(endpoint({ server: 'h', port: 4000 }).http.origin).to.equal('http://h:4000');
    expect(endpoint({ protocol: 'tcp', server: 'h' }).http.origin).to.equal('http://h:2375');
    expect(endpoint({ protocol: 'http', server: '2001:db8::1' }).http.origin).to.equal('http://[2001:db8::1]:2375');
  });

  it('accepts both spellings of unix sockets', () => {
    const two = endpoint({ protocol: 'unix', server: 'var', path: '/run/docker.sock' });
    const three = endpoint({ protocol: 'unix', path: '/var/run/docker.sock' });
    expect(two.http.socketPath).to.equal('/var/run/docker.sock');
    expect(three.http.socketPath).to.equal('/var/run/docker.sock');
    expect(two.server).to.equal(undefined);
  });

  it('uses a client certificate only with its key, and checks the server unless told otherwise', () => {
    const item = { type: 'Docker', public_key: 'CERT', private_key: 'KEY' };
    const both = endpoint({ protocol: 'https', server: 'h', item });
    expect(both.http.tls).to.deep.equal({ isVerified: true, certificate: 'CERT', privateKey: 'KEY' });
    const half = endpoint({ protocol: 'https', server: 'h', item: { type: 'Docker', public_key: 'CERT' } });
    expect(half.http.tls).to.deep.equal({ isVerified: true });
    const unchecked = endpoint({ protocol: 'https', server: 'h', item: { type: 'Docker', verify: 'False' } });
    expect(unchecked.http.tls).to.deep.equal({ isVerified: false });
    expect(endpoint({ protocol: 'tcp', server: 'h', item }).http.origin).to.equal('https://h:2376');
  });

  it('keeps a path and drops the slash at its end', () => {
    expect(endpoint({ protocol: 'http', server: 'h', path: '/docker/' }).http.pathPrefix).to.equal('/docker');
  });

  it('refuses items without host and unknown schemes', () => {
    expect(() => endpoint({})).to.throw('No correct auth data has been specified to Docker.: host');
    expect(() => endpoint({ protocol: 'unix' })).to.throw('No correct auth data has been specified to Docker.');
    expect(() => endpoint({ protocol: 'ssh', server: 'h' })).to.throw('ssh://');
  });
});

describe('Docker states', () => {
  it('follow the table', () => {
    const words = ['created', 'restarting', 'running', 'paused', 'exited', 'dead', 'removing', 'new word'];
    expect(words.map(containerState)).to.deep.equal([
      'pending',
      'pending',
      'running',
      'stopped',
      'stopped',
      'failed',
      'off',
      'unknown',
    ]);
  });

  it('call a service running as soon as one task runs', () => {
    expect(serviceState(['failed', 'running'])).to.equal('running');
    expect(serviceState(['rejected', 'preparing'])).to.equal('pending');
    expect(serviceState([])).to.equal('pending');
  });
});

describe('Docker archives', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'im-tar-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are read by tar with content and mode', () => {
    const content = Buffer.from('root:secret\n');
    const archive = join(folder, 'a.tar');
    writeFileSync(archive, createTar([{ path: 'etc/im-launch/credentials', mode: 0o600, content }]));
    execFileSync('tar', ['-xf', archive, '-C', folder]);
    const file = join(folder, 'etc/im-launch/credentials');
    expect(readFileSync(file)).to.deep.equal(content);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
  });

  it('written by tar are read, folders passed over', () => {
    execFileSync('sh', ['-c', 'mkdir d && printf hello > d/f && tar -cf a.tar d'], { cwd: folder });
    expect(readFirstFile(readFileSync(join(folder, 'a.tar')))?.toString()).to.equal('hello');
  });

  it('that are cut short or empty give nothing', () => {
    const archive = createTar([{ path: 'f', mode: 0o644, content: Buffer.alloc(600, 'x') }]);
    expect(readFirstFile(archive.subarray(0, 700))).to.equal(undefined);
    expect(readFirstFile(Buffer.alloc(1024))).to.equal(undefined);
    expect(readFirstFile(Buffer.alloc(0))).to.equal(undefined);
  });
});

describe('Docker environment', () => {
  const variables = (features: string) => environmentVariables(parseRadl(`system s (${features})`).systems[0]!);

  it('comes from a text with quoted commas or from a list', () => {
    expect(variables(`environment.variables = 'A=1, B="x,y" ,C=p=q,broken'`)).to.deep.equal(['A=1', 'B=x,y', 'C=p=q']);
    expect(variables("environment.variables = ['A:1', 'B=2', 'URL:http://h']")).to.deep.equal([
      'A=1',
      'B=2',
      'URL=http://h',
    ]);
    expect(variables('')).to.deep.equal([]);
  });
});

describe('Docker bootstrap', () => {
  it('is a correct script for a POSIX shell and holds no secret', () => {
    const [shell, flag, script] = bootstrapCommand();
    expect([shell, flag]).to.deep.equal(['/bin/sh', '-c']);
    execFileSync('/bin/sh', ['-n'], { input: script });
    expect(script).to.match(/exec \/usr\/sbin\/sshd -D -e\n$/);
  });
});
