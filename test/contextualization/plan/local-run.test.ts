// SPDX-License-Identifier: Apache-2.0
// Proves with a real Ansible that planned playbooks run, and that the rendered log is what Ansible itself would show.
import { expect } from 'chai';
import { makePlan, readUtilityFiles } from '../../../src/contextualization/plan/index.js';
import { cluster, clusterVms, planInput } from './builders.js';
import { ansiblePlaybook, needAnsible, runPlan, workDirectory, writePlan } from './local-ansible.js';

const CONTENT = new URL('../../../contextualization', import.meta.url).pathname;

const RECIPES = `
configure common (
@begin
- vars: {greeting: hello}
  tasks:
    - name: say who
      debug: msg="{{ greeting }} from {{ IM_HOST }}, {{ IM_NODE_FQDN }}"
    - name: facts of the others are there
      assert: {that: "hostvars[groups['front'][0]].ansible_facts.distribution is defined"}
    - include_tasks: other.yml
    - name: only on one
      command: test {{ IM_NODE_NUM }} != 2
    - name: after that
      debug: msg=passed
@end
)
configure other (
@begin
- name: included task
  debug: msg=included
@end
)
configure broken (
@begin
not: a list
@end
)
configure everywhere (
@begin
- hosts: all
  become: yes
  tasks:
    - name: on all
      debug: msg={{ inventory_hostname }}
@end
)
contextualize (
  system front configure common step 1
  system wn configure common step 1
  system front configure everywhere step 2
  system wn configure broken step 3
)
`;

describe('a plan carried out by a real Ansible', function () {
  this.timeout(180_000);
  let directory: Awaited<ReturnType<typeof workDirectory>>;

  before(async function () {
    needAnsible(this);
    directory = await workDirectory();
  });

  after(() => directory?.remove());

  it('configures VMs beside each other, and each for itself', async () => {
    const radl = cluster(RECIPES);
    const utilityFiles = await readUtilityFiles(CONTENT);
    // A colon keeps the token out of this machine's /etc/environment.
    const infrastructureToken = 'user:password';
    const plan = makePlan(planInput(radl, clusterVms(radl), { utilityFiles, infrastructureToken }));
    const { logs, results } = await runPlan(plan, directory.path);
    expect(results).to.deep.equal([
      '2: main_front: 0 ok',
      '2: main_wn: 1 ok',
      '2: main_wn: 2 ok',
      '4: common_front: 0 ok',
      '4: common_wn: 1 ok',
      '4: common_wn: 2 failed',
      '5: everywhere_front: 0 ok',
      '6: broken_wn: 1 failed',
      '6: broken_wn: 2 failed',
    ]);
    const worker = logs.get(1) ?? '';
    expect(worker).to.contain('"msg": "hello from 10.214.1.11_1, vnode-1.localdomain"');
    expect(worker).to.contain(`included: ${directory.path}/other.yml for 10.214.1.11_1\n`);
    expect(worker).to.contain('"msg": "passed"');
    expect(worker).to.not.contain('10.214.1.12_2');
    expect(worker).to.match(
      /Launch task: broken_wn\nCall Ansible\nERROR: A playbook must contain at least one play: .*\/broken_wn_task.yml\nERROR executing playbook \(1\/1\)\nERROR executing task broken_wn: \(1\/1\)\n$/,
    );
    expect(logs.get(2)).to.match(
      /TASK \[only on one\].*\n.*\nfatal: \[10\.214\.1\.12_2\]: FAILED! => .*\n\nPLAY RECAP/,
    );
    expect(logs.get(0)).to.contain('PLAY [10.214.0.11_0,all] ***');
    expect(logs.get(0)).to.contain('"msg": "10.214.1.12_2"');
  });

  it('passes Ansible’s syntax check', async () => {
    const radl = cluster(RECIPES.replace('system wn configure broken step 3', ''));
    const plan = makePlan(planInput(radl, clusterVms(radl), { utilityFiles: await readUtilityFiles(CONTENT) }));
    await writePlan(plan, directory.path);
    const playbooks = plan.steps.flatMap(({ tasks }) => tasks.map(({ playbook }) => playbook));
    const { lines, exitCode } = await ansiblePlaybook(directory.path, ['--syntax-check', ...playbooks]);
    expect(exitCode, lines.join('\n')).to.equal(0);
    expect(lines.join('\n')).to.not.contain('[WARNING]');
  });

  it('reads encrypted playbooks with the password of the system', async () => {
    const radl = cluster(`configure wn (\n@begin\n- tasks:\n    - debug: msg=decrypted\n@end\n)`);
    radl.getSystem('wn')?.features.setText('vault.password', 'sesame');
    const plan = makePlan(planInput(radl, clusterVms(radl)));
    await writePlan(plan, directory.path);
    await writePlan(
      { ...plan, files: [{ path: 'vault.sh', content: '#!/bin/sh\necho "$VAULT_PASS"\n', mode: 0o700 }] },
      directory.path,
    );
    const args = ['--vault-password-file', 'vault.sh', '-e', 'ansible_connection=local', '-e', 'ansible_become=false'];
    const { lines, exitCode } = await ansiblePlaybook(directory.path, [...args, 'wn_wn_task.yml'], {
      VAULT_PASS: 'sesame',
    });
    expect(exitCode, lines.join('\n')).to.equal(0);
    expect(lines.join('\n')).to.contain('"msg": "decrypted"');
  });

  it('is rendered as Ansible’s own screen output', async () => {
    const radl = cluster(`configure front (
@begin
- tasks:
    - name: say
      command: echo hi
    - name: ignored
      command: /bin/false
      ignore_errors: yes
    - block:
        - name: handled
          command: /bin/false
      rescue:
        - name: rescue
          command: /bin/true
    - name: loop
      command: echo {{ item }}
      loop: [a, {b: c}]
    - name: skip
      command: echo
      when: false
    - name: fails
      command: /bin/false
@end
)`);
    const vms = clusterVms(radl, 0);
    const plan = makePlan(planInput(radl, vms));
    const own = await runPlan({ ...plan, steps: plan.steps.slice(1) }, directory.path);
    const { lines } = await ansiblePlaybook(directory.path, [
      '-e',
      'ansible_connection=local',
      '-e',
      'ansible_become=false',
      'front_front_task.yml',
    ]);
    const comparable = (text: readonly string[]): readonly string[] =>
      text
        .filter((line) => line !== '' && !/^\w+day \d\d /.test(line))
        .map((line) => line.replace(/"(delta|end|start)": "[^"]*"/g, '"$1": ""').replace(/failed=1 .*/, 'failed=1'));
    const block = (own.logs.get(0) ?? '').split('Call Ansible\n')[1]?.split('ERROR executing')[0] ?? '';
    expect(comparable(block.split('\n'))).to.deep.equal(comparable(lines));
  });
});
