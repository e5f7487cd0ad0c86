// SPDX-License-Identifier: Apache-2.0
// Small builders of documents, VMs and planner inputs for the tests of the planner.

import type { ConfigurableVm, ContextualizationSettings, PlanInput } from '../../../src/contextualization/contract.js';
import type { CloudState } from '../../../src/domain/index.js';
import { parseRadl, Radl } from '../../../src/radl/index.js';

export const SETTINGS: ContextualizationSettings = {
  remoteConfDir: '/var/tmp/.im',
  maxContextualizationTimeMs: 7_200_000,
  waitRunningVmTimeoutMs: 1_800_000,
  waitSshAccessTimeoutMs: 300_000,
  waitPublicIpTimeoutMs: 90_000,
  ansibleInstallTimeoutMs: 500_000,
  checkStateIntervalMs: 5000,
  playbookRetries: 1,
  maxSshErrors: 5,
  vmNumUseCtxtDist: 30,
  processPerVm: false,
  incremental: false,
  defaultVmName: 'vnode-#N#',
  defaultDomain: 'localdomain',
  privateNetMasks: ['10.0.0.0/8'],
  contextualizationDir: 'contextualization',
  recipesDir: 'contextualization',
  runtimeBundleDir: 'var/runtime',
  galaxyCacheDir: 'var/galaxy',
};

export interface VmOverrides {
  readonly cloudState?: CloudState;
  readonly isDeleting?: boolean;
  readonly providerId?: string | null;
  readonly cloudType?: string;
  readonly cloudServer?: string;
  /** Addresses by interface: what the provider gave. */
  readonly ips?: Readonly<Record<number, string>>;
}

/** A VM of a system of the document; its live document is the one asked for plus the addresses given. */
export function vm(document: Radl, number: number, systemName: string, overrides: VmOverrides = {}): ConfigurableVm {
  const { ips = {}, ...rest } = overrides;
  const requested = Radl.empty();
  for (const network of document.clone().networks) requested.add(network);
  const system = document.clone().getSystem(systemName);
  if (system === undefined) throw new Error(`No system ${systemName} in the test's document`);
  requested.add(system);
  const info = requested.clone();
  for (const [index, ip] of Object.entries(ips)) info.systems[0]?.features.setText(`net_interface.${index}.ip`, ip);
  return {
    number,
    systemName,
    cloudType: 'Dummy',
    cloudServer: '',
    providerId: `tb-${number}`,
    cloudState: 'running',
    isDeleting: false,
    isExistingHost: false,
    info,
    requested,
    ...rest,
  };
}

/** A front with a public address, and workers in the private network. */
export const CLUSTER = `
network publica (outbound = 'yes')
network privada (outbound = 'no')
system front (
  net_interface.0.connection = 'publica' and
  net_interface.0.dns_name = 'front.example.org' and
  net_interface.1.connection = 'privada' and
  disk.0.os.name = 'linux'
)
system wn (
  net_interface.0.connection = 'privada' and
  disk.0.os.name = 'linux'
)
`;

/** The document of the cluster with more behind it. */
export function cluster(rest = ''): Radl {
  return parseRadl(CLUSTER + rest);
}

/** VM 0 is the front, 1... are workers. */
export function clusterVms(document: Radl, workers = 2): readonly ConfigurableVm[] {
  return [
    vm(document, 0, 'front', { ips: { 0: '10.214.0.11', 1: '10.214.1.250' } }),
    ...Array.from({ length: workers }, (_, index) =>
      vm(document, index + 1, 'wn', { ips: { 0: `10.214.1.${11 + index}` } }),
    ),
  ];
}

export function planInput(radl: Radl, vms: readonly ConfigurableVm[], overrides: Partial<PlanInput> = {}): PlanInput {
  return {
    infrastructureId: '9f450b9a-e4c5-11f1-ad55-02fc00000001',
    radl,
    vms,
    masterVm: 0,
    infrastructureToken: 'token-of-the-infrastructure',
    settings: SETTINGS,
    routes: new Map(),
    users: new Map(vms.map(({ number }) => [number, 'imuser'])),
    utilityFiles: [],
    ...overrides,
  };
}
