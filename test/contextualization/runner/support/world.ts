// SPDX-License-Identifier: Apache-2.0
// A small world around the contextualizer: VMs described by RADL over real nodes, ports that keep everything in memory (or in a file).
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Context } from 'mocha';
import type {
  AnsibleKey,
  ConfigurableVm,
  ContextualizationPorts,
  ContextualizationSettings,
} from '../../../../src/contextualization/contract.js';
import type { JsonObject } from '../../../../src/domain/index.js';
import { parseRadl, type Radl } from '../../../../src/radl/index.js';
import { publicKeyOf } from '../../../../src/ssh/index.js';
import type { TestNode } from '../../../ssh/support/nodes.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

let bundleDir: string | undefined;

/** Makes the runtime bundle of this host's Ansible once per test process. */
export function runtimeBundleDir(): string {
  if (bundleDir) return bundleDir;
  const directory = mkdtempSync(join(tmpdir(), 'im-runtime-'));
  execFileSync(
    process.execPath,
    ['--import', 'tsx', 'scripts/runtime-bundle.ts', '--out', directory, '--collections', 'ansible.windows'],
    {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  bundleDir = directory;
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Skips, loudly, where this host has no Ansible to make the runtime bundle from; an error where all peers are demanded. */
export function requireAnsible(context: Context): void {
  if (existsSync('/usr/bin/ansible-playbook')) return;
  const reason = 'no /usr/bin/ansible-playbook on this host (apt-get install ansible)';
  if (process.env.IM_TEST_PEERS === 'all') throw new Error(reason);
  console.warn(`\n    SKIPPED, NOT TESTED: ${reason}\n`);
  context.skip();
}

/** Settings with short waits. */
export const testSettings = (changes: Partial<ContextualizationSettings> = {}): ContextualizationSettings => ({
  remoteConfDir: '/var/tmp/.im',
  // A busy machine may need its time; tests of the limits set them.
  maxContextualizationTimeMs: 600_000,
  waitRunningVmTimeoutMs: 20_000,
  waitSshAccessTimeoutMs: 90_000,
  waitPublicIpTimeoutMs: 5000,
  ansibleInstallTimeoutMs: 300_000,
  checkStateIntervalMs: 1000,
  playbookRetries: 1,
  maxSshErrors: 5,
  vmNumUseCtxtDist: 30,
  processPerVm: false,
  incremental: false,
  defaultVmName: 'vnode-#N#',
  defaultDomain: 'localdomain',
  privateNetMasks: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
  contextualizationDir: join(root, 'contextualization'),
  recipesDir: join(root, 'contextualization', 'recipes'),
  runtimeBundleDir: changes.runtimeBundleDir ?? runtimeBundleDir(),
  galaxyCacheDir: changes.galaxyCacheDir ?? join(tmpdir(), 'im-no-galaxy-cache'),
  ...changes,
});

/** A VM of a test. */
export interface VmOptions {
  readonly system: string;
  readonly node?: TestNode | undefined;
  /** Lines `disk.0.os.credentials...` of its document. */
  readonly credentials: readonly string[];
  readonly isPrivate?: boolean;
  /** Further properties of the system. */
  readonly more?: readonly string[];
  readonly networkMore?: string;
  readonly isExistingHost?: boolean;
  readonly cloudState?: ConfigurableVm['cloudState'];
}

/** The document of a VM over a node. */
function infoOf(options: VmOptions): Radl {
  const { node, isPrivate, system, credentials } = options;
  const properties = isPrivate
    ? [`net_interface.0.connection = 'private'`, ...(node ? [`net_interface.0.ip = '${node.ip}'`] : [])]
    : [
        `net_interface.0.connection = 'public'`,
        ...(node ? [`net_interface.0.ip = '${node.ip}'`, `net_interface.1.ip = '${node.privateIp}'`] : []),
        `net_interface.1.connection = 'private'`,
      ];
  return parseRadl(`
network public (outbound = 'yes')
network private (outbound = 'no'${options.networkMore ?? ''})
system ${system} (
${[...properties, ...credentials, ...(options.more ?? []), `net_interface.0.dns_name = '${system}-#N#'`].join(' and\n')}
)`);
}

function vmOf(options: VmOptions, number: number): ConfigurableVm {
  const info = infoOf(options);
  return {
    number,
    systemName: options.system,
    cloudType: 'Docker',
    cloudServer: '',
    providerId: `node-${number}`,
    cloudState: options.cloudState ?? 'running',
    isDeleting: false,
    isExistingHost: options.isExistingHost ?? false,
    info,
    requested: info.clone(),
  };
}

/** Everything that a run did, as the ports saw it. */
export interface World {
  readonly ports: ContextualizationPorts;
  readonly key: AnsibleKey;
  radl: Radl;
  vms: ConfigurableVm[];
  addVm(options: VmOptions): void;
  master: number | null;
  lines: string[];
  logs: Map<number, string>;
  results: Map<number, boolean>;
  /** What the configured VMs are configured with. */
  recipes: Map<number, string>;
  progress: JsonObject;
  hostKeys: Map<number, string>;
  /** Of bastions and Ansible hosts. */
  sharedHostKeys: Map<string, string>;
  contentPins: JsonObject;
  refreshed: number[][];
  /** Called at each saved progress. */
  onProgress: (progress: JsonObject) => void;
  /** Called at each infrastructure line. */
  onLine: (line: string) => void;
}

const KEY_PEM = { type: 'pkcs1', format: 'pem' } as const;

/** A fresh key of an infrastructure. */
export function makeKey(): AnsibleKey {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export(KEY_PEM).toString();
  return { privateKey: pem, publicKey: `${publicKeyOf(pem)} infrastructure` };
}

/** Makes the world of an infrastructure from its recipes and its VMs. */
export function createWorld(recipes: string, vms: readonly VmOptions[]): World {
  const systems = [...new Map(vms.map((vm) => [vm.system, vm])).values()];
  const world: World = {
    key: makeKey(),
    radl: parseRadl(`
network public (outbound = 'yes')
network private (outbound = 'no')
${systems.map(({ system, more = [] }) => `system ${system} (${['cpu.count >= 1', ...more].join(' and\n')})`).join('\n')}
${recipes}
${systems.map(({ system }) => `deploy ${system} ${vms.filter((vm) => vm.system === system).length}`).join('\n')}
`),
    vms: vms.map(vmOf),
    addVm: (options) => {
      world.vms = [...world.vms, vmOf(options, world.vms.length)];
    },
    master: null,
    lines: [],
    logs: new Map(),
    results: new Map(),
    recipes: new Map(),
    progress: {},
    hostKeys: new Map(),
    sharedHostKeys: new Map(),
    contentPins: {},
    refreshed: [],
    onProgress: () => {},
    onLine: () => {},
    ports: {
      radl: async () => world.radl,
      vms: async () => world.vms,
      vm: async (number) => world.vms.find((vm) => vm.number === number),
      refresh: async (numbers) => {
        world.refreshed.push([...numbers]);
      },
      logInfrastructure: async (line, form) => {
        world.lines.push(form === 'plain' ? `plain:${line}` : line);
        world.onLine(line);
      },
      logVm: async (number, text) => {
        world.logs.set(number, (world.logs.get(number) ?? '') + text);
      },
      master: async () => world.master,
      setMaster: async (number) => {
        world.master = number;
      },
      setVmResult: async (number, isConfigured, recipes) => {
        world.results.set(number, isConfigured);
        if (isConfigured && recipes !== undefined) world.recipes.set(number, recipes);
        else world.recipes.delete(number);
      },
      configuredRecipes: async () => world.recipes,
      updateVmInfo: async (number, change) => {
        const vm = world.vms.find((candidate) => candidate.number === number);
        if (!vm) throw new Error(`no VM ${number}`);
        change(vm.info);
      },
      ansibleKey: async () => world.key,
      infrastructureToken: async () => 'token-of-this-infrastructure',
      loadContentPins: async () => world.contentPins,
      saveContentPins: async (pins) => {
        world.contentPins = JSON.parse(JSON.stringify(pins));
      },
      hostKey: async (number) => world.hostKeys.get(number),
      rememberHostKey: async (number, fingerprint) => {
        world.hostKeys.set(number, fingerprint);
      },
      sharedHostKey: async (place) => world.sharedHostKeys.get(place),
      rememberSharedHostKey: async (place, fingerprint) => {
        world.sharedHostKeys.set(place, fingerprint);
      },
      loadProgress: async () => world.progress,
      saveProgress: async (progress) => {
        // As through a database: only what JSON keeps comes back.
        world.progress = JSON.parse(JSON.stringify(progress));
        world.onProgress(world.progress);
      },
    },
  };
  return world;
}

/** Credentials of `imuser`. */
export const keyCredentials = (privateKey: string): readonly string[] => [
  `disk.0.os.credentials.username = 'imuser'`,
  `disk.0.os.credentials.private_key = '${privateKey}'`,
];

/** Credentials of `pwuser`. */
export const passwordCredentials = (password: string): readonly string[] => [
  `disk.0.os.credentials.username = 'pwuser'`,
  `disk.0.os.credentials.password = '${password}'`,
];

/** The last line of the infrastructure's log before the failure report. */
export const lastLine = (world: World): string | undefined =>
  world.lines.findLast((line) => !line.startsWith('Failure report: '));
