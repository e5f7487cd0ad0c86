// SPDX-License-Identifier: Apache-2.0
// Adding aspects, updating the stored document, completing references, reconfiguring.
import { expect } from 'chai';
import {
  checkRadl,
  completeRadl,
  isFakeSystem,
  mergeRadl,
  parseRadl,
  printRadl,
  type Radl,
  reconfigureRadl,
  serializeRadl,
  takeNewCredentials,
  visibleRadl,
} from '../../src/radl/index.js';
import { errorOf } from './support.js';

const STORED = `description d (name = 'first')
network pub (outbound = 'yes')
network priv (provider_id = 'vlan1')
system front (cpu.count = 1 and net_interface.0.connection = 'pub')
system wn (cpu.count = 2 and net_interface.0.connection = 'priv')
configure front (
@begin
- tasks: []
@end
)
deploy front 1
deploy wn 2
contextualize 100 (system front configure front step 1)`;

function stored(): Radl {
  return parseRadl(STORED);
}

describe('adding an aspect', () => {
  const [network] = parseRadl("network n (a = 'new')").networks;
  if (network === undefined) throw new Error('the text has a network');

  it('raises, ignores or replaces (moving to the end) what is there', () => {
    const radl = parseRadl("network n (a = 'old') network m");
    expect(errorOf(() => radl.add(network)).message).to.equal('Aspect with the same id was found.');
    expect(radl.add(network, 'ignore')).to.equal(false);
    expect(radl.add(network, 'replace')).to.equal(true);
    expect(printRadl(radl)).to.equal("network m \nnetwork n ( a = 'new' )\n");
  });

  it('always appends deploys', () => {
    const radl = parseRadl('deploy s 1');
    for (const deploy of parseRadl('deploy s 1').deploys) radl.add(deploy, 'ignore');
    expect(radl.deploys).to.have.length(2);
  });

  it('sets a description once', () => {
    const radl = parseRadl('description a () network n');
    const { description } = parseRadl('description b () network n');
    if (description === undefined) throw new Error('the text has a description');
    expect(() => radl.add(description)).to.throw('Description can only be defined once.');
    expect(radl.add(description, 'ignore')).to.equal(false);
    expect(radl.add(description, 'replace')).to.equal(true);
    expect(radl.description?.name).to.equal('b');
  });
});

describe('updating the stored document', () => {
  it('keeps networks, replaces systems and configures at the end, and all deploys', () => {
    const radl = stored();
    const outcome = mergeRadl(
      radl,
      parseRadl(
        "network pub (outbound = 'no') network third system front (cpu.count = 4) deploy front 3 contextualize 50 (system wn configure front)",
      ),
    );
    expect(outcome.ignoredNetworks).to.deep.equal(['pub']);
    expect(radl.networks.map(({ id }) => id)).to.deep.equal(['pub', 'priv', 'third']);
    expect(radl.getNetwork('pub')?.features.getText('outbound')).to.equal('yes');
    expect(radl.systems.map(({ name }) => name)).to.deep.equal(['wn', 'front']);
    expect(radl.deploys.map(({ system, count }) => [system, count])).to.deep.equal([['front', 3]]);
    expect(radl.contextualize.maxTime).to.equal(100);
    expect(radl.contextualize.items).to.have.length(2);
  });

  it('keeps the deploys when the new document has none, and replaces the description', () => {
    const radl = stored();
    mergeRadl(radl, parseRadl("description e (name = 'second') network pub"));
    expect(radl.deploys).to.have.length(2);
    expect(radl.description?.name).to.equal('e');
  });

  it('leaves the stored document alone when the result is wrong', () => {
    const radl = stored();
    const before = serializeRadl(radl);
    expect(
      errorOf(() => mergeRadl(radl, parseRadl("description x () system wn (spot = 'q') deploy wn 9"))).message,
    ).to.contain('Invalid value');
    expect(serializeRadl(radl)).to.equal(before);
  });

  it('shares nothing with the new document', () => {
    const radl = stored();
    const request = parseRadl('system wn (cpu.count = 4)');
    mergeRadl(radl, request);
    request.getSystem('wn')?.features.setText('spot', 'yes');
    expect(radl.getSystem('wn')?.features.has('spot')).to.equal(false);
  });
});

