// SPDX-License-Identifier: Apache-2.0
// Tests the composition of a plan: steps, tasks, files, bootstrap (contextualization.md §3.1, §8, §11).
import { expect } from 'chai';
import type { ConfigurationPlan, PlanInput } from '../../../src/contextualization/contract.js';
import { makePlan } from '../../../src/contextualization/plan/index.js';
import { parseRadl } from '../../../src/radl/index.js';
import { loadYaml } from '../../../src/yaml.js';
import { cluster, clusterVms, planInput, SETTINGS, vm } from './builders.js';

const recipe = (name: string, body = '- tasks: []'): string => `configure ${name} (\n@begin\n${body}\n@end\n)\n`;

function plan(rest: string, overrides: Partial<PlanInput> = {}): ConfigurationPlan {
  const radl = cluster(rest);
  return makePlan(planInput(radl, clusterVms(radl), overrides));
}

/** `step: task[vms]` of each task. */
function outline({ steps }: ConfigurationPlan): readonly string[] {
  return steps.map(
    ({ number, tasks }) => `${number}: ${tasks.map(({ name, vms }) => `${name}[${vms.join()}]`).join(' ')}`,
  );
}

function contentOf({ files }: ConfigurationPlan, path: string): unknown {
  return loadYaml(files.find((file) => file.path === path)?.content ?? 'missing');
}

/** No VM runs its recipes by itself. */
const GROUPED = { settings: { ...SETTINGS, vmNumUseCtxtDist: 5000 } };

