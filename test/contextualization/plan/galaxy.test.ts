// SPDX-License-Identifier: Apache-2.0
// Tests which roles and collections the documents ask for (contextualization.md §7).
import { expect } from 'chai';
import { galaxyContent, parseCollection, parseRole } from '../../../src/contextualization/plan/galaxy.js';
import { parseRadl } from '../../../src/radl/index.js';

describe('galaxy content', () => {
  it('reads every documented form of a role', () => {
    expect(parseRole('user.role')).to.deep.equal({ source: 'user.role' });
    expect(parseRole('user.role,v1.0')).to.deep.equal({ source: 'user.role', version: 'v1.0' });
    expect(parseRole('user.role', '2.1')).to.deep.equal({ source: 'user.role', version: '2.1' });
    expect(parseRole('https://host/x.tar.gz|name')).to.deep.equal({ source: 'https://host/x.tar.gz', name: 'name' });
    expect(parseRole('git+https://host/x|name')).to.deep.equal({ source: 'git+https://host/x', name: 'name' });
  });

  it('keeps version and name together, which the reference does not', () => {
    const role = { source: 'git+https://host/x', version: 'v1', name: 'name' };
    expect(parseRole('git+https://host/x,v1|name')).to.deep.equal(role);
  });

  it('reads collections with and without version', () => {
    expect(parseCollection('ns.coll')).to.deep.equal({ name: 'ns.coll' });
    expect(parseCollection('ns.coll,1.0')).to.deep.equal({ name: 'ns.coll', version: '1.0' });
  });

  it('collects those of all systems once', () => {
    const application = (name: string): string => `disk.0.applications contains (name = '${name}')`;
    const radl =
      parseRadl(`system a (${application('ansible.roles.u.r')} and ${application('ansible.collections.n.c,1.0')})
      system b (${application('ansible.roles.u.r')} and ${application('ansible.modules.old.r')} and ${application('wget')})`);
    expect(galaxyContent(radl)).to.deep.equal({
      roles: [{ source: 'u.r' }, { source: 'old.r' }],
      collections: [{ name: 'n.c', version: '1.0' }],
    });
  });

  it('takes the version of the application', () => {
    const radl = parseRadl("system a (disk.0.applications contains (name = 'ansible.roles.u.r' and version = 'v2'))");
    expect(galaxyContent(radl).roles).to.deep.equal([{ source: 'u.r', version: 'v2' }]);
  });

  it('refuses what ansible-galaxy would take for an option or for several lines', () => {
    expect(() => parseRole('--server=http://evil')).to.throw('cannot be installed');
    expect(() => parseRole('a\nb')).to.throw('cannot be installed');
    expect(() => parseCollection('')).to.throw('cannot be installed');
  });
});
