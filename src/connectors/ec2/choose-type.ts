// SPDX-License-Identifier: Apache-2.0
// Chooses the instance type that fits a system best (ec2.md §2): the cheapest, else the smallest. Pure.
import { type Features, unitFactor } from '../../radl/index.js';
import type { PriceTable } from '../shared/prices.js';
import type { InstanceType } from './instance-types.js';

/** Text when nothing fits. */
export const NO_INSTANCE_TYPE = 'Error launching the VM, no instance type available for the requirements.';

const DEFAULT_ARCHITECTURE = 'x86_64';

/** The best type; undefined when none fits. */
export function chooseType(
  features: Features,
  types: readonly InstanceType[],
  prices: PriceTable,
  region: string,
): InstanceType | undefined {
  let best: InstanceType | undefined;
  for (const type of types) {
    if (fits(features, type, prices, region) && (best === undefined || isBetter(type, best, prices, region)))
      best = type;
  }
  return best;
}

function fits(features: Features, type: InstanceType, prices: PriceTable, region: string): boolean {
  const { gpus } = type;
  const wantedGpus = features.getNumber('gpu.count');
  return (
    nameFits(features.getText('instance_type'), type.name) &&
    type.architectures.includes(features.getText('cpu.arch') || DEFAULT_ARCHITECTURE) &&
    within(features, 'cpu.count', type.vcpus, '') &&
    // As in the reference, which compares mebibytes with megabytes: 4GiB is more than what a type of 4096 has.
    within(features, 'memory.size', type.memoryMib, 'M') &&
    within(features, 'disks.free_size', type.disks * type.diskGb, 'G') &&
    performanceFits(features, prices.find(type.name, region)?.computeUnits ?? 0) &&
    (wantedGpus === undefined || wantedGpus === 0 || (gpus >= wantedGpus && gpuFits(features, type.gpuName)))
  );
}

function nameFits(pattern: string | undefined, name: string): boolean {
  if (pattern === undefined || pattern === '' || pattern === name) return true;
  if (!pattern.includes('*')) return false;
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}`).test(name);
}

/** Is the amount inside the bounds that the document sets? */
function within(features: Features, property: string, amount: number, unit: string): boolean {
  const bounds = features.getInterval(property);
  if (bounds === undefined) return true;
  const limit = (bound: { readonly value: unknown; readonly unit: string }): number =>
    unit === '' ? Number(bound.value) : (Number(bound.value) * unitFactor(bound.unit)) / unitFactor(unit);
  const { lower, upper } = bounds;
  const isAbove = lower === undefined || (lower.operator === '>' ? amount > limit(lower) : amount >= limit(lower));
  const isBelow = upper === undefined || (upper.operator === '<' ? amount < limit(upper) : amount <= limit(upper));
  return isAbove && isBelow;
}

/** Compute units are known only from the operator's file; in another unit nothing can be said, so nothing fits. */
function performanceFits(features: Features, computeUnits: number): boolean {
  const bounds = features.getInterval('cpu.performance');
  if (bounds === undefined) return true;
  const unit = (bounds.lower ?? bounds.upper)?.unit.toUpperCase();
  return unit === 'ECU' && within(features, 'cpu.performance', computeUnits, '');
}

function gpuFits(features: Features, gpuName: string): boolean {
  const name = gpuName.toLowerCase();
  return ['gpu.model', 'gpu.vendor'].every((property) =>
    name.includes((features.getText(property) ?? '').toLowerCase()),
  );
}

const UNKNOWN_PRICE = 200;

function isBetter(type: InstanceType, best: InstanceType, prices: PriceTable, region: string): boolean {
  const price = ({ name }: InstanceType): number => prices.find(name, region)?.price ?? UNKNOWN_PRICE;
  const order = [
    Number(best.isCurrent) - Number(type.isCurrent),
    price(type) - price(best),
    type.vcpus - best.vcpus,
    type.memoryMib - best.memoryMib,
    type.gpus - best.gpus,
    type.name < best.name ? -1 : 1,
  ].find((difference) => difference !== 0);
  return (order ?? 0) < 0;
}

/**
 * Writes what the type has on a system.
 * @param isPriceKept the user gave a price, which stays
 */
export function writeType(
  features: Features,
  type: InstanceType,
  prices: PriceTable,
  region: string,
  isPriceKept: boolean,
): void {
  const priced = prices.find(type.name, region);
  features.setText('instance_type', type.name);
  features.setInteger('cpu.count', type.vcpus);
  features.setInteger('memory.size', type.memoryMib, 'M');
  if (type.disks > 0) {
    features.setInteger('disks.free_size', type.disks * type.diskGb, 'G');
    for (let disk = 1; disk <= type.disks; disk += 1) features.setInteger(`disk.${disk}.free_size`, type.diskGb, 'G');
  }
  if (priced !== undefined && !isPriceKept) features.setNumber('price', priced.price);
  if (priced?.computeUnits !== undefined) features.setNumber('cpu.performance', priced.computeUnits, 'ECU');
  if (type.gpus > 0) {
    features.setInteger('gpu.count', type.gpus);
    features.setText('gpu.model', type.gpuName);
  }
}
