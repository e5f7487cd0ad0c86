// SPDX-License-Identifier: Apache-2.0
// Docker nodes on a real engine (docker.md §7; the numbers are those of its list).
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect as connectSocket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import ssh2 from 'ssh2';
import type { CloudConnector } from '../../../src/connectors/index.js';
import { errorText } from '../../../src/domain/index.js';
import { parseRadl, printRadl, publicIp } from '../../../src/radl/index.js';
import { poll } from '../../../src/util/deadline.js';
import {
  type Launched,
  launchAll,
  launchOk,
  launchRequest,
  type MemoryLedger,
  memoryLedger,
  never,
  recordingLogger,
  vmReference,
} from '../support.js';
import {
  connectDocker,
  containersOf,
  docker,
  inspect,
  leftoversOf,
  NODE_IMAGE,
  requireEngine,
  sweep,
} from './engine.js';

const IMAGE = `disk.0.image.url = 'docker://${NODE_IMAGE}'`;
const PUBLIC = `network pub (outbound = 'yes')
system node (net_interface.0.connection = 'pub' and ${IMAGE})`;
const PRIVATE = `network priv (outbound = 'no')
system node (net_interface.0.connection = 'priv' and ${IMAGE})`;

/** A TCP port of this host that nothing uses now. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Runs a command over SSH with a password, retrying until the server is up; says what it met when it never is. */
async function overSsh(host: string, port: number, password: string, command: string): Promise<string> {
  const met = new Map<string, number>();
  const once = (): Promise<string | undefined> =>
    new Promise((resolve) => {
      const client = new ssh2.Client();
      client.on('error', ({ message }) => {
        met.set(message, (met.get(message) ?? 0) + 1);
        resolve(undefined);
      });
      client.on('close', () => resolve(undefined));
      client.on('ready', () => {
        client.exec(command, (error, stream) => {
          if (error) return resolve(undefined);
          let output = '';
          stream.on('data', (chunk: Buffer) => {
            output += chunk.toString();
          });
          stream.on('close', () => {
            resolve(output.trim());
            client.end();
          });
        });
      });
      client.connect({ host, port, username: 'root', password, readyTimeout: 5_000 });
    });
  try {
    return await poll({ timeoutMs: 30_000, intervalMs: 200, what: `an SSH login to ${host}:${port}` }, once);
  } catch (error) {
    throw new Error(`${errorText(error)} Met: ${JSON.stringify(Object.fromEntries(met))}`, { cause: error });
  }
}

const text = (launched: Launched, property: string): string =>
  launched.info.systems[0]!.features.getText(property) ?? '';
const outports = (launched: Launched): string => launched.info.networks[0]!.features.getText('outports') ?? '';
const sshPortOf = (launched: Launched): number => Number(/^(\d+)-22(,|$)/.exec(outports(launched))?.[1]);