describe('makePlan', () => {
  const MAIN = '2: main_front[0] main_wn[1,2]';

  it('runs the configure of a system’s own name in step 1 when there are no items', () => {
    expect(outline(plan(recipe('wn')))).to.deep.equal([MAIN, '4: wn_wn[1,2]']);
  });

  it('does so too when contextualize has options only', () => {
    const text = `${recipe('wn')}contextualize ( option ansible_version = '8.0' )`;
    expect(outline(plan(text))).to.deep.equal([MAIN, '4: wn_wn[1,2]']);
  });

  it('orders items by step, and within a step as given', () => {
    const text = `${recipe('a')}${recipe('b')}${recipe('c')}contextualize (
      system front configure c step 10
      system front configure b step 2
      system wn configure b step 2
      system front configure a step 2
      system wn configure a
    )`;
    expect(outline(plan(text))).to.deep.equal([
      MAIN,
      '3: a_wn[1,2]',
      '5: b_front[0] b_wn[1,2] a_front[0]',
      '13: c_front[0]',
    ]);
  });

  it('leaves items of other tools and empty or unknown configures out', () => {
    const text = `${recipe('a')}${recipe('b')}contextualize (
      system front configure a with cloud_init
      system front configure b
    )`;
    expect(outline(plan(text))).to.deep.equal([MAIN, '3: b_front[0]']);
  });

  it('runs main everywhere and recipes on the listed VMs only', () => {
    const text = `${recipe('a')}contextualize (\n system front configure a\n system wn configure a\n)`;
    expect(outline(plan(text, { vmList: [2, 99] }))).to.deep.equal([MAIN, '3: a_wn[2]']);
  });

  it('gives each VM a process of its own when asked to', () => {
    const made = plan(recipe('wn'), { settings: { ...SETTINGS, processPerVm: true } });
    expect(outline(made)).to.deep.equal(['2: main_front[0] main_wn[1] main_wn[2]', '4: wn_wn[1] wn_wn[2]']);
    expect(contentOf(made, 'wn_wn_2_task.yml')).to.have.deep.nested.property('[0].hosts', ['10.214.1.12_2']);
  });

  it('keeps VMs with contextualization disabled out of everything', () => {
    const made = plan(`${recipe('wn')}configure front ()`, { masterVm: null });
    expect(outline(made)).to.deep.equal(['2: main_wn[1,2]', '4: wn_wn[1,2]']);
    expect([...made.hostNames]).to.deep.equal([
      [1, '10.214.1.11_1'],
      [2, '10.214.1.12_2'],
    ]);
  });

  it('writes every body under its name, so that recipes can include one another', () => {
    const made = plan(
      `${recipe('a')}${recipe('other', '- name: included\n  ping:')}contextualize ( system wn configure a )`,
    );
    expect(contentOf(made, 'other.yml')).to.deep.equal([{ name: 'included', ping: null }]);
    expect(made.files.map(({ path }) => path)).to.include.members(['hosts', 'etc_hosts', 'a.yml', 'a_wn_task.yml']);
    expect(made.files.every(({ mode }) => mode === 0o600)).to.equal(true);
  });

  it('gives tasks whose names coincide files of their own', () => {
    const radl = parseRadl(`network n (outbound = 'yes')
      system c (net_interface.0.connection = 'n')
      system b_c (net_interface.0.connection = 'n')
      ${recipe('a_b', '- vars: {x: 1}')}${recipe('a', '- vars: {x: 2}')}
      contextualize (\n system c configure a_b\n system b_c configure a\n)`);
    const made = makePlan(
      planInput(radl, [vm(radl, 0, 'c', { ips: { 0: '8.0.0.1' } }), vm(radl, 1, 'b_c', { ips: { 0: '8.0.0.2' } })]),
    );
    const tasks = made.steps.at(-1)?.tasks ?? [];
    expect(tasks.map(({ name }) => name)).to.deep.equal(['a_b_c', 'a_b_c']);
    expect(contentOf(made, tasks[0]!.playbook)).to.have.deep.nested.property('[0].vars', { x: 1 });
    expect(contentOf(made, tasks[1]!.playbook)).to.have.deep.nested.property('[0].vars', { x: 2 });
  });

  it('refuses names that would leave the directory', () => {
    const radl = cluster();
    radl.add({ kind: 'configure', name: '../../etc/cron.d/x', recipe: '- tasks: []', isReference: false });
    expect(() => makePlan(planInput(radl, clusterVms(radl)))).to.throw('cannot be the name of a file');
  });

  it('hands the Vault password of the system to its tasks', () => {
    const radl = cluster(recipe('wn'));
    radl.getSystem('wn')?.features.setText('vault.password', 'sesame');
    const made = makePlan(planInput(radl, clusterVms(radl)));
    expect(made.steps.at(-1)?.tasks[0]).to.include({ name: 'wn_wn', vaultPassword: 'sesame' });
    expect(made.files.find(({ path }) => path === 'wn_wn_task.yml')?.content).to.match(/^\$ANSIBLE_VAULT/);
    expect(made.steps[0]?.tasks.some((task) => 'vaultPassword' in task)).to.equal(false);
  });

  it('describes the bootstrap of each Linux node', () => {
    const radl = cluster();
    radl.getSystem('front')?.features.setText('nat_instance', 'yes');
    expect(makePlan(planInput(radl, clusterVms(radl, 1))).bootstrap).to.deep.equal([
      {
        vm: 0,
        fqdn: 'front.example.org',
        hostname: 'front',
        isNatInstance: true,
        bearerToken: 'token-of-the-infrastructure',
      },
      {
        vm: 1,
        fqdn: 'vnode-1.localdomain',
        hostname: 'vnode-1',
        isNatInstance: false,
        bearerToken: 'token-of-the-infrastructure',
      },
    ]);
  });

  it('carries the shipped files along', () => {
    const utilityFiles = [{ path: 'utils/tasks/main.yml', content: '[]', mode: 0o600 }];
    expect(plan('', { utilityFiles }).files).to.deep.include(utilityFiles[0]);
  });

  it('plans nothing for no VMs', () => {
    const made = makePlan(planInput(cluster(), []));
    expect(made.steps).to.deep.equal([]);
    expect(made.bootstrap).to.deep.equal([]);
    expect(made.etcHosts).to.equal('');
  });

  it('keeps a hundred VMs in one process', () => {
    const radl = cluster(recipe('wn'));
    const made = makePlan(planInput(radl, clusterVms(radl, 100), GROUPED));
    expect(made.steps.at(-1)?.tasks.map(({ vms }) => vms.length)).to.deep.equal([100]);
  });

  it('lets each of very many VMs run its recipes alone, where there is a master; main stays in groups', () => {
    const radl = cluster(recipe('wn'));
    const input = planInput(radl, clusterVms(radl, 40));
    const sizes = (made: ReturnType<typeof makePlan>) =>
      made.steps.map(({ tasks }) => tasks.map(({ vms }) => vms.length).join(' '));
    expect(sizes(makePlan(input))).to.deep.equal(['1 40', Array(40).fill(1).join(' ')]);
    expect(sizes(makePlan({ ...input, masterVm: null }))).to.deep.equal(['1 40', '40']);
  });

  it('plans a thousand VMs', function () {
    this.timeout(10_000);
    const radl = cluster(recipe('wn'));
    const vms = clusterVms(radl, 1000).map((each, index) =>
      index === 0 ? each : vm(radl, index, 'wn', { ips: { 0: `10.1.${index >> 8}.${index & 255}` } }),
    );
    const made = makePlan(planInput(radl, vms, GROUPED));
    expect(made.hostNames.size).to.equal(1001);
    // In batches of 50 that keep their name, each with a playbook of its own over its own VMs.
    const tasks = made.steps.at(-1)?.tasks ?? [];
    expect(tasks.map(({ name, vms: { length } }) => `${name} ${length}`)).to.deep.equal(Array(20).fill('wn_wn 50'));
    expect(new Set(tasks.map(({ playbook }) => playbook)).size).to.equal(20);
    expect(new Set(tasks.flatMap(({ vms: numbers }) => numbers)).size).to.equal(1000);
    expect(contentOf(made, tasks[1]?.playbook ?? '')).to.have.nested.property('[0].hosts.length', 50);
  });
});

