// SPDX-License-Identifier: Apache-2.0
// Calls to AWS services: the SDK is loaded with the first one, every call has a time limit, and what is refused for now is repeated.
import { Agent } from 'node:https';
import type { EC2 } from '@aws-sdk/client-ec2';
import type { Route53 } from '@aws-sdk/client-route-53';
import type { ServiceQuotas } from '@aws-sdk/client-service-quotas';
import { sleep, withTimeout } from '../../util/deadline.js';
import type { Ec2Account } from './credentials.js';
import { awsFailure, isRefusedForNow, isWithoutAnswer } from './failure.js';

const CONNECT_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;
/** Tries of a call that AWS refuses for now. */
const TRIES_WHEN_REFUSED = 8;
/** Tries of a repeatable call without an answer. */
const TRIES_WITHOUT_ANSWER = 3;
const RETRY_BASE_MS = 250;
const LONGEST_PAUSE_MS = 8_000;

/** The method signatures that the SDK gives each operation. */
interface Signatures<Input, Output> {
  (input: Input, options?: { readonly abortSignal?: AbortSignal }): Promise<Output>;
  (input: Input, callback: never): void;
  (input: Input, options: never, callback: never): void;
}

/** What an operation of a service takes. */
export type InputOf<Api, Name extends keyof Api> = Api[Name] extends Signatures<infer Input, infer _> ? Input : never;

/** What it answers. */
export type OutputOf<Api, Name extends keyof Api> =
  Api[Name] extends Signatures<infer _, infer Output> ? Output : never;

/** An AWS service in one region. */
export interface AwsService<Api> {
  readonly region: string;
  /**
   * Calls an operation. Reads, deletes and calls with a client token are repeated when there is no answer; everything is when AWS refuses
   * it for now (throttling).
   * @throws ImError `provider`; the signal's reason when it aborts
   */
  call<Name extends keyof Api & string>(
    name: Name,
    input: InputOf<Api, Name>,
    signal: AbortSignal,
  ): Promise<OutputOf<Api, Name>>;
}

/** The services of one account. */
export interface AwsClients {
  ec2(region: string): AwsService<EC2>;
  route53(): AwsService<Route53>;
  quotas(region: string): AwsService<ServiceQuotas>;
}

/** Route 53 is one service for the whole world; its requests are signed for this region. */
const GLOBAL_REGION = 'us-east-1';

/** Makes the clients of an account; nothing is loaded or connected yet. @param random 0..1, spreads the retries of many clients */
export function createAwsClients(account: Ec2Account, random: () => number = Math.random): AwsClients {
  const services = new Map<string, unknown>();
  const agent = new Agent({ keepAlive: true, maxSockets: 50, rejectUnauthorized: account.isVerified });

  const configure = (region: string) => ({
    region,
    ...(account.endpoint !== undefined && { endpoint: account.endpoint(region) }),
    credentials: {
      accessKeyId: account.accessKey,
      secretAccessKey: account.secretKey,
      ...(account.sessionToken !== undefined && { sessionToken: account.sessionToken }),
    },
    // What is repeated is decided below: the SDK also repeats calls that create something without a client token.
    maxAttempts: 1,
    retryMode: 'standard',
    defaultsMode: 'standard' as const,
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, httpsAgent: agent },
  });

  const service = <Api extends object>(
    name: string,
    region: string,
    open: (settings: ReturnType<typeof configure>) => Promise<Api>,
  ): AwsService<Api> => {
    const key = `${name} ${region}`;
    const known = services.get(key) as AwsService<Api> | undefined;
    if (known !== undefined) return known;
    const made = createService<Api>(
      account.endpoint === undefined ? `AWS ${name} in ${region}` : `${name} at ${account.endpoint(region)}`,
      region,
      () => open(configure(region)),
      random,
    );
    services.set(key, made);
    return made;
  };

  return {
    ec2: (region) =>
      service('EC2', region, async (settings) => new (await import('@aws-sdk/client-ec2')).EC2(settings)),
    route53: () =>
      service(
        'Route 53',
        GLOBAL_REGION,
        async (settings) => new (await import('@aws-sdk/client-route-53')).Route53(settings),
      ),
    quotas: (region) =>
      service(
        'Service Quotas',
        region,
        async (settings) => new (await import('@aws-sdk/client-service-quotas')).ServiceQuotas(settings),
      ),
  };
}

function createService<Api extends object>(
  name: string,
  region: string,
  open: () => Promise<Api>,
  random: () => number,
): AwsService<Api> {
  let opened: Promise<Api> | undefined;

  const attempt = async (operation: string, input: unknown, signal: AbortSignal): Promise<unknown> => {
    opened ??= open();
    const api = await opened;
    const method: unknown = Reflect.get(api, operation);
    if (typeof method !== 'function') throw new TypeError(`${name} has no operation ${operation}.`);
    return withTimeout({ timeoutMs: REQUEST_TIMEOUT_MS, what: `the answer of ${name}`, signal }, (abortSignal) =>
      method.call(api, input, { abortSignal }),
    );
  };

  const call = async (operation: string, input: unknown, signal: AbortSignal): Promise<unknown> => {
    const isRepeatable =
      /^(describe|list|get|delete|terminate|release|disassociate|deregister|cancel)/.test(operation) ||
      hasClientToken(input);
    for (let tries = 1; ; tries += 1) {
      try {
        return await attempt(operation, input, signal);
      } catch (error) {
        signal.throwIfAborted();
        const limit = isRefusedForNow(error)
          ? TRIES_WHEN_REFUSED
          : isRepeatable && isWithoutAnswer(error)
            ? TRIES_WITHOUT_ANSWER
            : 1;
        if (tries >= limit) throw awsFailure(error, name);
      }
      await sleep(Math.min(LONGEST_PAUSE_MS, random() * RETRY_BASE_MS * 2 ** tries), signal);
    }
  };
  return { region, call: call as AwsService<Api>['call'] };
}

function hasClientToken(input: unknown): boolean {
  return typeof input === 'object' && input !== null && 'ClientToken' in input && input.ClientToken !== undefined;
}

/** All items of a paged listing. @param page asks for the page after a token; at most `limit` pages are read */
export async function allPages<Item>(
  page: (token: string | undefined) => Promise<{ readonly items: readonly Item[]; readonly next: string | undefined }>,
  limit = 1_000,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  let token: string | undefined;
  for (let count = 0; count < limit; count += 1) {
    const answer = await page(token);
    items.push(...answer.items);
    if (answer.next === undefined || answer.next === '' || answer.next === token) break;
    token = answer.next;
  }
  return items;
}