describe('completing references', () => {
  it('moves the stored definitions to the end of their lists', () => {
    const request = parseRadl('network priv network new () system wn system extra () deploy wn 1');
    completeRadl(request, stored(), new Map());
    expect(request.networks.map(({ id, isReference }) => [id, isReference])).to.deep.equal([
      ['new', false],
      ['priv', false],
    ]);
    expect(request.systems.map(({ name }) => name)).to.deep.equal(['extra', 'wn']);
    expect(request.getSystem('wn')?.features.getNumber('cpu.count')).to.equal(2);
  });

  it('names unknown references and what was probably meant', () => {
    const error = errorOf(() => completeRadl(parseRadl('system wm deploy wm 1'), stored(), new Map()));
    expect(error.message).to.equal("Unknown reference in RADL to system 'wm'");
    expect(error.hint).to.equal("did you mean 'wn'?");
    expect(errorOf(() => completeRadl(parseRadl('network x'), stored(), new Map())).message).to.equal(
      "Unknown reference in RADL to network 'x'",
    );
    expect(errorOf(() => completeRadl(parseRadl('configure x'), stored(), new Map())).message).to.equal(
      "Unknown reference in RADL to configure 'x'",
    );
  });

  it('ties new machines to the cloud of their private network, invisibly for users', () => {
    const request = parseRadl('network priv system wn deploy wn 1');
    completeRadl(
      request,
      stored(),
      new Map([
        ['priv', 'one'],
        ['other', 'two'],
      ]),
    );
    expect(request.systems.map(({ name }) => isFakeSystem(name))).to.deep.equal([false, true]);
    expect(request.deploys[1]).to.include({ system: 'F0000__FAKE_SYSTEM__0', count: 0, cloudId: 'one' });
    const visible = visibleRadl(request);
    expect([visible.systems.length, visible.deploys.length, request.systems.length]).to.deep.equal([1, 1, 2]);
  });

  it('checks the result: a network that is not mentioned is missing', () => {
    expect(errorOf(() => completeRadl(parseRadl('system wn deploy wn 1'), stored(), new Map())).message).to.equal(
      "Line 5: Invalid value in property 'net_interface.0.connection'",
    );
  });

  it('does not change the stored document', () => {
    const radl = stored();
    const before = serializeRadl(radl);
    const request = parseRadl('network priv system wn deploy wn 1');
    completeRadl(request, radl, new Map());
    request.getSystem('wn')?.features.setText('spot', 'yes');
    expect(serializeRadl(radl)).to.equal(before);
    checkRadl(radl);
  });
});

describe('reconfiguring', () => {
  it('takes recipes, contextualize, new credentials and applications only', () => {
    const radl = stored();
    reconfigureRadl(
      radl,
      parseRadl(
        "network pub (outbound = 'no') system wn (cpu.count = 9 and disk.0.os.credentials.new.password = 'N3w_Password' and disk.0.applications contains (name = 'ansible.roles.a,2')) " +
          'configure front (\n@begin\n- new\n@end\n) contextualize (system wn configure front) deploy wn 9',
      ),
    );
    const features = radl.getSystem('wn')?.features;
    expect(features?.getNumber('cpu.count')).to.equal(2);
    expect(features?.getText('disk.0.os.credentials.new.password')).to.equal('N3w_Password');
    expect(features?.contained('disk.0.applications')).to.have.length(1);
    expect(radl.getConfigure('front')?.recipe).to.equal('\n- new\n');
    expect(radl.deploys.map(({ count }) => count)).to.deep.equal([1, 2]);
    expect(radl.contextualize.items).to.have.length(2);
  });

  it('replaces applications of the same base name and adds others', () => {
    const radl = parseRadl(
      "system s (disk.0.applications contains (name = 'ansible.roles.a,1') and disk.0.applications contains (name = 'b'))",
    );
    reconfigureRadl(
      radl,
      parseRadl(
        "system s (disk.0.applications contains (name = 'ansible.roles.a,2') and disk.0.applications contains (name = 'c'))",
      ),
    );
    const names = radl.systems[0]?.features
      .contained('disk.0.applications')
      .map((application) => application.getText('name'));
    expect(names).to.deep.equal(['ansible.roles.a,2', 'b', 'c']);
  });

  it('leaves credentials alone that are the current ones, and recipes that are only named', () => {
    const radl = parseRadl("system s (disk.0.os.credentials.password = 'same')");
    const [system] = radl.systems;
    const update = parseRadl("system s (disk.0.os.credentials.new.password = 'same')");
    expect(takeNewCredentials(system!, update.systems[0]!)).to.equal(false);
    expect(system!.features.has('disk.0.os.credentials.new.password')).to.equal(false);
    const full = stored();
    reconfigureRadl(full, parseRadl('configure front'));
    expect(full.getConfigure('front')?.recipe).to.equal(stored().getConfigure('front')?.recipe);
  });
});
