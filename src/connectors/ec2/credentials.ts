// SPDX-License-Identifier: Apache-2.0
// From an authorization item to an AWS account and where its services are (ec2.md §1).
import { createHash } from 'node:crypto';
import { badRequest, type CloudCredential } from '../../domain/index.js';
import { incompleteAuthData, noAuthData } from '../shared/cloud-errors.js';
import { isSwitchedOff } from '../shared/switched-off.js';

/** An AWS account, or one of an EC2-compatible cloud. */
export interface Ec2Account {
  readonly accessKey: string;
  readonly secretKey: string;
  /** STS session token of temporary keys. */
  readonly sessionToken: string | undefined;
  /** `region` of the item: for calls that name none. */
  readonly defaultRegion: string | undefined;
  /** Base URL of all services of a region; undefined: those of AWS. */
  readonly endpoint: ((region: string) => string) | undefined;
  readonly isVerified: boolean;
  /** The same for the same item, without telling what is in it. */
  readonly key: string;
}

/**
 * Reads the credential: `username` (access key), `password` (secret key), `token`, `region`, and for clouds other than AWS `host` or
 * `endpoint`, in which `{region}` stands for the region.
 * @throws ImError `bad-request` when a key is missing or the endpoint is no http(s) URL
 */
export function ec2Account(cloud: CloudCredential, isVerifiedByDefault: boolean): Ec2Account {
  const { username: accessKey = '', password: secretKey = '', token, region, verify } = cloud.item;
  if (accessKey === '' && secretKey === '') throw noAuthData('EC2');
  if (accessKey === '' || secretKey === '') {
    throw incompleteAuthData('EC2', 'username (Access Key) and password (Secret Key)');
  }
  const pattern = endpointPattern(cloud);
  const isVerified = isVerifiedByDefault && !isSwitchedOff(verify);
  return {
    accessKey,
    secretKey,
    sessionToken: token === '' ? undefined : token,
    defaultRegion: region === undefined || region === '' ? undefined : knownRegion(region),
    endpoint: pattern === undefined ? undefined : (name) => pattern.replaceAll('{region}', name),
    isVerified,
    key: createHash('sha256')
      .update(JSON.stringify([accessKey, secretKey, token ?? '', pattern ?? '', isVerified]))
      .digest('hex'),
  };
}

function endpointPattern(cloud: CloudCredential): string | undefined {
  const text = (cloud.item.endpoint ?? '').trim() || (cloud.item.host ?? '').trim();
  if (text === '') return undefined;
  const pattern = (text.includes('://') ? text : `https://${text}`).replace(/\/+$/, '');
  const example = pattern.replaceAll('{region}', 'us-east-1');
  if (!/^https?:\/\//.test(example) || !URL.canParse(example)) {
    throw badRequest(`The endpoint of EC2 cloud ${cloud.id} is no http:// or https:// URL.`);
  }
  return pattern;
}

/**
 * The region, when its name has the form of one; which ones exist is for AWS to say.
 * @throws ImError `bad-request`
 */
export function knownRegion(region: string): string {
  if (/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(region) && region.length <= 40) return region;
  throw badRequest(`Error getting the region ${region}: Incorrect region name: ${region}`);
}
