// SPDX-License-Identifier: Apache-2.0
// Used and allowed amounts of an account in its default region (ec2.md §8).
import type { ServiceQuotas } from '@aws-sdk/client-service-quotas';
import { badRequest, errorText } from '../../domain/index.js';
import type { Quotas } from '../connector.js';
import { listAddresses } from './addresses.js';
import type { AwsService } from './client.js';
import type { Ec2, Engine } from './engine.js';
import { isNotFound } from './failure.js';
import { listInstances } from './instances.js';

/** Virtual CPUs of running on-demand instances of the standard families. */
const STANDARD_CPUS = { ServiceCode: 'ec2', QuotaCode: 'L-1216C47A' };
const ELASTIC_IPS = { ServiceCode: 'ec2', QuotaCode: 'L-0263D0A3' };
const SECURITY_GROUPS = { ServiceCode: 'vpc', QuotaCode: 'L-E79EC296' };
const STANDARD_FAMILY = /^[acdhimrtz]\d/;
const NO_LIMIT = -1;

/** @throws ImError `bad-request` when the credential names no region */
export async function quotas(engine: Engine, signal: AbortSignal): Promise<Quotas> {
  const region = engine.account.defaultRegion;
  if (region === undefined) {
    throw badRequest(
      `You must specify a region: add region = <name> to the credential of EC2 cloud ${engine.cloud.id}.`,
    );
  }
  const ec2 = engine.clients.ec2(region);
  const service = engine.clients.quotas(region);
  const limit = (quota: typeof STANDARD_CPUS): Promise<number> => limitOf(engine, service, quota, signal);
  const [instances, addresses, groups, cores, elasticIps, securityGroups] = await Promise.all([
    listInstances(ec2, [{ Name: 'instance-state-name', Values: ['pending', 'running'] }], signal),
    listAddresses(ec2, [], signal),
    countGroups(ec2, signal),
    limit(STANDARD_CPUS),
    limit(ELASTIC_IPS),
    limit(SECURITY_GROUPS),
  ]);
  const usedCores = instances
    .filter(
      ({ InstanceType = '', InstanceLifecycle }) => InstanceLifecycle !== 'spot' && STANDARD_FAMILY.test(InstanceType),
    )
    .reduce((sum, { CpuOptions }) => sum + (CpuOptions?.CoreCount ?? 1) * (CpuOptions?.ThreadsPerCore ?? 1), 0);
  return {
    cores: { used: usedCores, limit: cores },
    instances: { used: instances.length, limit: NO_LIMIT },
    floating_ips: { used: addresses.length, limit: elasticIps },
    security_groups: { used: groups, limit: securityGroups },
  };
}

async function countGroups(ec2: Ec2, signal: AbortSignal): Promise<number> {
  let count = 0;
  let NextToken: string | undefined;
  do {
    const answer = await ec2.call(
      'describeSecurityGroups',
      { MaxResults: 1_000, ...(NextToken !== undefined && { NextToken }) },
      signal,
    );
    count += answer.SecurityGroups?.length ?? 0;
    NextToken = answer.NextToken;
  } while (NextToken !== undefined && NextToken !== '');
  return count;
}

/** The account's limit, else the default of AWS; none when the keys may not ask. */
async function limitOf(
  engine: Engine,
  service: AwsService<ServiceQuotas>,
  quota: typeof STANDARD_CPUS,
  signal: AbortSignal,
): Promise<number> {
  try {
    const answer = await service.call('getServiceQuota', quota, signal).catch((error: unknown) => {
      if (isNotFound(error) || errorText(error).includes('NoSuchResourceException')) {
        return service.call('getAWSDefaultServiceQuota', quota, signal);
      }
      throw error;
    });
    return answer.Quota?.Value ?? NO_LIMIT;
  } catch (error) {
    signal.throwIfAborted();
    engine.environment.logger.warn(
      `The quota ${quota.QuotaCode} of EC2 cloud ${engine.cloud.id} is not known: ${errorText(error)}`,
    );
    return NO_LIMIT;
  }
}
