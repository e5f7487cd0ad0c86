// SPDX-License-Identifier: Apache-2.0
// Tests how recipes and header become a playbook (contextualization.md §11.3, §11.4).
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { recipePlaybook } from '../../../src/contextualization/plan/playbook.js';
import { decryptVault, encryptVault } from '../../../src/contextualization/plan/vault.js';
import { ImError } from '../../../src/domain/index.js';
import { loadYaml } from '../../../src/yaml.js';

const HOSTS = ['10.0.0.1_0', '10.0.0.2_1'];
const HEADER = { hosts: HOSTS, gather_facts: false, become: true, strategy: 'free' };

function make(recipe: string, options: { vaultPassword?: string; isWindows?: boolean } = {}) {
  const { isWindows = false, ...vault } = options;
  return recipePlaybook({ name: 'common', recipe, ...vault }, { hostNames: HOSTS, isWindows }, randomBytes);
}

function plays(recipe: string): unknown {
  return loadYaml(make(recipe).content);
}

describe('playbook of a recipe', () => {
  it('puts the header before each play', () => {
    expect(plays('- tasks:\n  - ping:\n- vars: {a: 1}\n  roles: [r]')).to.deep.equal([
      { ...HEADER, tasks: [{ ping: null }] },
      { ...HEADER, vars: { a: 1 }, roles: ['r'] },
    ]);
  });

  it('lets become, become_user, gather_facts and strategy of the recipe replace the header’s', () => {
    expect(plays('- {become: yes, become_user: db, gather_facts: yes, strategy: linear, tasks: []}')).to.deep.equal([
      { ...HEADER, become: true, become_user: 'db', gather_facts: true, strategy: 'linear', tasks: [] },
    ]);
  });

  it('ignores false values where the header has a true one, as the reference', () => {
    expect(plays('- {become: no, gather_facts: no, hosts: "", tasks: []}')).to.deep.equal([{ ...HEADER, tasks: [] }]);
  });

  it('adds the hosts of the recipe to the VMs of the task', () => {
    expect(plays('- hosts: all\n- hosts: [front, wn]')).to.deep.equal([
      { ...HEADER, hosts: [...HOSTS, 'all'] },
      { ...HEADER, hosts: [...HOSTS, 'front', 'wn'] },
    ]);
  });

  it('reads IM_HOST in hosts as the VMs of the task', () => {
    expect(plays('- hosts: "{{IM_HOST}}"\n- hosts: "{{ IM_HOST }}:&front"')).to.deep.equal([
      HEADER,
      { ...HEADER, hosts: [...HOSTS, '10.0.0.1_0:10.0.0.2_1:&front'] },
    ]);
  });

  it('becomes nobody on Windows', () => {
    const { become: _, ...windowsHeader } = HEADER;
    expect(loadYaml(make('- tasks: []', { isWindows: true }).content)).to.deep.equal([{ ...windowsHeader, tasks: [] }]);
  });

  it('makes a playbook without plays of what is no list of mappings', () => {
    for (const recipe of ['a: 1', 'text', '- text', '- - nested', '[]', '', '- {tasks: []}\n- 3']) {
      expect(plays(recipe), recipe).to.deep.equal([]);
    }
  });

  it('refuses invalid YAML and names the configure', () => {
    expect(() => make('- hosts: [')).to.throw(ImError, /^Error parsing YAML of the configure 'common': /);
  });

  it('keeps the values of the recipe apart that YAML readers confuse', () => {
    const { content } = make(
      '- vars: {a: 1.0, b: "1.0", c: 010, d: "010", e: yes, f: "yes", g: 2020-01-01, h: "2020-01-01"}',
    );
    expect(content).to.match(/a: 1\.0\n/);
    expect(content).to.match(/b: ['"]1\.0['"]\n/);
    expect(content).to.match(/c: 8\n/);
    expect(content).to.match(/d: ['"]010['"]\n/);
    expect(content).to.match(/e: true\n/);
    expect(content).to.match(/f: ['"]yes['"]\n/);
    expect(content).to.match(/g: 2020-01-01\n/);
    expect(content).to.match(/h: ['"]2020-01-01['"]\n/);
  });

  describe('that lets one VM stop the others', () => {
    it('is told when the play has a strategy in which it does', () => {
      expect(make('- {strategy: linear, any_errors_fatal: yes}').failsTogether).to.equal(true);
      expect(make('- {strategy: linear, tasks: [{block: [], any_errors_fatal: yes}]}').failsTogether).to.equal(true);
      expect(make('- {strategy: linear, max_fail_percentage: 30}').failsTogether).to.equal(true);
    });

    it('is not told when VMs go on by themselves or nothing asks for it', () => {
      expect(make('- {any_errors_fatal: yes}').failsTogether).to.equal(false);
      expect(make('- {strategy: linear, any_errors_fatal: no}').failsTogether).to.equal(false);
      expect(make('- {strategy: linear}').failsTogether).to.equal(false);
    });
  });

  describe('with a Vault password', () => {
    const clear = '- vars: {a: secret}\n';

    it('merges an encrypted recipe and writes the result encrypted', () => {
      const { content } = make(encryptVault(clear, 'sesame', randomBytes), { vaultPassword: 'sesame' });
      expect(content).to.match(/^\$ANSIBLE_VAULT;1\.1;AES256\n/);
      expect(loadYaml(decryptVault(content, 'sesame'))).to.deep.equal([{ ...HEADER, vars: { a: 'secret' } }]);
    });

    it('encrypts plain recipes too', () => {
      expect(make(clear, { vaultPassword: 'sesame' }).content).to.not.contain('secret');
    });

    it('refuses a wrong and a missing password with the same text', () => {
      const text = 'Decryption failed (no vault secrets were found that could decrypt)';
      const encrypted = encryptVault(clear, 'sesame', randomBytes);
      expect(() => make(encrypted, { vaultPassword: 'other' })).to.throw(ImError, text);
      expect(() => make(encrypted)).to.throw(ImError, text);
    });
  });
});
