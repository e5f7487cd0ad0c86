// SPDX-License-Identifier: Apache-2.0
// The instance types that a region offers, as far as choosing one needs them (ec2.md §2).
import type { InstanceTypeInfo } from '@aws-sdk/client-ec2';
import { allPages } from './client.js';
import type { Engine } from './engine.js';

/** An instance type. */
export interface InstanceType {
  readonly name: string;
  readonly architectures: readonly string[];
  readonly vcpus: number;
  readonly memoryMib: number;
  readonly gpus: number;
  /** Maker and model, such as `NVIDIA V100`; empty without GPU. */
  readonly gpuName: string;
  /** Local disks: how many, and how large each is. */
  readonly disks: number;
  readonly diskGb: number;
  /** Of the present generation, as AWS says. */
  readonly isCurrent: boolean;
}

/** A page has 4 kB per type; reading more at once would hold up everybody else. */
const PAGE_SIZE = 100;

/** The types of a region; asked once a day per account and region. */
export async function instanceTypes(
  engine: Engine,
  region: string,
  signal: AbortSignal,
): Promise<readonly InstanceType[]> {
  const { instanceTypes: cache } = engine.shared;
  const key = `${engine.account.key} ${region}`;
  const now = engine.environment.now();
  const known = cache.get(key, now);
  if (known !== undefined) return known;
  const asked = listTypes(engine, region, signal);
  cache.set(key, asked, now);
  try {
    return await asked;
  } catch (error) {
    cache.delete(key);
    throw error;
  }
}

/** Some types by name; those that the region does not have are absent. */
export async function typesByName(
  engine: Engine,
  region: string,
  names: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, InstanceType>> {
  if (names.size === 0) return new Map();
  const types = await instanceTypes(engine, region, signal);
  return new Map(types.filter(({ name }) => names.has(name)).map((type) => [type.name, type]));
}

async function listTypes(engine: Engine, region: string, signal: AbortSignal): Promise<readonly InstanceType[]> {
  const ec2 = engine.clients.ec2(region);
  return allPages(async (NextToken) => {
    const { InstanceTypes = [], NextToken: next } = await ec2.call(
      'describeInstanceTypes',
      { MaxResults: PAGE_SIZE, ...(NextToken !== undefined && { NextToken }) },
      signal,
    );
    return { items: InstanceTypes.map(readType), next };
  });
}

function readType(info: InstanceTypeInfo): InstanceType {
  const gpus = info.GpuInfo?.Gpus ?? [];
  const disks = info.InstanceStorageInfo?.Disks ?? [];
  return {
    name: info.InstanceType ?? '',
    architectures: info.ProcessorInfo?.SupportedArchitectures ?? [],
    vcpus: info.VCpuInfo?.DefaultVCpus ?? 0,
    memoryMib: info.MemoryInfo?.SizeInMiB ?? 0,
    gpus: gpus.reduce((sum, { Count = 0 }) => sum + Count, 0),
    gpuName: gpus.map(({ Manufacturer = '', Name = '' }) => `${Manufacturer} ${Name}`.trim()).join(', '),
    disks: disks.reduce((sum, { Count = 0 }) => sum + Count, 0),
    diskGb: disks[0]?.SizeInGB ?? 0,
    isCurrent: info.CurrentGeneration === true,
  };
}
