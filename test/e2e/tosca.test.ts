// SPDX-License-Identifier: Apache-2.0
// A TOSCA cluster over REST on real containers: created, read, scaled by new documents, configured again, kept over a restart.
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { loadYaml } from '../../src/yaml.js';
import {
  type Answer,
  anyFreePort,
  idOf,
  linesOf,
  type Options,
  type RestUser,
  TestDaemon,
  userLine,
} from '../support/daemon.js';
import { DOCKER_LINE, execIn, machineOf, machinesOf, networksOf, sweep } from '../support/docker-cloud.js';
import { FileServer } from '../support/file-server.js';
import { needPeers } from '../support/peers.js';
import { CLUSTER_FILES, type ClusterWishes, toscaCluster } from './tosca-documents.js';

const YAML = { type: 'text/yaml' };
/** Generous: other work may share the machine. */
const CONFIGURED_MS = 240_000;

describe('a TOSCA cluster over REST', () => {
  const files = new FileServer();
  const ids: string[] = [];
  let daemon: TestDaemon;
  let ana: RestUser;
  let id = '';
  let secret: unknown;

  before(async function () {
    await needPeers(this, 'node image', 'ansible');
    await files.start();
    for (const [path, text] of CLUSTER_FILES) files.files.set(path, text);
    daemon = await TestDaemon.start({ FETCH_ALLOWED_NETS: '127.0.0.0/8' });
    ana = daemon.user(userLine('ana'), DOCKER_LINE);
  });
  after(async () => {
    await daemon?.remove();
    await files.stop();
    await sweep(ids);
  });

  const cluster = (wishes: ClusterWishes): string => toscaCluster(files.url, wishes);
  const info = (path: string): Promise<Answer> => ana.get(`/infrastructures/${id}${path}`);
  const configured = () => ana.reaches(id, 'configured', CONFIGURED_MS);
  const output = async (name: string): Promise<unknown> => (await info('/outputs')).json('outputs', name);
  const update = (document: string, query = ''): Promise<Answer> =>
    ana.post(`/infrastructures/${id}${query}`, document, YAML);
  const on = async (vm: string, command: string): Promise<string> => execIn((await machineOf(id, vm)).id, command);
  const addressesOf = (vms: readonly string[]): Promise<readonly string[]> =>
    Promise.all(vms.map(async (vm) => (await info(`/vms/${vm}/net_interface.0.ip`)).text));
  const vmUri = (vm: string): string => `${daemon.baseUrl}/infrastructures/${id}/vms/${vm}`;
  /** The machines that there are: as the API lists them, and as the engine does. */
  const expectMachines = async (...vms: readonly string[]): Promise<void> => {
    expect(await ana.vms(id)).to.deep.equal(vms);
    expect((await machinesOf(id)).map(({ vm }) => vm)).to.deep.equal(vms);
  };

  /** Documents with one mistake each, and what the answer must say. */
  const mistakes = (): readonly (readonly [string, RegExp])[] => {
    const good = cluster({ workers: 1 });
    return [
      ['a: [', /Error parsing TOSCA template: /],
      ['- a\n', /Error parsing TOSCA template: .*mapping/],
      [
        good.replace('tosca.nodes.SoftwareComponent', 'tosca.nodes.SoftwareComponen'),
        /InvalidTypeError: Type "tosca\.nodes\.SoftwareComponen" is not a valid type\. \(line \d+, column \d+; did you mean .?tosca\.nodes\.SoftwareComponent\b/,
      ],
      [
        cluster({ workers: 9 }),
        /ValidationError: The value "9" of property "workers" is out of range "\(min:0, max:5\)"/,
      ],
      [good.replace('- host: wn', '- host: nobody'), /KeyError: 'Node template "nobody" was not found in "greeter"\.'/],
      [good.replace('get_input: secret', 'get_input: secrets'), /UnknownInputError: Unknown input "secrets"/],
      [
        good.replace('/lead.yml', '/missing.yml'),
        /Error downloading the implementation script 'http:\/\/127\.0\.0\.1:\d+\/missing\.yml': Not Found\nThere is no such file\./,
      ],
      [
        good.replace(`${files.url}/lead.yml`, 'file:///etc/hostname'),
        /Implementation file: 'file:\/\/\/etc\/hostname' is not located/,
      ],
      [
        good.replace(`${files.url}/lead.yml`, 'http://169.254.169.254/latest'),
        /Error downloading the implementation script 'http:\/\/169\.254\.169\.254\/latest': .*FETCH_ALLOWED_NETS/,
      ],
      [
        good.replace(`${files.url}/types.yaml`, `${files.url}/none.yaml`),
        /URLException: Failed to reach server "http:\/\/127\.0\.0\.1:\d+\/none\.yaml"\. Reason is: Not Found\./,
      ],
    ];
  };

  it('refuses wrong documents with what is wrong in them, and makes nothing', async () => {
    for (const [document, text] of mistakes()) {
      const refused = await ana.post('/infrastructures', document, YAML);
      expect([refused.status, refused.text.slice(0, 28)], refused.text).to.deep.equal([
        400,
        'Error parsing request body: ',
      ]);
      expect(refused.text).to.match(text);
    }
    expect((await ana.get('/infrastructures')).text).to.equal('');
  });

  it('estimates what a document would use, and makes nothing', async () => {
    const estimated = await ana.post('/infrastructures?dry_run=true', cluster({ workers: 2 }), YAML);
    expect(estimated.status, estimated.text).to.equal(200);
    const machine = { cpuCores: 1, memoryInMegabytes: 512 };
    expect(estimated.json('docker', 'compute')).to.deep.equal([{ ...machine, publicIP: 1 }, machine, machine]);
    expect((await ana.get('/infrastructures')).text).to.equal('');
  });

  it('creates and configures the cluster', async () => {
    const created = await ana.post('/infrastructures?async=true', cluster({ workers: 1 }), YAML);
    expect(created.status, created.text).to.equal(200);
    id = idOf(created.text);
    ids.push(id);
    const words = await configured();
    expect(words.vms).to.deep.equal({ '0': 'configured', '1': 'configured' });
    expect((await info('/radl')).text).to.match(/^system front \(/m);
  });

  it('has run playbooks and scripts with the inputs of their operations', async () => {
    expect(await on('0', 'cat /etc/prepared')).to.equal('prepared for leading, hello\n');
    expect((await on('0', 'cat /etc/members')).trim()).to.equal((await addressesOf(['1'])).join(' '));
    expect(await on('1', 'cat /etc/greeting')).to.match(/^hello from vnode-1/);
  });

  it('gives the document back, with the random text that was generated', async () => {
    const answer = await info('/tosca');
    expect(answer.headers.get('content-type')).to.match(/^text\/plain/);
    const shown = loadYaml(answer.text);
    const sent = loadYaml(cluster({ workers: 1 }));
    expect(shown)
      .to.have.nested.property('topology_template.inputs.secret.default')
      .match(/^[A-Za-z0-9]{12}$/);
    for (const part of ['imports', 'metadata', 'topology_template.node_templates', 'topology_template.outputs']) {
      expect(shown).to.have.nested.property(part).that.deep.equals(memberAt(sent, part));
    }
  });

  it('computes the outputs from the machines', async () => {
    secret = await output('secret');
    expect((await info('/outputs')).json('outputs')).to.deep.equal({
      node_creds: {
        user: (await info('/vms/0/disk.0.os.credentials.username')).text,
        token: (await info('/vms/0/disk.0.os.credentials.password')).text,
        token_type: 'password',
      },
      front_address: (await info('/vms/0/net_interface.1.ip')).text,
      front_url: `http://${(await addressesOf(['0']))[0]}/`,
      worker_addresses: await addressesOf(['1']),
      members: '1 members',
      secret: memberAt(loadYaml((await info('/tosca')).text), 'topology_template.inputs.secret.default'),
    });
    expect(await on('1', 'hostname -I')).to.contain((await addressesOf(['1']))[0]);
  });

  it('adds the workers that a new document has more, and tells the front', async () => {
    const added = await update(cluster({ workers: 3 }));
    expect(added.status, added.text).to.equal(200);
    expect(linesOf(added.text)).to.deep.equal([vmUri('2'), vmUri('3')]);
    expect(added.headers.get('InfID')).to.equal(id);
    await configured();
    await expectMachines('0', '1', '2', '3');
    expect(await output('worker_addresses')).to.deep.equal(await addressesOf(['1', '2', '3']));
    expect(await output('members')).to.equal('3 members');
    expect((await on('0', 'cat /etc/members')).trim().split(' ')).to.have.members(await addressesOf(['1', '2', '3']));
    expect(await output('secret')).to.equal(secret);
  });

  it('leaves everything as it is when a new document is wrong', async () => {
    const before = [(await info('/tosca')).text, (await info('/radl')).text];
    for (const [document, text] of mistakes()) {
      const refused = await update(document);
      expect([refused.status, refused.text.slice(0, 28)], refused.text).to.deep.equal([
        400,
        'Error parsing request body: ',
      ]);
      expect(refused.text).to.match(text);
    }
    expect([(await info('/tosca')).text, (await info('/radl')).text]).to.deep.equal(before);
    expect((await ana.state(id)).state).to.equal('configured');
    await expectMachines('0', '1', '2', '3');
  });

  it('removes the oldest worker when a new document has fewer, and configures the rest as the document says', async () => {
    const removed = await update(cluster({ workers: 2, greeting: 'salut' }));
    expect([removed.status, removed.text]).to.deep.equal([200, '']);
    await configured();
    await expectMachines('0', '2', '3');
    expect(await output('members')).to.equal('2 members');
    expect(await on('2', 'cat /etc/greeting')).to.match(/^salut from /);
  });

  it('removes the worker that the removal list names', async () => {
    const removed = await update(cluster({ workers: 1, greeting: 'salut', removalList: ['3'] }), '?context=false');
    expect([removed.status, removed.text]).to.deep.equal([200, '']);
    await expectMachines('0', '2');
    expect(await output('worker_addresses')).to.deep.equal(await addressesOf(['2']));
  });

  it('refuses to remove machines that are gone, and keeps its document', async () => {
    const before = (await info('/tosca')).text;
    const refused = await update(cluster({ workers: 0, removalList: ['3'] }));
    expect([refused.status, refused.text]).to.deep.equal([
      404,
      'Error Adding resources: Error deleting resources 3 (removed 0)',
    ]);
    expect((await info('/tosca')).text).to.equal(before);
    await expectMachines('0', '2');
  });

  it('configures again when the number stays the same', async () => {
    const accepted = await update(cluster({ workers: 1, greeting: 'ciao' }));
    expect([accepted.status, accepted.text]).to.deep.equal([200, '']);
    await configured();
    await expectMachines('0', '2');
    expect(await on('2', 'cat /etc/greeting')).to.match(/^ciao from /);
    expect(await output('secret')).to.equal(secret);
  });

  it('only takes note of a document when it is not to configure', async () => {
    const noted = await update(cluster({ workers: 1, greeting: 'hola' }), '?context=false');
    expect([noted.status, noted.text, noted.headers.get('InfID')]).to.deep.equal([200, '', null]);
    expect((await ana.state(id)).state).to.equal('configured');
    expect(await on('2', 'cat /etc/greeting')).to.match(/^ciao from /);
    expect((await info('/radl')).text).to.contain('greeting: hola');
    expect((await info('/tosca')).text).to.contain('default: hola');
  });

  it('reconfigures with other inputs without keeping them', async () => {
    const body = cluster({ workers: 1, greeting: 'hej' });
    const answer = await ana.put(`/infrastructures/${id}/reconfigure`, { body, ...YAML });
    expect([answer.status, answer.text]).to.deep.equal([200, '']);
    await configured();
    expect(await on('2', 'cat /etc/greeting')).to.match(/^hej from /);
    expect((await info('/tosca')).text)
      .to.contain('default: hola')
      .and.not.contain('hej');
    const [mistake] = mistakes();
    const refused = await ana.put(`/infrastructures/${id}/reconfigure`, { body: mistake?.[0] ?? '', ...YAML });
    expect(refused.status).to.equal(400);
    expect(refused.text).to.match(/^Error parsing request body: Error parsing TOSCA template: /);
  });

  it('is the same after a restart, without fetching anything', async () => {
    const before = [(await info('/tosca')).text, (await info('/outputs')).text, (await info('/radl')).text];
    await files.stop();
    const asked = files.requests.length;
    await daemon.stop();
    await daemon.start();
    expect([(await info('/tosca')).text, (await info('/outputs')).text, (await info('/radl')).text]).to.deep.equal(
      before,
    );
    const again = await ana.put(`/infrastructures/${id}/reconfigure`);
    expect(again.status, again.text).to.equal(200);
    await configured();
    expect(await output('members')).to.equal('1 members');
    const refused = await update(cluster({ workers: 2 }));
    expect([refused.status, refused.text.slice(0, 28)], refused.text).to.deep.equal([
      400,
      'Error parsing request body: ',
    ]);
    expect(refused.text).to.contain(`Failed to reach server "${files.url}/types.yaml"`);
    expect(files.requests).to.have.lengthOf(asked);
    await files.start();
    const back = await update(cluster({ workers: 1 }), '?context=false');
    expect([back.status, back.text]).to.deep.equal([200, '']);
    expect(await output('secret')).to.equal(secret);
    await expectMachines('0', '2');
  });

  it('counts machines that are still on their way', async () => {
    const other = await ana.post('/infrastructures?async=true', cluster({ workers: 1 }), YAML);
    const otherId = idOf(other.text);
    ids.push(otherId);
    const grow = (workers: number): Promise<Answer> =>
      ana.post(`/infrastructures/${otherId}?context=false`, cluster({ workers }), YAML);
    const answers = await Promise.all([grow(2), grow(2)]);
    expect(answers.map(({ status }) => status)).to.deep.equal([200, 200]);
    expect(answers.flatMap(({ text }) => linesOf(text))).to.have.lengthOf(1);
    expect(await ana.vms(otherId)).to.deep.equal(['0', '1', '2']);
    expect((await ana.delete(`/infrastructures/${otherId}`)).status).to.equal(200);
  });

  it('has neither document nor outputs for an infrastructure from RADL', async () => {
    const radl = await ana.create("network public (outbound = 'yes')\n", { isAsync: false });
    for (const property of ['tosca', 'outputs']) {
      const answer = await ana.get(`/infrastructures/${radl}/${property}`);
      expect([answer.status, answer.text]).to.deep.equal([
        403,
        `'${property}' infrastructure property is not valid in this infrastructure`,
      ]);
    }
    await ana.delete(`/infrastructures/${radl}`);
  });

  it('destroys everything that it made', async () => {
    expect((await ana.delete(`/infrastructures/${id}`)).status).to.equal(200);
    expect(await machinesOf(id)).to.deep.equal([]);
    expect(await networksOf(id)).to.deep.equal([]);
  });
});

/** The value at a dotted path. */
function memberAt(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, key) => {
    expect(inner, path).to.be.an('object');
    return Object.entries(inner ?? {}).find(([name]) => name === key)?.[1];
  }, value);
}

