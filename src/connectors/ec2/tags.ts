// SPDX-License-Identifier: Apache-2.0
// Tags: how everything that is made for an infrastructure is found again, and what users and operators want to see (ec2.md §3.4).
import type { Filter, Tag, TagSpecification } from '@aws-sdk/client-ec2';
import type { LaunchRequest } from '../connector.js';
import { systemOf } from '../shared/first-system.js';
import { instanceTags } from '../shared/tags.js';
import type { Engine } from './engine.js';

/** Infrastructure id on networks; the reference's name, so that what it made is found too. */
export const TAG_INFRASTRUCTURE = 'IM-INFRA-ID';
/** RADL network id on subnets. */
export const TAG_SUBNET = 'IM-SUBNET-ID';
/** Infrastructure id on machines and what belongs to them. */
export const TAG_OWNER = 'im-inf';
/** VM number. */
export const TAG_VM = 'im-vm';
/** Launch token. */
export const TAG_LAUNCH = 'im-launch';

const MOST_TAGS = 50;
const LONGEST_KEY = 128;
const LONGEST_VALUE = 256;

/** Marks of what belongs to one VM. */
export function ownTags(infrastructureId: string, vmNumber: number, token?: string): readonly Tag[] {
  return [
    { Key: TAG_OWNER, Value: infrastructureId },
    { Key: TAG_VM, Value: String(vmNumber) },
    ...(token === undefined ? [] : [{ Key: TAG_LAUNCH, Value: token }]),
  ];
}

/** Filter for what carries a tag with one of these values. */
export const tagged = (key: string, ...values: readonly string[]): Filter => ({
  Name: `tag:${key}`,
  Values: [...values],
});

/** The value of a tag; empty when it is absent. */
export function tagValue(tags: readonly Tag[] | undefined, key: string): string {
  return tags?.find(({ Key }) => Key === key)?.Value ?? '';
}

/** Tags of an instance and of the volumes that are made with it. */
export function vmTags(
  engine: Engine,
  request: LaunchRequest,
  vm: { readonly number: number; readonly token: string },
  name: string,
): readonly TagSpecification[] {
  const { username, infrastructureId, serviceUrl } = request;
  const own = ownTags(infrastructureId, vm.number, vm.token);
  const wanted: Tag[] = [
    { Key: 'Name', Value: name },
    { Key: 'IM-USER', Value: systemOf(request.concrete).features.getText('im_user') || username },
  ];
  const more = instanceTags(
    systemOf(request.concrete),
    { username, infrastructureId, serviceUrl },
    engine.environment.settings,
  );
  for (const [Key, Value] of more) {
    if (!wanted.some((tag) => tag.Key === Key)) wanted.push({ Key, Value });
  }
  const Tags = [
    ...own,
    ...validTags(
      engine,
      wanted.filter(({ Key }) => !own.some((tag) => tag.Key === Key)),
      MOST_TAGS - own.length,
    ),
  ];
  return [
    { ResourceType: 'instance', Tags },
    { ResourceType: 'volume', Tags },
  ];
}

/** What AWS takes: no key twice, not its own `aws:` keys, bounded lengths and number. The launch goes on without the others. */
function validTags(engine: Engine, tags: readonly Tag[], limit: number): readonly Tag[] {
  const valid: Tag[] = [];
  for (const { Key = '', Value = '' } of tags) {
    const key = [...Key].slice(0, LONGEST_KEY).join('');
    const value = [...Value].slice(0, LONGEST_VALUE).join('');
    if (/^aws:/i.test(key) || key === '' || valid.some((tag) => tag.Key === key) || valid.length === limit) {
      engine.environment.logger.warn(`The tag ${Key} is left out: EC2 does not take it.`);
      continue;
    }
    if (key !== Key || value !== Value) engine.environment.logger.warn(`The tag ${Key} is cut to what EC2 takes.`);
    valid.push({ Key: key, Value: value });
  }
  return valid;
}