describe('main playbook', () => {
  it('gathers facts and hands disks and packages to the shipped tasks', () => {
    const radl = cluster();
    const features = radl.getSystem('front')?.features;
    features?.setText('disk.1.device', 'hdb');
    features?.setText('disk.1.fstype', 'ext4');
    features?.setText('disk.1.mount_path', '/mnt/data');
    features?.setInteger('disk.1.size', 10, 'G');
    features?.setText('disk.2.device', 'hdc');
    features?.setText('disk.2.fstype', 'swap');
    features?.setInteger('disk.2.size', 1, 'G');
    features?.setInteger('disk.3.size', 1, 'G');
    const made = makePlan(planInput(radl, clusterVms(radl, 0)));
    expect(contentOf(made, 'main_front_task.yml')).to.deep.equal([
      {
        hosts: ['10.214.0.11_0'],
        gather_facts: false,
        become: true,
        strategy: 'free',
        vars: {
          im_disks: [
            { device: 'hdb', fstype: 'ext4', mount_path: '/mnt/data' },
            { device: 'hdc', fstype: 'swap', mount_path: '' },
          ],
          im_packages: [],
        },
        tasks: [{ name: 'Gathering Facts', setup: null }, { include_tasks: 'utils/tasks/main.yml' }],
      },
    ]);
  });

  it('installs applications that the VM lacks, under the last part of their name, and says so', () => {
    const radl = parseRadl(`network n (outbound = 'yes')
      system s (
        net_interface.0.connection = 'n' and
        disk.0.applications contains (name = 'org.foo.wget') and
        disk.0.applications contains (name = 'ansible.roles.u.r') and
        disk.0.applications contains (name = 'evil; rm -rf')
      )`);
    const each = vm(radl, 0, 's', { ips: { 0: '8.0.0.1' } });
    each.info.systems[0]?.features.delete('disk.0.applications');
    const made = makePlan(planInput(radl, [each]));
    expect(contentOf(made, 'main_s_task.yml')).to.have.deep.nested.property('[0].vars.im_packages', ['wget']);
    expect(made.warnings).to.deep.equal(['App: org.foo.wget set to be installed.']);
    expect(made.roles).to.deep.equal([{ source: 'u.r' }]);
  });
});