describe('examples/tosca-cluster.yaml', () => {
  const EXAMPLE = readFileSync(new URL('../../examples/tosca-cluster.yaml', import.meta.url), 'utf8');
  const mirror = new FileServer();
  let daemon: TestDaemon;
  let ana: RestUser;
  let id = '';
  let options: Options;

  before(async function () {
    await needPeers(this, 'node image', 'ansible');
    await mirror.start();
    options = { URL_MIRRORS: `https://raw.githubusercontent.com/=${mirror.url}/` };
    daemon = await TestDaemon.start(options);
    ana = daemon.user(userLine('ana'), DOCKER_LINE);
  });
  after(async () => {
    await daemon?.remove();
    await mirror.stop();
    if (id !== '') await sweep([id]);
  });

  it('works as it is, with recipes that stand in it, and fetches nothing', async () => {
    // Every machine of the tests has its own port.
    const document = EXAMPLE.replaceAll('8081', String(await anyFreePort()));
    const created = await ana.post('/infrastructures?async=true', document, YAML);
    expect(created.status, created.text).to.equal(200);
    id = idOf(created.text);
    await ana.reaches(id, 'configured', CONFIGURED_MS);
    const outputs = (await ana.get(`/infrastructures/${id}/outputs`)).json('outputs');
    expect(outputs).to.have.property('page', 'Hello from TOSCA: 1 workers');
    const page = await fetch(String(memberAt(outputs, 'url')));
    expect(await page.text()).to.equal('Hello from TOSCA: 1 workers\n');
    expect(await execIn((await machineOf(id, '1')).id, 'cat /etc/cluster-card')).to.match(/ works for front$/m);
    expect((await ana.delete(`/infrastructures/${id}`)).status).to.equal(200);
    expect(mirror.requests).to.deep.equal([]);
  });

  it('asks the network first where that is wanted, and works also when the network has nothing', async () => {
    await daemon.stop();
    await daemon.configure({ ...options, TOSCA_TYPES_REMOTE_FIRST: 'True' });
    await daemon.start();
    const estimated = await ana.post('/infrastructures?dry_run=true', EXAMPLE, YAML);
    expect(estimated.status, estimated.text).to.equal(200);
    expect(new Set(mirror.requests)).to.deep.equal(
      new Set(['/grycap/tosca/main/custom_types.yaml', '/grycap/tosca/main/artifacts/ansible_tasks.yml']),
    );
  });
});
