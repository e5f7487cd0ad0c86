// SPDX-License-Identifier: Apache-2.0
// The runtime bundle from this host's Ansible, and its way onto a real node.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { decryptVault } from '../../../src/contextualization/plan/index.js';
import {
  findRuntime,
  installRuntime,
  type RuntimeTarget,
  readManifest,
} from '../../../src/contextualization/runtime/index.js';
import { connect, probeBanner, type SshConnection } from '../../../src/ssh/index.js';
import { poll } from '../../../src/util/deadline.js';
import { volatileHostKeyMemory } from '../../ssh/support/host-keys.js';
import { createTestBed, requireNodes, type TestBed, type TestNode } from '../../ssh/support/nodes.js';
import { requireAnsible, runtimeBundleDir } from '../runner/support/world.js';

describe('the runtime bundle', function () {
  this.timeout(90_000);
  let directory: string;

  before(function () {
    requireAnsible(this);
    directory = runtimeBundleDir();
  });

  it('is named by its content, small, and made of source text only', async () => {
    const [bundle] = (await readManifest(directory)).bundles;
    const file = readFileSync(join(directory, bundle?.file ?? ''));
    expect(createHash('sha256').update(file).digest('hex')).to.equal(bundle?.sha256);
    expect(file.length).to.equal(bundle?.bytes).and.to.be.lessThan(4_000_000);
    const names = execFileSync('tar', ['-tzf', '-'], { input: file, encoding: 'utf8' });
    expect(names).to.match(/^lib\/ansible_collections\/ansible\/posix\/plugins\/callback\/jsonl\.py$/m);
    expect(names).not.to.match(/\.(so|pyc)$/m);
  });

  it('is the same each time, and the older one goes', () => {
    const again = mkdtempSync(join(tmpdir(), 'im-bundle-'));
    writeFileSync(join(again, `${'0'.repeat(64)}.tar.gz`), 'old');
    execFileSync(process.execPath, [
      '--import',
      'tsx',
      'scripts/runtime-bundle.ts',
      '--out',
      again,
      '--collections',
      'ansible.windows',
    ]);
    expect(readdirSync(again)).to.deep.equal(readdirSync(directory));
    rmSync(again, { recursive: true });
  });

  describe('on a node', () => {
    let bed: TestBed;
    let node: TestNode;
    let connection: SshConnection;

    before(async function () {
      await requireNodes(this);
      bed = await createTestBed();
      node = await bed.start();
      await poll({ timeoutMs: 10_000, intervalMs: 50, what: 'sshd' }, async () => {
        const probe = await probeBanner({ host: node.ip, port: 22 }, { timeoutMs: 1000 });
        return probe.isOpen ? true : undefined;
      });
      connection = await connect({
        host: node.ip,
        port: 22,
        username: 'imuser',
        credentials: [{ kind: 'key', privateKey: bed.privateKey }],
        hostKey: volatileHostKeyMemory(),
        timeoutMs: 10_000,
      });
    });
    after(async () => {
      connection?.close();
      await bed?.close();
    });

    const target = (changes: Partial<RuntimeTarget> = {}): RuntimeTarget => ({
      connection,
      remoteConfDir: '/var/tmp/.im',
      infrastructureId: 'inf',
      bundleDir: directory,
      ansibleVersion: '',
      timeoutMs: 30_000,
      signal: new AbortController().signal,
      ...changes,
    });

    it('is installed when it is not there, found afterwards, and runs without anything but python3', async () => {
      expect(await findRuntime(target())).to.equal(undefined);
      const path = await installRuntime(target());
      expect(path).to.match(/^\/var\/tmp\/\.im\/runtime\/[0-9a-f]{64}$/);
      expect(await findRuntime(target())).to.equal(path);
      const { stdout } = await connection.exec(`python3 -I ${path}/bin/ansible-playbook --version`, {
        timeoutMs: 30_000,
      });
      expect(stdout).to.contain('libyaml = False').and.to.contain(`${path}/lib/ansible`);
      expect(await node.run(`ls -A ${path}/..`)).to.match(/^[0-9a-f]{64}$/);
    });

    it('opens Vault texts without the package cryptography, and writes ones that others open', async () => {
      const path = await findRuntime(target());
      // The published vector of contextualization.md §11.4.
      const vault = `$ANSIBLE_VAULT;1.1;AES256
33353065313536363364623662356661306539643532636130373965353663333563656335623231
3838346238616135376332366633653731396661656436660a353863313764306361376463613138
35336532643637346263633061363433396362373539653139613839643236613639336433616264
3335323632343231340a636366326338613335343537643136383730336537336237626333666136
37376235623264323631333730633362653734653866313933323362326439663565
`;
      const script = `cd /tmp && umask 077 && printf sesame >pw && cat >vault && export PATH=${path}/bin:$PATH LC_ALL=C.UTF-8
        ansible-vault view --vault-password-file pw vault; printf 'our text' >ours; ansible-vault encrypt --vault-password-file pw ours 2>&1; cat ours`;
      const { stdout, stderr } = await connection.exec(script, { stdin: vault, timeoutMs: 60_000 });
      expect(stdout, stderr).to.contain('- tasks:\n  - debug: msg=hello\n');
      const ours = stdout.slice(stdout.indexOf('$ANSIBLE_VAULT'));
      expect(decryptVault(ours, 'sesame')).to.equal('our text');
    });

    it('is installed anew when a cleaner has eaten files of it', async () => {
      const path = await findRuntime(target());
      await node.run(`rm ${path}/lib/ansible/release.py`);
      expect(await findRuntime(target())).to.equal(undefined);
      expect(await installRuntime(target())).to.equal(path);
      expect(await node.run(`ls ${path}/lib/ansible/release.py`)).to.contain('release.py');
    });

    it('is not used when another user may have written it: the infrastructure gets its own', async () => {
      await node.run('chown -R pwuser /var/tmp/.im/runtime');
      expect(await findRuntime(target())).to.equal(undefined);
      expect(await installRuntime(target())).to.match(/^\/var\/tmp\/\.im\/inf\/runtime\/[0-9a-f]{64}$/);
      await node.run('rm -rf /var/tmp/.im');
    });

    it('is refused when it was damaged', async () => {
      const damaged = mkdtempSync(join(tmpdir(), 'im-damaged-'));
      cpSync(directory, damaged, { recursive: true });
      const [bundle] = (await readManifest(damaged)).bundles;
      writeFileSync(join(damaged, bundle?.file ?? ''), 'not an archive');
      const error = await installRuntime(target({ bundleDir: damaged })).then(
        () => undefined,
        (reason: Error) => reason,
      );
      expect(error?.message).to.contain('the runtime bundle was damaged on its way');
      expect(await node.run('ls -A /var/tmp/.im/runtime 2>/dev/null || true')).to.equal('');
      rmSync(damaged, { recursive: true });
    });

    it('is of the version that the document asks for, or an honest error', async () => {
      const [bundle] = (await readManifest(directory)).bundles;
      const core = bundle?.ansibleCore ?? '';
      expect(await findRuntime(target({ ansibleVersion: core }))).to.equal(await findRuntime(target()));
      const error = await installRuntime(target({ ansibleVersion: '4.1.0' })).then(
        () => undefined,
        (reason: Error) => reason,
      );
      expect(error?.message)
        .to.match(
          /^No Ansible runtime of the version 4\.1\.0 that the document asks for \(ansible-core 2\.11\) for the Python /,
        )
        .and.to.contain(`there is: Ansible ${core}`);
    });

    it('is missing for a Python that none is made for', async () => {
      const other = mkdtempSync(join(tmpdir(), 'im-other-'));
      const manifest = JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8'));
      manifest.bundles[0].python = { min: '3.98', max: '3.99' };
      writeFileSync(join(other, 'manifest.json'), JSON.stringify({ ...manifest, collections: [] }));
      const error = await installRuntime(target({ bundleDir: other })).then(
        () => undefined,
        (reason: Error) => reason,
      );
      expect(error?.message).to.match(
        /^No Ansible runtime for the Python 3\.\d+\.\d+ of .*; there is: Ansible \S+ for Python 3\.98-3\.99/,
      );
      rmSync(other, { recursive: true });
    });
  });
});
