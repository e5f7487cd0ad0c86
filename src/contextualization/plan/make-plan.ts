// SPDX-License-Identifier: Apache-2.0
// Composes the whole plan of a configuration run from the documents and the VMs: pure, the runner carries it out.
import { createHash, randomBytes as systemRandomBytes } from 'node:crypto';
import { badRequest } from '../../domain/index.js';
import type { ConfigurationPlan, PlanInput, PlannedFile, PlannedStep, PlannedTask } from '../contract.js';
import { checkDisabled } from './disabled.js';
import { etcHosts } from './etc-hosts.js';
import { galaxyContent } from './galaxy.js';
import { inventory } from './inventory.js';
import { mainPlaybook } from './main-playbook.js';
import { nodesBySystem, type PlannedNode, selectNodes } from './nodes.js';
import { recipePlaybook } from './playbook.js';
import { itemSteps, MAIN_STEP } from './steps.js';

const FILE_MODE = 0o600;
/** VMs of a system that one Ansible process can hold; more are split. */
const LARGEST_GROUP = 100;
const BATCH = 50;

/** Injected sources of what a pure function cannot have. */
export interface PlanTools {
  /** Salt of encrypted playbooks. */
  readonly randomBytes: (size: number) => Buffer;
}

/**
 * The plan of one run (contextualization.md §3, §8-§11, §24.6).
 *
 * @throws ImError `bad-request` when a playbook cannot be made (invalid YAML, Vault password); the runner logs it after
 * `Error generating playbooks: `
 */
export function makePlan(input: PlanInput, tools: PlanTools = { randomBytes: systemRandomBytes }): ConfigurationPlan {
  const { disabledVms } = checkDisabled(input.radl, input.vms);
  const selection = selectNodes(input.vms, disabledVms, input.settings);
  const nodes = selection.participants;
  const hosts = etcHosts(selection.addressed, input.settings);
  const playbooks = new PlaybookFiles();
  const main = mainStep(input, nodes, playbooks);
  const texts: string[] = [];
  const steps = [...main.steps, ...recipeSteps(input, nodes, playbooks, tools, texts)];
  const bodies = recipeBodies(input);
  return {
    files: [
      ...input.utilityFiles,
      ...bodies,
      ...playbooks.files,
      { path: 'hosts', content: inventory(input, nodes), mode: FILE_MODE },
      { path: 'etc_hosts', content: hosts, mode: FILE_MODE },
    ],
    etcHosts: hosts,
    hostNames: new Map(nodes.map((node) => [node.vm.number, node.hostName])),
    bootstrap: nodes.filter((node) => !node.isWindows).map((node) => bootstrapOf(node, input.infrastructureToken)),
    windows: nodes.filter((node) => node.isWindows).map(({ vm }) => vm.number),
    steps,
    ...galaxyContent(input.radl),
    playbookTexts: [...texts, ...bodies.map(({ content }) => content)],
    warnings: [...selection.warnings, ...main.logLines],
    leftOut: selection.leftOut,
  };
}

function bootstrapOf(node: PlannedNode, token: string): ConfigurationPlan['bootstrap'][number] {
  const { fqdn, hostname } = node.name;
  const isNatInstance = node.vm.info.systems[0]?.features.getText('nat_instance') === 'yes';
  // `user:password` never goes into the environment of all users.
  const bearerToken = token.includes(':') ? '' : token;
  return { vm: node.vm.number, fqdn, hostname, isNatInstance, bearerToken };
}

/** Every body as `<configure>.yml`, so that recipes can include one another. */
function recipeBodies({ radl }: PlanInput): readonly PlannedFile[] {
  return radl.configures
    .filter(({ recipe }) => recipe !== null && recipe.trim() !== '')
    .map(({ name, recipe }) => ({ path: `${fileName(name)}.yml`, content: recipe ?? '', mode: FILE_MODE }));
}

/** All VMs run `main`, also in a reconfigure of single VMs (§2). */
function mainStep(
  input: PlanInput,
  nodes: readonly PlannedNode[],
  playbooks: PlaybookFiles,
): { readonly steps: readonly PlannedStep[]; readonly logLines: readonly string[] } {
  const logLines: string[] = [];
  const isSingle = input.settings.processPerVm;
  const tasks = [...nodesBySystem(nodes)].flatMap(([system, members]) => {
    logLines.push(...mainPlaybook(members).logLines);
    return batches(isSingle, members).map((batch): PlannedTask => {
      const name = `main_${system}`;
      const playbook = playbooks.add(taskFile(isSingle, name, batch), mainPlaybook(batch).content);
      return { name, systemName: system, playbook, vms: numbersOf(batch) };
    });
  });
  return { steps: tasks.length === 0 ? [] : [{ number: MAIN_STEP, tasks }], logLines };
}

