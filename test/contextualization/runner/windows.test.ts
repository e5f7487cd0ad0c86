import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { PREPARE_SCRIPT } from '../../../src/contextualization/windows/prepare-script.js';
import { credentials } from '../../../src/radl/index.js';
import { poll } from '../../../src/util/deadline.js';
import { createTestBed, docker, requireNodes, type TestBed, type TestNode } from '../../ssh/support/nodes.js';
import { makeCertificate } from '../windows/support/certificate.js';
import { configureWorld, logsOf, resultsOf } from './support/configure-world.js';
import { createWorld, keyCredentials, requireAnsible, runtimeBundleDir, type World } from './support/world.js';

const PEER = fileURLToPath(new URL('../windows/support/winrm_peer.py', import.meta.url));
const [OLD, NEW] = ['Old-Passw0rd!', 'New-Passw0rd!'];

interface PeerState {
  readonly password: string;
  readonly hosts: string;
  readonly log: readonly string[];
}

/** A private node that is a Windows machine to whoever looks from outside. */
async function startWindows(bed: TestBed, scheme: 'http' | 'https', port: number) {
  const node = await bed.start({ isPrivate: true });
  const directory = mkdtempSync(join(tmpdir(), 'im-windows-'));
  const renew = async (): Promise<void> => {
    await docker('cp', makeCertificate(directory), `${node.name}:/both.pem`);
    await node.run('kill $(cat /peer.pid 2>/dev/null) 2>/dev/null; true');
    await docker(
      'exec',
      '-d',
      node.name,
      'sh',
      '-c',
      `echo $$ >/peer.pid; exec python3 /winrm_peer.py ${port} ${scheme} /state.json /both.pem >/peer.log 2>&1`,
    );
  };
  writeFileSync(join(directory, 'state.json'), JSON.stringify({ password: OLD }));
  await docker('cp', PEER, `${node.name}:/winrm_peer.py`);
  await docker('cp', join(directory, 'state.json'), `${node.name}:/state.json`);
  await renew();
  return {
    node,
    /** The machine comes back with another certificate. */
    renew,
    state: async (): Promise<PeerState> => JSON.parse(await node.run('cat /state.json')),
    close: () => rmSync(directory, { recursive: true, force: true }),
  };
}

describe('a configuration run with Windows machines', function () {
  this.timeout(240_000);
  let bed: TestBed;
  let front: TestNode;
  let windows: Awaited<ReturnType<typeof startWindows>>;
  let world: World;

  before(async function () {
    await requireNodes(this);
    requireAnsible(this);
    bed = await createTestBed();
    [front, windows] = await Promise.all([bed.start(), startWindows(bed, 'https', 5986)]);
    world = createWorld(
      `configure win (
@begin
- tasks:
  - win_ping:
      data: hello
    register: answer
  - debug: msg="{{ answer.ping }} from {{ ansible_facts.os_family }} {{ ansible_facts.hostname }}"
  - raw: whoami
@end
)
configure front (
@begin
- tasks:
  - copy: dest=/opt/win content="{{ hostvars[groups['windows'][0]].ansible_facts.distribution }}"
@end
)
contextualize (
  system win configure win step 1
  system front configure front step 2
)`,
      [
        { system: 'front', node: front, credentials: keyCredentials(bed.privateKey) },
        {
          system: 'win',
          node: windows.node,
          isPrivate: true,
          credentials: [
            `disk.0.os.name = 'windows'`,
            `disk.0.os.credentials.username = 'Administrator'`,
            `disk.0.os.credentials.password = '${OLD}'`,
            `disk.0.os.credentials.new.password = '${NEW}'`,
          ],
        },
      ],
    );
  });
  after(async () => {
    windows?.close();
    await bed?.close();
  });

  const run = () => configureWorld(world, {}, { infrastructureId: 'inf-win' });

  it('configures them beside the Linux machines', async () => {
    await run();
    expect(resultsOf(world), logsOf(world)).to.deep.equal({ 0: true, 1: true });
    expect(world.logs.get(1)).to.contain('"msg": "hello from Windows WIN-TEST"');
    expect(await front.run('cat /opt/win')).to.equal('Microsoft Windows Server 2022');
    const { log } = await windows.state();
    expect(log).to.include.members(['module setup', 'module win_ping', 'raw whoami']);
    expect(log.filter((line) => line.startsWith('fault'))).to.deep.equal([]);
  });

  it('sends the collections that Windows and the recipes need, and no others', () => {
    expect(world.lines).to.include('Ansible collections for the recipes: ansible.windows.');
  });

  it('sets the new password, takes it over, and writes the hosts file', async () => {
    const { password, hosts } = await windows.state();
    expect(password).to.equal(NEW);
    const [system] = world.vms[1]?.info.systems ?? [];
    expect(system && credentials(system).password).to.equal(NEW);
    expect(hosts).to.contain(`127.0.0.1 localhost\r\n${front.ip} front-0.localdomain front-0\r\n`);
    expect(world.logs.get(1)).to.contain('Hosts file: changed\nNew password: changed\n');
  });

  it('leaves no password on the master', async () => {
    expect(
      await front.run(`grep -rlF -e '${OLD}' -e '${NEW}' /var/tmp /tmp /dev/shm /home /root 2>/dev/null; true`),
    ).to.equal('');
    expect(logsOf(world)).not.to.contain(NEW).and.not.to.contain(OLD);
  });

  it('does it again without changing anything', async () => {
    await run();
    expect(Object.fromEntries(world.results)).to.deep.equal({ 0: true, 1: true });
    expect(world.logs.get(1)).to.contain('Hosts file: ok\n');
  });

  it('does not log in to a machine with another certificate', async () => {
    await windows.renew();
    await poll({ timeoutMs: 10_000, intervalMs: 100, what: 'the new certificate' }, async () =>
      (await front.run(`timeout 2 bash -c '</dev/tcp/${windows.node.ip}/5986' 2>/dev/null && echo open || true`)) ===
      'open'
        ? true
        : undefined,
    );
    await run();
    expect(Object.fromEntries(world.results)).to.deep.equal({ 0: true, 1: false });
    expect(world.logs.get(1)).to.match(
      /shows the certificate TLS-SHA256:\w+, but TLS-SHA256:\w+ was seen before\. Another machine answers/,
    );
  });

  it('has a program that fits into a command line of Windows', () => {
    // cmd.exe takes 8191 characters.
    expect(Buffer.from(PREPARE_SCRIPT, 'utf16le').toString('base64').length).to.be.lessThan(8000);
  });

  it('has a bundle with pywinrm and the collection', () => {
    const manifest = JSON.parse(readFileSync(join(runtimeBundleDir(), 'manifest.json'), 'utf8'));
    expect(manifest.collections.map(({ name }: { name: string }) => name)).to.include('ansible.windows');
  });
});
