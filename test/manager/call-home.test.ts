// SPDX-License-Identifier: Apache-2.0
// From the launch to the tunnel: a machine without public network gets its token at its launch, and with nothing but its user data a
// real one opens a tunnel that leads from the master back to it.
import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import ssh2 from 'ssh2';
import { callHomeCommands } from '../../src/connectors/shared/cloud-init.js';
import { parseRadl } from '../../src/radl/index.js';
import { probeBanner } from '../../src/ssh/index.js';
import { type RestService, startRest } from '../api/rest/rest-service.js';
import { execIn } from '../support/docker-cloud.js';
import { type DockerNode, startDockerNode } from '../support/docker-node.js';
import { MemoryCloud } from '../support/memory-cloud.js';
import { callOf, demolish, type House, startHouse } from '../support/operations-house.js';
import { needPeers } from '../support/peers.js';
import { until } from '../support/waiting.js';

const DOCUMENT = `network pub (outbound = 'yes')
network far ()
system front (net_interface.0.connection = 'pub' and disk.0.image.url = 'mem://1')
system away (net_interface.0.connection = 'far' and disk.0.image.url = 'mem://1')
deploy front 1
deploy away 1
`;

describe('a machine that calls home', () => {
  let cloud: MemoryCloud;
  let house: House | undefined;
  let service: RestService | undefined;
  const nodes: DockerNode[] = [];

  beforeEach(() => {
    cloud = new MemoryCloud();
    cloud.hasUserData = true;
  });
  afterEach(async () => {
    await service?.stop();
    if (house) await demolish(house);
    await Promise.all(nodes.splice(0).map((node) => node.remove()));
    [house, service] = [undefined, undefined];
  });

  const start = async (settings = {}, serviceUrl = 'http://im.example', options = {}) => {
    house = await startHouse({
      ...options,
      types: [cloud.connectorType()],
      settings,
      answersSsh: async (host, port, timeoutMs, signal) =>
        (await probeBanner({ host, port }, { timeoutMs, signal })).isOpen,
    });
    const call = { ...callOf(), serviceUrl };
    const created = await house.manager.createInfrastructure(call, parseRadl(DOCUMENT), { isAsync: false });
    return { house, id: created.infrastructureId };
  };
  const stored = async (inn: House, id: string) => JSON.stringify((await inn.store.getVm(id, 1))?.extra ?? {});

  it('is told with its launch: only where nobody reaches it, the cloud can tell it, and the service knows its own address', async () => {
    const { house: inn, id } = await start();
    expect([...cloud.callHomes.keys()]).to.deep.equal([1]);
    const { commandUrl, token = '' } = cloud.callHomes.get(1) ?? {};
    expect(commandUrl).to.equal(`http://im.example/infrastructures/${id}/vms/1/command`);
    expect(await stored(inn, id))
      .to.match(/callHome.*[0-9a-f]{64}/)
      .and.not.to.contain(token);
    const call = { ...callOf(), items: [{ type: 'InfrastructureManager', token }] };
    expect(await inn.manager.vmCommand(call, id, 1, 1)).to.contain(token);
  });

  for (const [what, prepare] of [
    [
      'the cloud cannot tell it',
      async () => {
        cloud.hasUserData = false;
        return start();
      },
    ],
    ['SSH_REVERSE_TUNNELS is off', () => start({ sshReverseTunnels: false })],
    ['the service does not know its address', () => start({}, '')],
  ] as const) {
    it(`gets no token when ${what}`, async () => {
      const { house: inn, id } = await prepare();
      expect(cloud.callHomes.size).to.equal(0);
      expect(await stored(inn, id)).to.equal('{}');
    });
  }

  it('is told SERVICE_URL rather than the URL of the request, which XML-RPC does not have', async () => {
    const { id } = await start({}, '', { serviceUrl: 'https://im.public' });
    expect(cloud.callHomes.get(1)?.commandUrl).to.equal(`https://im.public/infrastructures/${id}/vms/1/command`);
  });

  it('gets a new token with each try, known before the provider is asked', async () => {
    const tokens: (string | undefined)[] = [];
    cloud.launchFailure = (system) => {
      if (system !== 'away') return undefined;
      tokens.push(cloud.callHomes.get(1)?.token);
      return tokens.length < 3 ? 'not now' : undefined;
    };
    const { house: inn, id } = await start();
    expect(new Set(tokens).size).to.equal(3);
    const call = { ...callOf(), items: [{ type: 'InfrastructureManager', token: tokens[2] ?? '' }] };
    expect(await inn.manager.vmCommand(call, id, 1, 1)).to.contain('curl');
  });

  it('opens the tunnel with nothing but its user data', async function () {
    this.timeout(120_000);
    await needPeers(this, 'node image');
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    });
    const parsed = ssh2.utils.parseKey(privateKey);
    if (parsed instanceof Error) throw parsed;
    const authorizedKeys = `ssh-rsa ${parsed.getPublicSSH().toString('base64')}`;
    const front = await startDockerNode({ authorizedKeys });
    nodes.push(front);
    const gateway = (await execIn(front.id, "ip route | awk '/^default/ {print $3}'")).trim();
    // The service must be there before the machines are told where it is.
    const { house: inn, id } = await start({}, 'http://unused');
    service = await startRest({ restAddress: '0.0.0.0' }, { manager: inn.manager });

    const borrowed = await inn.engine.borrow(id);
    if (!borrowed) throw new Error('nobody else has the lease');
    await borrowed.workspace.vms.update(0, (vm) => {
      const info = vm.info.clone();
      const features = info.systems[0]?.features;
      features?.setText('net_interface.0.ip', front.address);
      features?.setText('disk.0.os.credentials.username', 'root');
      features?.setText('disk.0.os.credentials.private_key', privateKey);
      return { info };
    });
    await inn.store.commit([{ kind: 'update-infrastructure', id, set: { masterVm: 0 } }]);
    // Nobody has configured the master yet, so whoever answers there may be somebody else.
    expect(await inn.manager.vmCommand(callOf(), id, 1, 2)).to.equal('wait');
    const shown = await execIn(front.id, 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub');
    const hostKey = shown.split(' ')[1] ?? '';
    await borrowed.workspace.vms.update(0, ({ extra }) => ({ extra: { ...extra, hostKey } }));
    borrowed.giveBack();

    const { token = '' } = cloud.callHomes.get(1) ?? {};
    const commandUrl = `http://${gateway}:${service.port}/infrastructures/${id}/vms/1/command`;
    const prepare = ['mkdir -p /etc/cron.d', ...callHomeCommands({ commandUrl, token })].join('\n');
    const away = await startDockerNode({ hostname: 'away', prepare });
    nodes.push(away);
    const through = "timeout 5 bash -c 'exec 3<>/dev/tcp/127.0.0.1/20001; head -c 8 <&3' 2>/dev/null || true";
    await until(async () => (await execIn(front.id, through)).includes('SSH-2.0'), 'the tunnel', 60_000);
    // The answer that held the key is not given again.
    const again = `curl -s -o /dev/null -w '%{http_code}' -H 'Authorization: type = InfrastructureManager; token = ${token}' '${commandUrl}?step=2'`;
    expect((await execIn(away.id, again)).trim()).to.equal('401');
    expect(await stored(inn, id)).to.match(/^\{"callHome":\{"tokens":\[\],"tunnelKey":"-----BEGIN EC PRIVATE KEY/);

    await execIn(
      front.id,
      `cat >/tmp/inner.pl <<'END'
use IO::Socket::UNIX;
my $inner = IO::Socket::UNIX->new(Local => '/run/inner.sock', Listen => 5) or die;
while (my $visitor = $inner->accept) { print $visitor "inner secret\\n"; close $visitor }
END
setsid perl /tmp/inner.pl >/dev/null 2>&1 </dev/null &`,
    );
    const ssh = `timeout 10 ssh -i /tmp/${id}_1.pem -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ExitOnForwardFailure=yes`;
    const attempt = (options: string, command = '') =>
      execIn(away.id, `${ssh} ${options} root@${front.address} ${command} 2>&1; echo "exit $?"`);
    expect(await attempt('', 'id'))
      .to.contain('exit 1')
      .and.not.to.contain('uid=');
    expect(await attempt('-s', 'sftp </dev/null')).to.contain('exit 1');
    expect(await attempt('-N -R 20002:localhost:22')).to.contain('forwarding failed for listen port 20002');
    expect(await attempt('-N -R 0.0.0.0:20001:localhost:22')).to.contain('forwarding failed for listen port 20001');
    expect(await attempt('-W localhost:22')).to.contain('administratively prohibited');
    const inner = `rm -f /tmp/l; ${ssh} -N -L /tmp/l:/run/inner.sock root@${front.address} >/tmp/log 2>&1 & \
      for turn in $(seq 100); do [ -S /tmp/l ] && break; sleep 0.1; done
      perl -e 'use IO::Socket::UNIX; print IO::Socket::UNIX->new(Peer => "/tmp/l")->getline // ""'; kill $!; cat /tmp/log`;
    expect(await execIn(away.id, inner))
      .to.contain('open failed')
      .and.not.to.contain('inner secret');
    const secret = privateKey.split('\n')[1] ?? '';
    expect(await execIn(away.id, `grep -rlF '${secret}' /tmp /var/tmp /root || true`)).to.equal('');

    // What the machine was allowed goes with it, and nothing else.
    await inn.manager.removeResources(callOf(), id, [1], { isContextualized: false });
    expect((await execIn(front.id, 'cat /root/.ssh/authorized_keys')).trim()).to.equal(authorizedKeys);
    expect(await attempt('-N -R 20001:localhost:22')).to.contain('Permission denied');
  });
});
