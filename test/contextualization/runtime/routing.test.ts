// SPDX-License-Identifier: Apache-2.0
// Which collections a recipe needs, from the names in it.
import { expect } from 'chai';
import { namedCollections, withNeeds } from '../../../src/contextualization/runtime/index.js';

const routing = {
  modules: { ufw: 'community.general', docker_container: 'community.docker', make: 'community.general' },
  action: { win_copy: 'ansible.windows' },
  filter: { json_query: 'community.general' },
  lookup: { etcd: 'community.general', aws_secret: 'amazon.aws' },
  test: { vault_encrypted: 'community.crypto' },
};
const known = new Set([
  'community.general',
  'community.docker',
  'ansible.windows',
  'amazon.aws',
  'community.crypto',
  'kubernetes.core',
]);
const named = (text: string): readonly string[] => [...namedCollections(text, routing, known)].sort();

describe('the collections that a recipe needs', () => {
  for (const [what, text, wanted] of [
    [
      'short names of modules',
      '- hosts: all\n  tasks:\n  - ufw: rule=allow\n  - name: x\n    docker_container:\n      name: y',
      ['community.docker', 'community.general'],
    ],
    ['long names', '  - kubernetes.core.k8s:\n', ['kubernetes.core']],
    [
      'modules named by action',
      '- local_action: ufw rule=allow\n- action:\n    module: docker_container',
      ['community.docker', 'community.general'],
    ],
    ['action plugins', '- "win_copy": src=a', ['ansible.windows']],
    ['filters', `- debug: msg="{{ x | json_query('a') }}"`, ['community.general']],
    [
      'lookups',
      `- debug: msg="{{ lookup('etcd', 'x') }} {{ query( "aws_secret") }}"`,
      ['amazon.aws', 'community.general'],
    ],
    ['loops over lookups', '- command: x\n  with_etcd: y', ['community.general']],
    ['tests', '- command: x\n  when: y is not vault_encrypted', ['community.crypto']],
    ['lists of collections', 'collections:\n  - community.docker\n', ['community.docker']],
    [
      'nothing in words that are no names',
      '- shell: make ufw; docker_container_run\n- debug: msg="use a.b.c and toString"',
      [],
    ],
  ] as const) {
    it(`are found from ${what}`, () => expect(named(text)).to.deep.equal(wanted));
  }

  it('come with what they need, also in a circle', () => {
    const bundles = [
      { name: 'a.a', needs: ['b.b'] },
      { name: 'b.b', needs: ['a.a', 'c.c'] },
      { name: 'c.c', needs: ['not.there'] },
      { name: 'd.d', needs: [] },
    ];
    expect([...withNeeds(['a.a'], bundles)].sort()).to.deep.equal(['a.a', 'b.b', 'c.c']);
  });
});
