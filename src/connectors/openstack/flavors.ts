// SPDX-License-Identifier: Apache-2.0
// Which flavor serves a system, and what it says about the machine (openstack.md §2).
import type { Features } from '../../radl/index.js';
import { convertNumber } from '../../radl/index.js';
import type { Site } from './site.js';
import type { Flavor } from './views.js';

/** A machine that says nothing of its disk gets at least this much, in GB. */
const LEAST_DISK_GB = 5;

/** Flavors of the cloud; asked once a minute. */
export function flavorsOf(site: Site, signal: AbortSignal): Promise<readonly Flavor[]> {
  return site.session.remember('flavors', () => site.nova.flavors(signal));
}

/**
 * The smallest flavor that satisfies the features of a system: by special devices, virtual CPUs, memory, disk; then in the order of the
 * cloud. Flavors with GPUs or enclaves come last unless these are asked for.
 */
export function chooseFlavor(flavors: readonly Flavor[], wanted: Features): Flavor | undefined {
  const asksGpu = wanted.has('gpu.count');
  const asksSgx = wanted.getText('cpu.sgx') === 'yes';
  const rank = (flavor: Flavor): readonly number[] => [
    deviceCount(flavor),
    (!asksGpu && isGpuFlavor(flavor)) || (!asksSgx && hasTruthySpec(flavor, 'sgx')) ? 1 : 0,
    flavor.vcpus,
    flavor.ramMib,
    flavor.diskGb,
  ];
  return flavors
    .filter((flavor) => !flavor.isDisabled && satisfies(flavor, wanted))
    .map((flavor) => ({ flavor, rank: rank(flavor) }))
    .sort((left, right) => compareRanks(left.rank, right.rank))[0]?.flavor;
}

function compareRanks(left: readonly number[], right: readonly number[]): number {
  for (const [index, value] of left.entries()) {
    const difference = value - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function satisfies(flavor: Flavor, wanted: Features): boolean {
  const pattern = wanted.getText('instance_type') ?? '';
  return (
    (pattern === '' || matchesName(flavor.name, pattern)) &&
    isInside(wanted, 'cpu.count', '', flavor.vcpus) &&
    // Clients show and send decimal megabytes; the cloud's MiB are taken for them.
    isInside(wanted, 'memory.size', 'M', flavor.ramMib) &&
    hasDisk(flavor, wanted) &&
    hasGpus(flavor, wanted) &&
    hasSgx(flavor, wanted)
  );
}

/** `*` stands for any text. */
function matchesName(name: string, pattern: string): boolean {
  const expression = pattern
    .split('*')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${expression}$`, 's').test(name);
}

function isInside(wanted: Features, property: string, unit: string, value: number): boolean {
  const interval = wanted.getInterval(property);
  if (interval === undefined) return true;
  const { lower, upper } = interval;
  const bound = (feature: NonNullable<typeof lower>): number =>
    Number(
      convertNumber(typeof feature.value === 'boolean' ? (feature.value ? 1n : 0n) : feature.value, feature.unit, unit),
    );
  if (lower !== undefined && (lower.operator === '>' ? value <= bound(lower) : value < bound(lower))) return false;
  return upper === undefined || (upper.operator === '<' ? value < bound(upper) : value <= bound(upper));
}

function hasDisk(flavor: Flavor, wanted: Features): boolean {
  if (wanted.has('disks.free_size')) return isInside(wanted, 'disks.free_size', 'G', flavor.diskGb);
  return wanted.has('disk.0.size') || flavor.diskGb >= LEAST_DISK_GB;
}

const NO = new Set(['false', 'no', '0']);

const hasTruthySpec = (flavor: Flavor, word: string): boolean =>
  [...flavor.extraSpecs].some(([key, value]) => key.toLowerCase().includes(word) && !NO.has(value.toLowerCase()));

const isGpuFlavor = (flavor: Flavor): boolean =>
  hasTruthySpec(flavor, 'gpu') || flavor.extraSpecs.get('Accelerator:Type') === 'GPU';

function hasGpus(flavor: Flavor, wanted: Features): boolean {
  const count = wanted.getNumber('gpu.count') ?? 0;
  if (count <= 0) return true;
  if (hasTruthySpec(flavor, 'gpu')) return true;
  const specs = flavor.extraSpecs;
  const isSame = (property: string, spec: string): boolean => {
    const asked = wanted.getText(property) ?? '';
    return asked === '' || asked.toLowerCase() === specs.get(spec)?.toLowerCase();
  };
  return (
    specs.get('Accelerator:Type') === 'GPU' &&
    Number(specs.get('Accelerator:Number') ?? 0) >= count &&
    isSame('gpu.vendor', 'Accelerator:Vendor') &&
    isSame('gpu.model', 'Accelerator:Model')
  );
}

function hasSgx(flavor: Flavor, wanted: Features): boolean {
  if (wanted.getText('cpu.sgx') !== 'yes') return true;
  const size = wanted.getNumber('cpu.sgx.epc_size', 'M');
  if (size === undefined) return hasTruthySpec(flavor, 'sgx');
  return [...flavor.extraSpecs].some(
    ([key, value]) => key.toLowerCase().includes('sgx') && Number.parseInt(value, 10) >= size,
  );
}

/** Devices that the flavor passes through: `GPU:2,FPGA` are three. */
function deviceCount(flavor: Flavor): number {
  const aliases = flavor.extraSpecs.get('pci_passthrough:alias') ?? '';
  if (aliases === '') return 0;
  return aliases
    .split(',')
    .map((alias) => (alias.includes(':') ? Number(alias.split(':')[1]) || 0 : 1))
    .reduce((sum, count) => sum + count, 0);
}

/** Writes the sizes of a flavor on a system, as exact values. */
export function writeFlavor(features: Features, flavor: Flavor): void {
  features.setInteger('cpu.count', flavor.vcpus);
  features.setInteger('memory.size', flavor.ramMib, 'M');
  const disk = flavor.ephemeralGb > 0 ? flavor.ephemeralGb : flavor.diskGb;
  if (disk > 0) features.setInteger('disk.0.free_size', disk, 'G');
  features.setText('instance_type', flavor.name);
  const accelerators = Number(flavor.extraSpecs.get('Accelerator:Number') ?? 0);
  if (flavor.extraSpecs.get('Accelerator:Type') !== 'GPU' || !(accelerators > 0)) return;
  features.setNumber('gpu.count', accelerators);
  const texts = [
    ['gpu.vendor', flavor.extraSpecs.get('Accelerator:Vendor')],
    ['gpu.model', flavor.extraSpecs.get('Accelerator:Model')],
  ] as const;
  for (const [property, text] of texts) {
    if (text !== undefined && text !== '') features.setText(property, text);
  }
}

/** What is asked of a flavor, in words. */
export function flavorWish(wanted: Features): string {
  const names = [
    'instance_type',
    'cpu.count',
    'memory.size',
    'disks.free_size',
    'disk.0.size',
    'gpu.count',
    'gpu.vendor',
    'gpu.model',
    'cpu.sgx',
  ];
  const asked = names.flatMap((name) => {
    const feature = wanted.feature(name);
    return feature === undefined ? [] : [`${name} ${feature.operator} ${String(feature.value)}${feature.unit}`];
  });
  return asked.join(', ');
}
