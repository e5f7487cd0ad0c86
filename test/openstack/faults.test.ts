// SPDX-License-Identifier: Apache-2.0
// Calls that fail, and answers that get lost, at every step of a launch: nothing twice, nothing left (openstack.md §12 number 30, common.md A13).
import { expect } from 'chai';
import { launchAll, never } from '../connectors/support.js';
import { type Fault, type FaultProxy, startFaultProxy } from '../support/openstack-lab/fault-proxy.js';
import {
  connectLab,
  inventoryOf,
  labFile,
  labImage,
  leftoversOf,
  needLab,
  OTHER,
} from '../support/openstack-lab/lab.js';
import { LabHouse } from './lab-house.js';

describe('OpenStack faults', function () {
  this.timeout(600_000);
  let proxy: FaultProxy;
  let house: LabHouse;
  before(function () {
    needLab(this);
  });
  beforeEach(async () => {
    // The project without router: the launch makes everything that it can make.
    proxy = await startFaultProxy(labFile().projects.other);
    house = new LabHouse(connectLab({ tenant: OTHER.project, ...proxy.item }), OTHER);
  });
  afterEach(async () => {
    proxy.rules = {};
    await house.demolish();
    await proxy.close();
  });

  const radl = (): string => `network pub (outbound = 'yes')
network priv (create = 'yes')
system node (net_interface.0.connection = 'pub' and net_interface.1.connection = 'priv' and disk.0.image.url = '${labImage()}')`;

  /** Every call of a launch that makes something. */
  const STEPS: readonly (readonly [name: string, method: string, path: RegExp])[] = [
    ['network', 'POST', /\/networks$/],
    ['subnet', 'POST', /\/subnets$/],
    ['router', 'POST', /\/routers$/],
    ['router interface', 'PUT', /\/add_router_interface$/],
    ['security group', 'POST', /\/security-groups$/],
    ['security group rule', 'POST', /\/security-group-rules$/],
    ['port', 'POST', /\/ports$/],
    ['floating IP', 'POST', /\/floatingips$/],
    ['server', 'POST', /\/servers$/],
  ];
  const at = (step: (typeof STEPS)[number], fault: Fault) => {
    // Rules are asked for together, and then one by one to know which is refused.
    let times = step[0] === 'security group rule' ? 2 : 1;
    proxy.rules = {
      decide: ({ method, path }) => {
        if (times === 0 || method !== step[1] || !step[2].test(path)) return 'pass';
        times -= 1;
        return fault;
      },
    };
  };

  for (const step of STEPS) {
    it(`a refused ${step[0]} leaves nothing (30)`, async () => {
      at(step, { status: 400, body: { NeutronError: { type: 'Refused', message: 'by the test', detail: '' } } });
      const [outcome] = await house.tryLaunch(radl());
      if (step[0] === 'floating IP') {
        // The machine runs without it, says why, and is given one later.
        expect(outcome).to.include({ ok: true });
        await house.untilRunning();
        expect(house.feature('net_interface.0.ip')).to.match(/^198\.51\.100\./);
        return;
      }
      expect(outcome).to.include({ ok: false });
      expect(outcome!.ok ? '' : outcome!.message).to.contain(
        '400 Bad Request by the test (request id req-from-the-proxy',
      );
      const ofVm = (await inventoryOf(house.id, OTHER)).others.filter((text) => /^(port|floating)/.test(text));
      expect(ofVm, 'of the machine, as soon as it failed').to.deep.equal([]);
      await house.rollBack();
      expect(await leftoversOf(house.id, OTHER)).to.deep.equal([]);
    });
  }

  it('loses the answer of every step and makes everything once', async () => {
    const lost = new Set<string>();
    proxy.rules = {
      decide: ({ method, path }) => {
        const step = STEPS.find(([name, verb, pattern]) => verb === method && pattern.test(path) && !lost.has(name));
        if (step === undefined) return 'pass';
        lost.add(step[0]);
        return 'lose-answer';
      },
    };
    const [vm] = await house.launch(radl());
    expect([...lost]).to.have.members(STEPS.map(([name]) => name));
    const { servers, others } = await inventoryOf(house.id, OTHER);
    expect(servers.map(({ id }) => id)).to.deep.equal([vm!.providerId]);
    const kinds = others.map((text) => text.replace(/ (im-)?[0-9a-f.-]+.*$/, '')).sort();
    expect(kinds).to.deep.equal([
      'floating IP',
      'network',
      'port',
      'router',
      'security group',
      'security group',
      'subnet',
    ]);
  });

  it('does not know of a server whose create call got lost: the next try has the same token, and makes it once', async () => {
    at(STEPS.at(-1)!, 'lose-call');
    const request = await house.request(radl());
    const [outcome] = await launchAll(house.connector, request);
    expect(outcome).to.include({ ok: false, mayExist: true });
    const again = await launchAll(house.connector, request);
    expect(again[0]).to.include({ ok: true });
    expect((await inventoryOf(house.id, OTHER)).servers).to.have.length(1);
    const [found] = await house.connector.findByToken([request.vms[0]!.token], house.id, never);
    await house.connector.destroyResource!(
      { ...vmResource(house, request.vms[0]!.token), providerId: found!.providerId },
      never,
    );
  });

  it('reports the fault of a failed server once (20)', async () => {
    await house.launch(radl());
    proxy.rules = {
      decide: ({ service, method, path }) =>
        service === 'nova' && method === 'GET' && /\/servers\/[0-9a-f-]{36}$/.test(path)
          ? {
              status: 200,
              body: {
                server: {
                  id: house.vms.get(0)!.providerId,
                  status: 'ERROR',
                  fault: { message: 'No valid host was found.' },
                },
              },
            }
          : 'pass',
    };
    for (const _look of [1, 2]) {
      const [seen] = await house.observe();
      expect(seen).to.include({ ok: true, cloudState: 'failed', reason: 'No valid host was found.' });
    }
  });

  it('asks once for all machines, whatever their number', async () => {
    await house.launch(radl(), 3);
    await house.untilRunning();
    proxy.calls.length = 0;
    await house.observe();
    expect(proxy.calls.map(({ service, path }) => `${service} ${path.replace(/\?.*/, '')}`)).to.deep.equal([
      'nova /v2.1/servers/detail',
      'neutron /v2.0/floatingips',
    ]);
  });

  it('keeps what is known while a service does not answer', async () => {
    await house.launch(radl());
    await house.untilRunning();
    proxy.rules = { decide: () => ({ status: 500, body: { computeFault: { message: 'broken' } } }) };
    const [seen] = await house.observe();
    expect(seen).to.include({ number: 0, ok: false });
    expect(seen!.ok ? '' : seen!.message).to.contain('500 Internal Server Error broken (request id req-from-the-proxy');
  });

  it('removes a machine that was made while the launch was called off', async () => {
    const controller = new AbortController();
    proxy.rules = {
      after: ({ method, path }) => {
        if (method === 'POST' && path.endsWith('/servers')) controller.abort(new Error('destroyed meanwhile'));
      },
    };
    const request = { ...(await house.request(radl())), signal: controller.signal };
    const [outcome] = await launchAll(house.connector, request);
    expect(outcome).to.deep.equal({ number: 0, ok: false, message: 'The launch was cancelled.' });
    expect((await inventoryOf(house.id, OTHER)).servers).to.deep.equal([]);
  });
});

function vmResource(house: LabHouse, token: string) {
  return {
    id: 'r',
    infrastructureId: house.id,
    operationId: 'o',
    kind: 'vm' as const,
    cloud: house.connector.cloud,
    vmNumber: 0,
    token,
    providerId: null,
    state: 'created' as const,
    data: {},
    createdAt: 0,
  };
}
