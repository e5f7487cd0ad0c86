// SPDX-License-Identifier: Apache-2.0
// Compares plans and logs with runs that were recorded on the reference, where the recordings lie beside the repository.
import { existsSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { expect } from 'chai';
import type { ConfigurableVm } from '../../../src/contextualization/contract.js';
import { makePlan, readUtilityFiles } from '../../../src/contextualization/plan/index.js';
import { mergeRadl, parseRadl, type Radl } from '../../../src/radl/index.js';
import { loadYaml } from '../../../src/yaml.js';
import { planInput, vm } from './builders.js';
import { needAnsible, runPlan, workDirectory } from './local-ansible.js';

type Variables = Record<string, unknown>;

interface Recording {
  readonly radl: string;
  readonly inventory: {
    readonly all: {
      readonly vars: Variables;
      readonly children: Record<string, { readonly hosts: Record<string, Variables> }>;
    };
  };
  readonly etc_hosts: string;
  readonly agent_runs: readonly { readonly vm: number; readonly tasks: readonly string[]; readonly t: number }[];
  readonly vm_contmsg: Readonly<Record<string, string>>;
}

const FOLDER = new URL('../../../../shared/golden/contextualization/', import.meta.url);
const CONTENT = new URL('../../../contextualization', import.meta.url).pathname;

/** What we do on purpose otherwise, and why. */
const DIFFERENCES = {
  globalVariables: {
    IM_INFRASTRUCTURE_AUTH: 'a token for this infrastructure, never the owner’s password (spec/README.md)',
    IM_INFRASTRUCTURE_RADL: 'without secrets (contextualization.md §9.2); compared apart',
    IM_INFRASTRUCTURE_ID: 'volatile in the recording',
  },
  hostVariables: {
    IM_HOST: 'an extra variable in the reference, with one process per VM; ours is one for all (§24.6)',
    IM_NODE_VMID: 'volatile in the recording',
  },
  document: 'without the systems and deploys that the daemon makes up for itself (F0000__FAKE_SYSTEM__*, radl.md §9.3)',
  allnowindows: 'variables stand in the group of the system only; Ansible merges both',
  etcHosts: 'LF instead of CR LF (§10)',
  log: {
    'wait_all_ssh, basic, main_*': 'done natively or with other tasks; free text (§1)',
    'PLAY [allnowindows]': 'facts are gathered once, in main (X18, §24.6)',
    'PLAY RECAP': 'each line once (§13.3)',
    '[WARNING]': 'warnings of Ansible itself are shown',
  },
} as const;

const read = (name: string): Recording =>
  JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8').replaceAll('\\r\\n', '\\n'));

const MASK = '********';

describe('recorded runs', function () {
  this.timeout(180_000);

  before(function () {
    if (existsSync(FOLDER)) return;
    console.warn('      SKIPPED: no recordings beside the repository (../shared/golden/contextualization)');
    this.skip();
  });

  /** Documents and VMs as they were when the recording was made. */
  function setting(name: string): {
    readonly radl: Radl;
    readonly vms: readonly ConfigurableVm[];
    readonly record: Recording;
  } {
    const record = read(name);
    const first = parseRadl(read('a-two-steps').radl);
    const vms = ['front', 'wn', 'wn2'].map((system, number) => recordedVm(first, number, system));
    const radl = first.clone();
    if (name !== 'a-two-steps') {
      const added = parseRadl(read('c-add-worker').radl);
      mergeRadl(radl, added);
      vms.push(recordedVm(added, 3, 'wn'));
    }
    if (name === 'd-reconfigure') mergeRadl(radl, parseRadl(record.radl));
    return { radl, vms, record };
  }

  function recordedVm(radl: Radl, number: number, system: string): ConfigurableVm {
    return { ...vm(radl, number, system), cloudType: 'DeployedNode' };
  }

  const without = (variables: Variables, keys: object): Variables =>
    Object.fromEntries(Object.entries(variables).filter(([key]) => !Object.hasOwn(keys, key)));

  for (const name of ['a-two-steps', 'c-add-worker', 'd-reconfigure', 'd2-reconfigure-one-vm']) {
    it(`${name}: the inventory is the recorded one`, () => {
      const { radl, vms, record } = setting(name);
      const plan = makePlan(planInput(radl, vms));
      const text = plan.files.find(({ path }) => path === 'hosts')?.content ?? '';
      const { all } = loadYaml(text) as Recording['inventory'];
      const expected = record.inventory.all;
      expect(without(all.vars, DIFFERENCES.globalVariables)).to.deep.equal(
        without(expected.vars, DIFFERENCES.globalVariables),
      );
      expect(Object.keys(all.children)).to.have.members(Object.keys(expected.children));
      for (const [group, { hosts }] of Object.entries(expected.children)) {
        const own = all.children[group]?.hosts ?? {};
        expect(Object.keys(own), group).to.have.members(Object.keys(hosts));
        if (group === 'allnowindows') continue;
        for (const [host, variables] of Object.entries(hosts)) {
          expect(without(own[host] ?? {}, DIFFERENCES.hostVariables), host).to.deep.equal(
            without(variables, DIFFERENCES.hostVariables),
          );
        }
      }
    });

    it(`${name}: recipes see the recorded document, but no secrets`, () => {
      const { radl, vms, record } = setting(name);
      const plan = makePlan(planInput(radl, vms));
      const { all } = loadYaml(
        plan.files.find(({ path }) => path === 'hosts')?.content ?? '',
      ) as Recording['inventory'];
      const masked = JSON.parse(
        JSON.stringify(record.inventory.all.vars.IM_INFRASTRUCTURE_RADL).replaceAll('<PRIVATE_KEY>', MASK),
      );
      const isMadeUp = (declaration: unknown): boolean => JSON.stringify(declaration).includes('F0000__FAKE_SYSTEM__');
      const expected = masked.filter((declaration: unknown) => !isMadeUp(declaration));
      expect(all.vars.IM_INFRASTRUCTURE_RADL).to.have.deep.members(expected);
    });

    it(`${name}: /etc/hosts is the recorded one`, () => {
      const { radl, vms, record } = setting(name);
      expect(makePlan(planInput(radl, vms)).etcHosts).to.equal(record.etc_hosts);
    });
  }

  for (const [name, vmList] of [
    ['a-two-steps', undefined],
    ['d2-reconfigure-one-vm', [1]],
  ] as const) {
    it(`${name}: each VM has the recorded tasks in the recorded order`, () => {
      const { radl, vms, record } = setting(name);
      const plan = makePlan(planInput(radl, vms, vmList === undefined ? {} : { vmList }));
      const begin = record.agent_runs.findIndex(({ tasks }) => tasks.includes('wait_all_ssh'));
      for (const { number } of vms) {
        const recorded = record.agent_runs
          .slice(begin)
          .filter((run) => run.vm === number)
          .flatMap(({ tasks }) => tasks)
          .filter((task) => task !== 'wait_all_ssh' && task !== 'basic');
        const planned = plan.steps.flatMap(({ tasks }) => tasks).filter((task) => task.vms.includes(number));
        expect(
          planned.map((task) => task.name),
          `VM ${number}`,
        ).to.deep.equal(recorded);
      }
    });
  }

  it('a-two-steps: the log of the recipes is the recorded one', async function () {
    needAnsible(this);
    const directory = await workDirectory();
    try {
      const { radl: original, record } = setting('a-two-steps');
      // Every VM is this machine: what recipes write must go to the directory, and to a file per VM.
      const here = (text: string): string => text.replaceAll('/opt/', `${directory.path}/{{ IM_NODE_NUM }}-`);
      const radl = original.clone();
      for (const configure of original.configures) {
        radl.add({ ...configure, recipe: here(configure.recipe ?? '') }, 'replace');
      }
      const vms = ['front', 'wn', 'wn2'].map((system, number) => recordedVm(radl, number, system));
      const utilityFiles = await readUtilityFiles(CONTENT);
      const input = planInput(radl, vms, { utilityFiles, infrastructureToken: 'bench:bench' });
      const { logs } = await runPlan(makePlan(input), directory.path);
      for (const { number } of vms) {
        const own = comparable(logs.get(number) ?? '', directory.path, input.infrastructureId);
        expect(own, `VM ${number}`).to.equal(comparable(record.vm_contmsg[number] ?? '', '', ''));
      }
    } finally {
      await directory.remove();
    }
  });

  /** The blocks of the recipes, without what is volatile or differs on purpose. */
  function comparable(log: string, directory: string, infrastructureId: string): string {
    const blocks = log
      .split(/(?=Contextualization agent output)/)
      .filter((block) => !/Launch task: (?:wait|basic|main_)/.test(block));
    return blocks
      .join('')
      .replaceAll(directory === '' ? '/var/tmp/.im/<INF>' : directory, '<DIR>')
      .replaceAll(infrastructureId || '<INF>', '<INF>')
      .replace(/^(?:\w+day .*|<DATE> )$/gm, '<DATE>')
      .replace(/\nPLAY \[allnowindows\] \*+\n/g, '')
      .replace(/^\[WARNING\]: .*\n/gm, '')
      .replace(/^(\S+ +: ok=.*\n)\1/gm, '$1')
      .replace(new RegExp(`"r.stdout": "(?:root|${userInfo().username})"`, 'g'), '"r.stdout": "<USER>"');
  }
});
