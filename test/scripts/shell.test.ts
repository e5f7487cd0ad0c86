// SPDX-License-Identifier: Apache-2.0
// The shell scripts explain themselves, refuse what they do not know, and change nothing when told to install nothing.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = (script: string, argv: readonly string[], environment: Record<string, string> = {}) =>
  spawnSync(path.join(ROOT, script), [...argv], {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
    timeout: 15_000,
  });

describe('the scripts', () => {
  for (const script of [
    'scripts/quickstart.sh',
    'scripts/test.sh',
    'scripts/ensure-tools.sh',
    'scripts/node-image.sh',
    'scripts/ensure-openstack.sh',
  ]) {
    it(`${script} prints its usage with --help`, () => {
      const { status, stdout } = run(script, ['--help']);
      expect(status).to.equal(0);
      expect(stdout.split('\n').length).to.be.greaterThan(4);
    });

    it(`${script} refuses an unknown option by name`, () => {
      const { status, stderr } = run(script, ['--frobnicate']);
      expect(status).to.not.equal(0);
      expect(stderr).to.contain('--frobnicate');
    });
  }

  it('ensure-tools.sh --no-install names a container engine that is missing and fails', () => {
    const { status, stdout } = run('scripts/ensure-tools.sh', ['--no-install'], {
      DOCKER_HOST: 'unix:///nonexistent.sock',
    });
    expect(status).to.equal(1);
    expect(stdout).to.contain('missing, a container engine');
  });

  it('ensure-tools.sh --no-install names each package for a command that is missing', () => {
    // A PATH with the basic commands and node, but without Ansible and ssh.
    const bin = mkdtempSync(path.join(tmpdir(), 'im-path-'));
    try {
      for (const command of ['bash', 'sh', 'env', 'dirname', 'sed', 'head', 'cat', 'id']) {
        const found = spawnSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' }).stdout.trim();
        symlinkSync(found, path.join(bin, command));
      }
      symlinkSync(process.execPath, path.join(bin, 'node'));
      const { status, stdout } = run('scripts/ensure-tools.sh', ['--no-install', '--engine', 'none'], { PATH: bin });
      expect(status).to.equal(1);
      expect(stdout).to.match(/missing.*ansible.*openssh-client/);
    } finally {
      rmSync(bin, { recursive: true });
    }
  });

  it('conformance-daemon asks for the variables that it needs', () => {
    const { status, stderr } = run('scripts/conformance-daemon', [], { IM_CFG: '' });
    expect(status).to.not.equal(0);
    expect(stderr).to.contain('IM_CFG');
  });
});

describe('the check of the npm packages', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'im-packages-'));
  const lock = (version: string) =>
    JSON.stringify({ packages: { '': {}, 'node_modules/a': { version, integrity: 'x' } } });
  const check = () =>
    spawnSync(process.execPath, [path.join(ROOT, 'scripts/check-dependencies.mjs'), directory], { encoding: 'utf8' });
  beforeEach(() => {
    mkdirSync(path.join(directory, 'node_modules/a'), { recursive: true });
    writeFileSync(path.join(directory, 'package.json'), '{}');
    writeFileSync(path.join(directory, 'node_modules/a/package.json'), '{}');
    writeFileSync(path.join(directory, 'package-lock.json'), lock('1.0.0'));
    writeFileSync(path.join(directory, 'node_modules/.package-lock.json'), lock('1.0.0'));
  });
  after(() => rmSync(directory, { recursive: true }));

  it('finds another version than the lock file asks for', () => {
    writeFileSync(path.join(directory, 'package-lock.json'), lock('1.0.1'));
    expect(check().stdout).to.contain('node_modules/a is 1.0.0, not 1.0.1');
  });

  it('finds a package folder that is gone', () => {
    rmSync(path.join(directory, 'node_modules/a'), { recursive: true });
    expect(check().stdout).to.contain('the folder node_modules/a is missing');
  });

  it('finds that nothing is installed', () => {
    rmSync(path.join(directory, 'node_modules'), { recursive: true });
    const { status, stdout } = check();
    expect(status).to.equal(1);
    expect(stdout).to.contain('node_modules/.package-lock.json');
  });

  it('finds a native module that does not load', () => {
    expect(check().stdout).to.contain('better-sqlite3 does not load');
  });

  it('is content with what is installed here', () => {
    expect(existsSync(path.join(ROOT, 'node_modules'))).to.equal(true);
    const result = spawnSync(process.execPath, [path.join(ROOT, 'scripts/check-dependencies.mjs'), ROOT], {
      encoding: 'utf8',
    });
    expect(result.stdout).to.contain('up to date');
  });
});