describe('Docker connector', function () {
  this.timeout(120_000);
  let connector: CloudConnector;
  let infrastructureId: string;
  let ledger: MemoryLedger;

  before(function () {
    return requireEngine(this);
  });

  beforeEach(() => {
    connector = connectDocker();
    infrastructureId = randomUUID();
    ledger = memoryLedger(infrastructureId, connector.cloud);
  });

  afterEach(() => sweep(infrastructureId));

  const request = (radl: string, numbers: readonly number[] = [0], generation = 0) =>
    launchRequest({ connector, radl, numbers, generation, infrastructureId, resources: ledger });
  const launch = async (radl: string, numbers: readonly number[] = [0]) =>
    launchOk(connector, await request(radl, numbers));
  const launchOne = async (radl: string): Promise<Launched> => (await launch(radl))[0]!;

  it('works through both spellings of a unix socket (1)', async () => {
    const two = connectDocker({ server: 'var', path: '/run/docker.sock' });
    const parts = { connector: two, radl: PUBLIC, infrastructureId, resources: ledger };
    const [launched] = await launchOk(two, await launchRequest(parts));
    expect(await connector.observe([vmReference(await request(PUBLIC), launched!)], never)).to.have.nested.property(
      '[0].cloudState',
      'running',
    );
  });

  it('gives a node that root can log in to on the written address, port and password (3)', async () => {
    const launched = await launchOne(PUBLIC);
    const host = publicIp(launched.info)!;
    expect(text(launched, 'disk.0.os.credentials.username')).to.equal('root');
    const password = text(launched, 'disk.0.os.credentials.password');
    expect(await overSsh(host, sshPortOf(launched), password, 'id -un; command -v python3')).to.match(
      /^root\n.*python3$/,
    );
  });

  it('never gives two nodes one password, and shows none in the container’s configuration', async () => {
    const launched = await launch(PUBLIC, [0, 1]);
    const passwords = launched.map((vm) => text(vm, 'disk.0.os.credentials.password'));
    expect(new Set(passwords).size).to.equal(2);
    for (const [index, { providerId }] of launched.entries()) {
      expect(await docker('inspect', providerId)).to.not.contain(passwords[index]);
    }
  });

  it('keeps a changed password over restarts', async () => {
    const launched = await launchOne(PUBLIC);
    const vm = vmReference(await request(PUBLIC), launched);
    const first = text(launched, 'disk.0.os.credentials.password');
    const host = publicIp(launched.info)!;
    await overSsh(host, sshPortOf(launched), first, "echo 'root:other' | chpasswd");
    await connector.reboot!(vm, never);
    const [observed] = await connector.observe([vm], never);
    const info = observed?.ok === true ? (observed.info ?? launched.info) : launched.info;
    expect(await overSsh(host, sshPortOf({ ...launched, info }), 'other', 'echo in')).to.equal('in');
  });

  it('publishes the ports of the user and keeps their text (4)', async () => {
    const port = await freePort();
    const launched = await launchOne(PUBLIC.replace("'yes'", `'yes' and outports = '${port}-80'`));
    expect(outports(launched)).to.equal(`${sshPortOf(launched)}-22,${port}-80`);
    await docker('exec', '-d', launched.providerId, 'python3', '-m', 'http.server', '80');
    const answer = (): Promise<string | undefined> =>
      new Promise((resolve) => {
        const socket = connectSocket({ host: publicIp(launched.info)!, port });
        socket.once('error', () => resolve(undefined));
        socket.once('data', (chunk) => resolve(chunk.toString()));
        socket.once('close', () => resolve(undefined));
        socket.write('GET / HTTP/1.0\r\n\r\n');
      });
    expect(await poll({ timeoutMs: 20_000, intervalMs: 200, what: 'an answer' }, answer)).to.match(/^HTTP\/1.0 200/);
  });

  it('ignores ranges with a warning and keeps their text (5), and gives way on port 22', async () => {
    const { logger, lines } = recordingLogger();
    connector = connectDocker({}, logger);
    const launched = await launchOne(PUBLIC.replace("'yes'", "'yes' and outports = '22-22,9000:9100,5000:5100/udp'"));
    expect(outports(launched)).to.equal(`${sshPortOf(launched)}-22,9000:9100,5000:5100/udp`);
    expect(lines).to.include('Port range not allowed in Docker connector. Ignoring.');
    expect(await inspect(launched.providerId, '{{json .HostConfig.PortBindings}}')).to.equal(
      '{"22/tcp":[{"HostIp":"","HostPort":""}]}',
    );
  });

  it('attaches a node to all its private networks under the requested names (6)', async () => {
    const radl = (name: string): string => `network n1 (outbound = 'no')
network n2 (outbound = 'no')
system node (
  net_interface.0.connection = 'n1' and net_interface.0.dns_name = 'web-#N#.cluster.lan' and
  net_interface.1.connection = 'n2' and net_interface.1.dns_name = '${name}' and ${IMAGE}
)`;
    const launched = await launchOne(radl('back-#N#'));
    const aliases = JSON.parse(await inspect(launched.providerId, '{{json .NetworkSettings.Networks}}')) as Record<
      string,
      { readonly Aliases: readonly string[]; readonly IPAddress: string }
    >;
    const [n1, n2] = [`im_${infrastructureId}_n1`, `im_${infrastructureId}_n2`];
    expect(Object.keys(aliases)).to.have.members([n1, n2]);
    expect(aliases[n1]!.Aliases).to.include.members(['web-0', 'web-0.cluster.lan']);
    expect(aliases[n2]!.Aliases).to.include.members(['back-0', 'back-0.localdomain']);
    expect(text(launched, 'net_interface.0.ip')).to.equal(aliases[n1]!.IPAddress);
    expect(text(launched, 'net_interface.1.ip')).to.equal(aliases[n2]!.IPAddress);
    expect(await inspect(launched.providerId, '{{.Config.Hostname}} {{.Config.Domainname}}')).to.equal(
      'web-0 cluster.lan',
    );
  });

  it('gives a private node no public network and publishes nothing (7)', async () => {
    const launched = await launchOne(PRIVATE);
    expect(launched.info.networks.map(({ id }) => id)).to.deep.equal(['priv']);
    expect(launched.info.networks[0]!.features.has('outports')).to.equal(false);
    expect(publicIp(launched.info)).to.equal(undefined);
    expect(await docker('port', launched.providerId)).to.equal('');
    expect(await inspect(launched.providerId, '{{range $n, $x := .NetworkSettings.Networks}}{{$n}} {{end}}')).to.equal(
      `im_${infrastructureId}_priv`,
    );
  });

  it('lets a node with a public address reach the private ones over their network', async () => {
    const both = `network pub (outbound = 'yes')
network priv (outbound = 'no')
system node (net_interface.0.connection = 'pub' and net_interface.1.connection = 'priv' and ${IMAGE})`;
    const front = await launchOne(both);
    const [back] = await launchOk(connector, await request(PRIVATE, [1]));
    const probe = `exec 9<>/dev/tcp/${text(back!, 'net_interface.0.ip')}/22 && head -c 4 <&9`;
    const reached = await poll({ timeoutMs: 20_000, intervalMs: 200, what: 'the private node' }, async () => {
      try {
        return await docker('exec', front.providerId, 'bash', '-c', probe);
      } catch {
        return undefined; // Its SSH server is not up yet.
      }
    });
    expect(reached).to.equal('SSH-');
    // The name that the private node has on the network works as well.
    expect(await docker('exec', front.providerId, 'getent', 'hosts', 'vnode-1')).to.contain(
      text(back!, 'net_interface.0.ip'),
    );
  });

  it('takes the range that the network wishes, and lets the engine choose when it is taken', async () => {
    const withRange = PRIVATE.replace("'no'", "'no' and cidr = '10.213.*.0/24'");
    const launched = await launchOne(withRange);
    expect(text(launched, 'net_interface.0.ip')).to.match(/^10\.213\.\d+\.\d+$/);
    const [third] = /^10\.213\.\d+/.exec(text(launched, 'net_interface.0.ip'))!;
    const taken = PRIVATE.replaceAll('priv', 'other').replace("'no'", `'no' and cidr = '${third}.0/24'`);
    const [second] = await launchOk(connector, await request(taken, [1]));
    expect(text(second!, 'net_interface.0.ip'))
      .to.match(/^\d/)
      .and.not.match(/^10\.213\./);
  });

  it('makes a volume for a disk without device, and deletes it with the VM (8)', async () => {
    const launched = await launchOne(PRIVATE.replace(IMAGE, `${IMAGE} and disk.1.mount_path = 'data'`));
    const volume = text(launched, 'disk.1.device');
    expect(volume).to.match(/^d-.+-1$/);
    expect(text(launched, 'disk.1.created')).to.equal('yes');
    expect(await inspect(launched.providerId, '{{range .Mounts}}{{.Name}} {{.Destination}}{{end}}')).to.equal(
      `${volume} /data`,
    );
    await connector.destroy(vmReference(await request(PRIVATE), launched), never);
    expect(await docker('volume', 'ls', '-q', '--filter', `name=${volume}`)).to.equal('');
  });

  it('mounts a folder of the host and leaves it alone (9)', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'im-bind-'));
    try {
      writeFileSync(join(folder, 'note'), 'kept');
      const radl = PRIVATE.replace(IMAGE, `${IMAGE} and disk.1.mount_path = '/host' and disk.1.device = '${folder}'`);
      const launched = await launchOne(radl);
      expect(await docker('exec', launched.providerId, 'cat', '/host/note')).to.equal('kept');
      expect(launched.info.systems[0]!.features.has('disk.1.created')).to.equal(false);
      await connector.destroy(vmReference(await request(PRIVATE), launched), never);
      expect(readFileSync(join(folder, 'note'), 'utf8')).to.equal('kept');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('uses an existing volume and keeps it (10)', async () => {
    const volume = `keep-${infrastructureId}`;
    await docker('volume', 'create', volume);
    try {
      const radl = PRIVATE.replace(IMAGE, `${IMAGE} and disk.1.mount_path = '/d' and disk.1.device = '${volume}'`);
      const launched = await launchOne(radl);
      expect(launched.info.systems[0]!.features.has('disk.1.created')).to.equal(false);
      await connector.destroy(vmReference(await request(PRIVATE), launched), never);
      for (const resource of ledger.resources) await connector.destroyResource!(resource, never);
      expect(await docker('volume', 'ls', '-q', '--filter', `name=${volume}`)).to.equal(volume);
    } finally {
      await docker('volume', 'rm', volume);
    }
  });

  it('shares a named volume that it made among the VMs, and deletes it at the end', async () => {
    const volume = `shared-${infrastructureId}`;
    const radl = PRIVATE.replace(
      IMAGE,
      `${IMAGE} and disk.1.mount_path = '/d' and disk.1.device = '${volume}' and disk.1.fstype = 'ext4'`,
    );
    const launched = await launch(radl, [0, 1]);
    expect(launched.map((vm) => text(vm, 'disk.1.created'))).to.deep.equal(['yes', 'yes']);
    const all = await request(radl, [0, 1]);
    await connector.destroy(vmReference(all, launched[0]!), never);
    expect(await docker('volume', 'ls', '-q', '--filter', `name=${volume}`)).to.equal(volume);
    await connector.destroy(vmReference(all, launched[1]!), never);
    for (const resource of ledger.resources) await connector.destroyResource!(resource, never);
    expect(await leftoversOf(infrastructureId)).to.deep.equal([]);
  });

  it('refuses a device that is neither path nor volume name', async () => {
    const radl = PRIVATE.replace(IMAGE, `${IMAGE} and disk.1.mount_path = '/d' and disk.1.device = '../containers/x'`);
    const [outcome] = await launchAll(connector, await request(radl));
    expect(outcome).to.include({ ok: false }).and.have.property('message').that.contains('../containers/x');
  });

  it('sets memory in whole bytes (20), CPUs within what the host has, environment and tags', async () => {
    const radl = PRIVATE.replace(
      IMAGE,
      `${IMAGE} and memory.size = 512M and cpu.count = 1 and environment.variables = 'A=1,B="x,y"' and instance_tags = 'team=blue,im.inf=other'`,
    );
    const launched = await launchOne(radl);
    expect(await inspect(launched.providerId, '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}')).to.equal(
      '512000000 1000000000',
    );
    const environment = await inspect(launched.providerId, '{{json .Config.Env}}');
    expect(JSON.parse(environment)).to.include.members(['A=1', 'B=x,y']);
    const labels = JSON.parse(await inspect(launched.providerId, '{{json .Config.Labels}}')) as Record<string, string>;
    expect(labels).to.include({
      team: 'blue',
      IM_USER: 'ana',
      'im.inf': infrastructureId,
      'im.vm': '0',
      'im.launch': `${infrastructureId}-0-0`,
    });
    const fraction = PRIVATE.replace(IMAGE, `${IMAGE} and memory.size = 0.1G and cpu.count = 1000`);
    const [second] = await launchOk(connector, await request(fraction, [1]));
    expect(await inspect(second!.providerId, '{{.HostConfig.Memory}}')).to.equal('100000000');
    expect(Number(await inspect(second!.providerId, '{{.HostConfig.NanoCpus}}'))).to.be.within(1e9, 999e9);
  });

  it('gives the VMs of a batch different ids and SSH ports (19)', async () => {
    const launched = await launch(PUBLIC, [0, 1, 2]);
    expect(new Set(launched.map(({ providerId }) => providerId)).size).to.equal(3);
    expect(new Set(launched.map(sshPortOf)).size).to.equal(3);
  });

  it('removes a container that cannot start, with everything made for it (14)', async () => {
    const port = await freePort();
    const radl = PUBLIC.replace("'yes'", `'yes' and outports = '${port}-80'`).replace(
      IMAGE,
      `${IMAGE} and disk.1.mount_path = '/data'`,
    );
    const outcomes = await launchAll(connector, await request(radl, [0, 1]));
    const failed = outcomes.filter(({ ok }) => !ok);
    expect(failed).to.have.length(1);
    expect(failed[0])
      .to.have.property('message')
      .that.matches(/^Error starting the Container: .*already allocated/);
    expect(await containersOf(infrastructureId)).to.have.length(1);
    const volumes = await docker('volume', 'ls', '-q', '--filter', `label=im.vm=${failed[0]!.number}`);
    expect(volumes.split('\n').filter((name) => name.includes(infrastructureId))).to.deep.equal([]);
  });

  it('says that a container which ends at once did not start', async () => {
    // A file in the place of the folder that the bootstrap needs makes it end.
    const file = join(mkdtempSync(join(tmpdir(), 'im-broken-')), 'chpasswd');
    writeFileSync(file, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    try {
      const radl = PRIVATE.replace(
        IMAGE,
        `${IMAGE} and disk.1.mount_path = '/usr/sbin/chpasswd' and disk.1.device = '${file}'`,
      );
      const [outcome] = await launchAll(connector, await request(radl));
      if (outcome?.ok === false) {
        expect(outcome.message).to.match(/^Error starting the Container/);
        expect(await containersOf(infrastructureId)).to.deep.equal([]);
        return;
      }
      // The engine may have looked before it ended: then the observation tells it.
      const vm = vmReference(await request(radl), outcome!);
      const seen = await poll({ timeoutMs: 20_000, intervalMs: 100, what: 'the end' }, async () => {
        const [observation] = await connector.observe([vm], never);
        return observation?.ok === true && observation.cloudState !== 'running' ? observation : undefined;
      });
      expect(seen).to.include({ cloudState: 'stopped' });
      expect(seen).to.have.property('reason').that.contains('Exited (1)');
    } finally {
      rmSync(file);
      rmdirSync(join(file, '..'));
    }
  });

  it('accepts stopping twice and starting twice (15)', async () => {
    const vm = vmReference(await request(PRIVATE), await launchOne(PRIVATE));
    expect(await connector.stop!(vm, never)).to.equal('stopped');
    expect(await connector.stop!(vm, never)).to.equal('stopped');
    const [observed] = await connector.observe([vm], never);
    expect(observed).to.include({ cloudState: 'stopped' }).and.have.property('reason').that.contains('exited');
    expect(await connector.start!(vm, never)).to.equal('running');
    expect(await connector.start!(vm, never)).to.equal('running');
  });

  it('reads the new SSH port after a restart', async () => {
    const launched = await launchOne(PUBLIC);
    const vm = vmReference(await request(PUBLIC), launched);
    await connector.stop!(vm, never);
    await connector.start!(vm, never);
    const [observed] = await connector.observe([vm], never);
    const info = observed?.ok === true ? (observed.info ?? vm.info) : vm.info;
    const published = await docker('port', launched.providerId, '22/tcp');
    expect(published).to.contain(`:${sshPortOf({ ...launched, info })}`);
  });

  it('calls a container that was removed by hand off, and deletes it without complaint (16)', async () => {
    const launched = await launchOne(PRIVATE);
    const vm = vmReference(await request(PRIVATE), launched);
    await docker('rm', '-f', launched.providerId);
    const [observed] = await connector.observe([vm], never);
    expect(observed).to.include({ ok: true, cloudState: 'off' }).and.have.property('reason').that.contains('not found');
    await connector.destroy(vm, never);
  });

  it('deletes its own networks at the end and keeps those of the user (17)', async () => {
    const theirs = `theirs-${infrastructureId}`;
    await docker('network', 'create', theirs);
    try {
      const radl = `network mine (outbound = 'no')
network theirs (outbound = 'no' and provider_id = '${theirs}')
system node (net_interface.0.connection = 'theirs' and net_interface.1.connection = 'mine' and ${IMAGE})`;
      const launched = await launchOne(radl);
      expect(ledger.resources.map(({ token }) => token)).to.deep.equal([`im_${infrastructureId}_mine`]);
      expect(launched.info.getNetwork('mine')!.features.getText('provider_id')).to.equal(`im_${infrastructureId}_mine`);
      expect(text(launched, 'net_interface.0.ip')).to.match(/^\d+\./);
      await connector.destroy(vmReference(await request(radl), launched), never);
      for (const resource of ledger.resources) await connector.destroyResource!(resource, never);
      expect(await docker('network', 'ls', '--format', '{{.Name}}'))
        .to.contain(theirs)
        .and.not.contain('_mine');
    } finally {
      await sweep(infrastructureId);
      await docker('network', 'rm', theirs);
    }
  });

  it('reports a network that something else uses instead of deleting it', async () => {
    const launched = await launchOne(PRIVATE);
    const network = `im_${infrastructureId}_priv`;
    const guest = await docker('run', '-d', '--network', network, NODE_IMAGE, 'sleep', '1000');
    try {
      await connector.destroy(vmReference(await request(PRIVATE), launched), never);
      const impatient = AbortSignal.timeout(1_500);
      let error: unknown;
      try {
        await connector.destroyResource!(ledger.resources[0]!, impatient);
      } catch (caught) {
        error = caught;
      }
      expect(error).to.be.instanceOf(Error);
      expect(await docker('network', 'ls', '--format', '{{.Name}}')).to.contain(network);
    } finally {
      await docker('rm', '-f', guest);
    }
    await connector.destroyResource!(ledger.resources[0]!, never);
    expect(await leftoversOf(infrastructureId)).to.deep.equal([]);
  });

  it('makes a network again that was removed by hand', async () => {
    const first = await launchOne(PRIVATE);
    await connector.destroy(vmReference(await request(PRIVATE), first), never);
    await docker('network', 'rm', `im_${infrastructureId}_priv`);
    const [second] = await launchOk(connector, await request(PRIVATE, [1]));
    expect(text(second!, 'net_interface.0.ip')).to.match(/^\d+\./);
    await connector.destroy(vmReference(await request(PRIVATE), second!), never);
    for (const resource of ledger.resources) await connector.destroyResource!(resource, never);
    expect(await leftoversOf(infrastructureId)).to.deep.equal([]);
  });

  it('makes one network when launches of one infrastructure run at the same time', async () => {
    const parallel = [0, 1, 2].map(async (number) => launchOk(connectDocker(), await request(PRIVATE, [number])));
    await Promise.all(parallel);
    const networks = await docker('network', 'ls', '-q', '--filter', `label=im.inf=${infrastructureId}`);
    expect(networks.split('\n')).to.have.length(1);
  });

  it('does not take over a container of the same name that is not of this launch', async () => {
    const name = `im-${infrastructureId}-0-0`;
    const foreign = await docker('create', '--name', name, NODE_IMAGE, 'sleep', '1000');
    try {
      const [outcome] = await launchAll(connector, await request(PRIVATE));
      expect(outcome).to.include({ ok: false });
      expect(outcome)
        .to.have.property('message')
        .that.matches(/^Error creating the Container: .*in use/);
      expect(await inspect(foreign, '{{.State.Status}}')).to.equal('created');
    } finally {
      await docker('rm', '-f', foreign);
    }
  });

  it('observes containers without our labels by their ids', async () => {
    const foreign = await docker('run', '-d', '--label', `im.inf=`, NODE_IMAGE, 'sleep', '1000');
    try {
      const info = parseRadl(PRIVATE);
      const vm = {
        infrastructureId,
        number: 7,
        providerId: foreign,
        info,
        requested: info,
        extra: {},
        cloudState: 'unknown' as const,
      };
      const [observed] = await connector.observe([vm], never);
      expect(observed).to.include({ number: 7, ok: true, cloudState: 'running' });
    } finally {
      await docker('rm', '-f', foreign);
    }
  });

  it('gives nothing new after an observation that was applied, and shows nothing secret', async () => {
    const launched = await launchOne(PUBLIC);
    const [observed] = await connector.observe([vmReference(await request(PUBLIC), launched)], never);
    expect(observed).to.deep.equal({ number: 0, ok: true, cloudState: 'running' });
    expect(printRadl(launched.info)).to.contain("provider.type = 'Docker'");
  });

  it('tells of every VM when the engine does not answer, and leaves states alone', async () => {
    const gone = connectDocker({ path: '/nonexistent/docker.sock' });
    const vm = vmReference(await request(PRIVATE), await launchOne(PRIVATE));
    const observations = await gone.observe([vm, { ...vm, number: 1 }], never);
    for (const observation of observations) {
      expect(observation).to.have.property('ok', false);
      expect(observation)
        .to.have.property('message')
        .that.matches(/^Error connecting with Docker server: Cannot reach/);
    }
  });

  it('fails every VM of a launch when the engine does not answer', async () => {
    const gone = connectDocker({ path: '/nonexistent/docker.sock' });
    const outcomes = await launchAll(gone, await request(PRIVATE, [0, 1]));
    expect(outcomes.map(({ ok }) => ok)).to.deep.equal([false, false]);
    expect(outcomes[0]).to.have.property('message').that.contains('Cannot reach the Docker engine');
  });
});

describe('Docker candidates', () => {
  const candidates = async (features: string) =>
    connectDocker().candidates(parseRadl(`system s (${features})`).systems[0]!, never);

  it('pin sizes, and replace the credentials of the user', async () => {
    const { candidates: list } = await candidates(
      "cpu.count >= 2 and memory.size >= 1.5G and disk.0.image.url = 'docker://debian:12' and disk.0.os.credentials.username = 'me' and disk.0.os.credentials.password = 'mine'",
    );
    const text = printRadl(Object.assign(parseRadl(''), { systems: [list[0]!.system] })).replace(/\s+/g, ' ');
    expect(text).to.contain('cpu.count = 2 and memory.size = 1.5G');
    const { features } = list[0]!.system;
    expect(features.getText('virtual_system_type')).to.equal('docker');
    expect(features.getText('disk.0.os.credentials.username')).to.equal('root');
    expect(features.getText('disk.0.os.credentials.password')).to.match(/^[A-Za-z0-9]{16}$/);
  });

  it('refuse other schemes, images without name, and systems without image', async () => {
    for (const [features, reason] of [
      ["disk.0.image.url = 'one://srv/1'", 'docker://'],
      ["disk.0.image.url = 'docker:///x'", 'missing'],
      ["disk.0.image.url = 'docker://bad name'", 'not an image reference'],
      ['', 'names no image'],
    ] as const) {
      const list = await candidates(features);
      expect(list.candidates).to.deep.equal([]);
      expect(list.refusals.join()).to.contain(reason);
    }
  });
});
