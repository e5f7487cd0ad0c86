// SPDX-License-Identifier: Apache-2.0
// The live document of a VM: what its launch decided, and what EC2 says of the instance (ec2.md §3.4, §4).
import type { Instance } from '@aws-sdk/client-ec2';
import { printRadl, type Radl } from '../../radl/index.js';
import { isPrivateIp } from '../../util/ip.js';
import { assignIps } from '../shared/assign-ips.js';
import { systemOf } from '../shared/first-system.js';
import type { PriceTable } from '../shared/prices.js';
import { writeType } from './choose-type.js';
import type { Engine } from './engine.js';
import type { InstanceType } from './instance-types.js';
import type { LaunchPlan } from './launch-plan.js';

/** The document of a VM at launch, before EC2 has said anything about the instance. */
export function launchedDocument(concrete: Radl, plan: LaunchPlan, providerId: string): Radl {
  const info = concrete.clone();
  const { features } = systemOf(info);
  features.setText('instance_id', providerId);
  features.setText('instance_name', plan.instanceName);
  for (const { index, device, type, volumeId } of plan.disks) {
    if (!features.getText(`disk.${index}.device`))
      features.setText(`disk.${index}.device`, device.replace('/dev/', ''));
    if (volumeId === undefined) features.setText(`disk.${index}.type`, type);
    else features.setText(`disk.${index}.provider_id`, volumeId);
  }
  for (const { networkId, cidr, providerId: subnet } of plan.networks) {
    const network = info.getNetwork(networkId)?.features;
    network?.setText('cidr', cidr);
    network?.setText('provider_id', subnet);
  }
  if (features.getText('disk.0.os.credentials.private_key')) features.delete('disk.0.os.credentials.password');
  return info;
}

/** What is known of an instance beside its own description. */
export interface InstanceFacts {
  /** An elastic IP that is associated with it. */
  readonly elasticIp: string | undefined;
  /** Its type, when it is not the one that the document names. */
  readonly changedType: InstanceType | undefined;
  readonly prices: PriceTable;
}

/** The document with the present addresses, size and place. @returns undefined when nothing changed */
export function observedDocument(
  engine: Engine,
  info: Radl,
  instance: Instance,
  facts: InstanceFacts,
  region: string,
): Radl | undefined {
  const updated = info.clone();
  const { features } = systemOf(updated);
  const set = (property: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') features.setText(property, value);
  };
  set('virtual_system_type', instance.VirtualizationType);
  set('availability_zone', instance.Placement?.AvailabilityZone);
  if (facts.changedType !== undefined)
    writeType(features, facts.changedType, facts.prices, region, features.has('price'));
  if (instance.LaunchTime !== undefined) {
    features.setInteger('launch_time', Math.floor(instance.LaunchTime.getTime() / 1000));
  }
  const { privateNetMasks } = engine.environment.settings;
  const privateIp = instance.PrivateIpAddress ?? '';
  const isPrivate = isPrivateIp(privateIp, privateNetMasks);
  const publicIp = facts.elasticIp ?? instance.PublicIpAddress ?? '';
  assignIps(updated, {
    publicIps: [publicIp, isPrivate ? '' : privateIp].filter(
      (ip, index) => ip !== '' && (index === 1 || ip !== privateIp),
    ),
    privateIps: isPrivate && privateIp !== '' ? [{ address: privateIp }] : [],
    privateNetMasks,
    now: engine.environment.now,
  });
  return printRadl(updated) === printRadl(info) ? undefined : updated;
}
