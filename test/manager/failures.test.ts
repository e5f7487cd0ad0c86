// SPDX-License-Identifier: Apache-2.0
// The failure report of an infrastructure and its bundle, from the rows of a real store.
import { expect } from 'chai';
import type { Contextualizer } from '../../src/contextualization/index.js';
import { failureToJson } from '../../src/domain/index.js';
import { parseRadl } from '../../src/radl/index.js';
import { MemoryCloud } from '../support/memory-cloud.js';
import { callOf, demolish, type House, startHouse } from '../support/operations-house.js';
import { failureOf, until } from '../support/waiting.js';

const PASSWORD = 'S3cret-of-VM';
const PROXY_PASSWORD = 'Pr0xy-secret';
const DOCUMENT = `network pub (outbound = 'yes')
network priv (proxy_host = 'u:${PROXY_PASSWORD}@198.51.100.1')
system node (net_interface.0.connection = 'pub' and net_interface.1.connection = 'priv' and disk.0.image.url = 'mem://1' and
  disk.0.os.credentials.username = 'u' and disk.0.os.credentials.password = '${PASSWORD}')
deploy node 2
`;

let token = '';

/** A configuration in which VM 1 fails; its log holds secrets that no pattern knows. */
const failing: Contextualizer = {
  run: async ({ runId, ports }) => {
    token = await ports.infrastructureToken();
    await ports.logVm(1, `echo ${PASSWORD} ${PROXY_PASSWORD} ${token}\nlast words\n`);
    await ports.logInfrastructure(`with ${PASSWORD}`);
    const failure = {
      phase: 'step',
      step: 4,
      vm: 1,
      task: 'a_node',
      lines: [`printed ${PASSWORD}`],
      hint: 'mend it',
    } as const;
    await ports.saveProgress({
      runId,
      failures: [failureToJson(failure), { phase: 'unheard of' }, 'x'],
      failuresLeftOut: 2,
    });
    await ports.setVmResult(0, true);
    await ports.setVmResult(1, false);
    return { isInfrastructureConfigured: true };
  },
  killRemote: async () => {},
  close: async () => {},
};

describe('the failure report', () => {
  let house: House;
  let id: string;

  before(async () => {
    house = await startHouse({ types: [new MemoryCloud().connectorType()], contextualizer: failing });
    const created = await house.manager.createInfrastructure(callOf(), parseRadl(DOCUMENT), { isAsync: false });
    id = created.infrastructureId;
    await until(async () => {
      const operations = await house.manager.listOperations(callOf(), id, 1);
      return operations[0]?.kind === 'configure' && operations[0].state === 'done';
    }, 'the end of the configuration');
  });
  after(() => demolish(house));

  it('has what the last configuration left', async () => {
    const report = await house.manager.infrastructureFailures(callOf(), id);
    expect(report.state).to.equal('unconfigured');
    expect(report.configuration?.kind).to.equal('configure');
    expect(report.leftOut).to.equal(2);
    expect(report.failures).to.deep.equal([
      { phase: 'step', step: 4, vm: 1, task: 'a_node', lines: [`printed ${PASSWORD}`], hint: 'mend it' },
    ]);
  });

  it('is for owners only', async () => {
    const error = await failureOf(house.manager.infrastructureFailures(callOf('eve'), id));
    expect(error).to.have.property('code', 'unauthorized');
    expect(await failureOf(house.manager.failureBundle(callOf('eve'), id))).to.have.property('code', 'unauthorized');
  });

  it('goes out as a bundle with logs and document, without any secret that is stored with the infrastructure', async () => {
    const text = JSON.stringify(await house.manager.failureBundle(callOf(), id));
    expect(token).to.match(/^im-infrastructure\./);
    for (const secret of [PASSWORD, PROXY_PASSWORD, token]) expect(text).not.to.contain(secret);
    const bundle = JSON.parse(text);
    expect(bundle.vms.map(({ number }: { number: number }) => number)).to.deep.equal([1, 0]);
    expect(bundle.vms[0].log).to.match(/^echo \*+ \*+ \*+\nlast words\n$/);
    expect(bundle.vms[0].state).to.equal('unconfigured');
    expect(bundle.failures[0].lines).to.deep.equal(['printed ********']);
    expect(bundle.radl).to.contain('system node');
    expect(bundle.log).to.contain('with ********');
    expect(bundle.operations[0]).to.include({ kind: 'configure', state: 'done' });
  });
});