function recipeSteps(
  input: PlanInput,
  nodes: readonly PlannedNode[],
  playbooks: PlaybookFiles,
  tools: PlanTools,
  texts: string[],
): readonly PlannedStep[] {
  const { vmList } = input;
  const listed = vmList === undefined ? nodes : nodes.filter((node) => vmList.includes(node.vm.number));
  const bySystem = nodesBySystem(listed);
  const isSingle = input.settings.processPerVm || isSelfConfiguring(input, nodes);
  return itemSteps(input.radl).flatMap(({ number, items }) => {
    const tasks = items.flatMap(({ system, configure, recipe }) => {
      const vaultPassword = input.radl.getSystem(system)?.features.getText('vault.password') || undefined;
      return batches(isSingle, bySystem.get(system) ?? []).map((batch): PlannedTask => {
        const name = `${configure.name}_${system}`;
        const target = { hostNames: batch.map(({ hostName }) => hostName), isWindows: batch.some((n) => n.isWindows) };
        const source = { name: configure.name, recipe, ...(vaultPassword !== undefined && { vaultPassword }) };
        const { content, text, failsTogether } = recipePlaybook(source, target, tools.randomBytes);
        texts.push(text);
        return {
          name,
          systemName: system,
          playbook: playbooks.add(taskFile(isSingle, name, batch), content),
          vms: numbersOf(batch),
          recipeHash: createHash('sha256').update(recipe).digest('hex'),
          ...(vaultPassword !== undefined && { vaultPassword }),
          ...(failsTogether && { failsTogether }),
        };
      });
    });
    return tasks.length === 0 ? [] : [{ number, tasks }];
  });
}

/** With more VMs than VM_NUM_USE_CTXT_DIST each runs its recipes itself, if there is a master to bring them (§16). */
export function isSelfConfiguring(
  { masterVm, settings }: Pick<PlanInput, 'masterVm' | 'settings'>,
  participants: readonly unknown[],
): boolean {
  return masterVm !== null && participants.length > settings.vmNumUseCtxtDist;
}

/**
 * The VMs of each Ansible process: all of a system together, in batches when there are very many (§24.6), or each alone
 * (CTXT_PROCESS_PER_VM, VM_NUM_USE_CTXT_DIST).
 */
function batches(isSingle: boolean, nodes: readonly PlannedNode[]): readonly (readonly PlannedNode[])[] {
  const size = isSingle ? 1 : nodes.length > LARGEST_GROUP ? BATCH : Math.max(1, nodes.length);
  return Array.from({ length: Math.ceil(nodes.length / size) }, (_, index) =>
    nodes.slice(index * size, (index + 1) * size),
  );
}

function numbersOf(nodes: readonly PlannedNode[]): readonly number[] {
  return nodes.map((node) => node.vm.number);
}

function taskFile(isSingle: boolean, task: string, nodes: readonly PlannedNode[]): string {
  const [node] = nodes;
  const suffix = isSingle && node !== undefined ? `_${node.vm.number}` : '';
  return `${fileName(task)}${suffix}_task`;
}

/** Names come from documents, which may be JSON with any text in it. */
function fileName(name: string): string {
  if (!/^[^./\\\p{C}][^/\\\p{C}]*$/u.test(name) || Buffer.byteLength(name) > 200) {
    const shown = JSON.stringify(name.slice(0, 100));
    throw badRequest(
      `The name ${shown} of a configure or system cannot be the name of a file: use letters, digits, "_", "-".`,
    );
  }
  return name;
}

/** Playbooks by unique path: `a_b` of system `c` and `a` of system `b_c` ask for the same one. */
class PlaybookFiles {
  readonly #files = new Map<string, PlannedFile>();

  get files(): readonly PlannedFile[] {
    return [...this.#files.values()];
  }

  add(base: string, content: string): string {
    let path = `${base}.yml`;
    for (let copy = 2; this.#files.has(path); copy += 1) path = `${base}.${copy}.yml`;
    this.#files.set(path, { path, content, mode: FILE_MODE });
    return path;
  }
}
