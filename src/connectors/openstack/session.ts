// SPDX-License-Identifier: Apache-2.0
// One account of one cloud: a token that all calls share, the services' addresses, and calls that renew the token when it is refused.
import { createHash } from 'node:crypto';
import type { CloudCredential } from '../../domain/index.js';
import { createHttpClient, type HttpAnswer, type HttpCall, type HttpClient } from '../shared/http.js';
import { asRecord, asRecords, type JsonRecord, parseJson } from '../shared/json-reader.js';
import { hasService, serviceUrl } from './catalog.js';
import type { OpenStackCredential, ServiceName } from './credentials.js';
import { refusal } from './errors.js';
import { createKeystone, type Keystone, type Token } from './keystone.js';

/** A call to a service; the path is relative to the service's versioned address. */
export interface ServiceCall extends Omit<HttpCall, 'path' | 'headers'> {
  readonly path: string;
  /** Statuses that are answers and not errors, besides 2xx. */
  readonly accepts?: readonly number[];
  /** The change is refused (412) when the object is no longer of this revision. */
  readonly ifRevision?: number;
  /** Sent as `OpenStack-API-Version`. */
  readonly microversion?: string;
}

/** A logged-in account. It is shared by all connectors with the same credential and outlives them. */
export interface Session {
  readonly credential: OpenStackCredential;
  readonly keystone: Keystone;
  /** Identifies the account without secrets, for locks. */
  readonly key: string;
  token(signal: AbortSignal): Promise<Token>;
  has(service: ServiceName, signal: AbortSignal): Promise<boolean>;
  /** @throws ImError `provider` with the service's own words for every status that is not accepted */
  call(service: ServiceName, call: ServiceCall): Promise<HttpAnswer>;
  /** The JSON object of the answer; empty for an empty answer. */
  json(service: ServiceName, call: ServiceCall): Promise<JsonRecord>;
  /** All objects of a list, over all its pages. */
  list(service: ServiceName, key: string, call: ServiceCall): Promise<readonly JsonRecord[]>;
  /** Versions that the compute service can speak up to, as `2.79`; empty when it does not say. */
  latestCompute(signal: AbortSignal): Promise<string>;
  /** Remembers an answer for a minute. */
  remember<T>(name: string, ask: () => Promise<T>): Promise<T>;
}

/** A token is not used in its last moments. */
const EXPIRY_MARGIN_MS = 30_000;
const MEMORY_MS = 60_000;
/** A list that never ends is cut here. */
const MOST_PAGES = 200;

/** What follows the address in the catalogue when that names no version. */
const VERSION_PATHS: Readonly<Record<ServiceName, string>> = {
  compute: '',
  network: '/v2.0',
  image: '/v2',
  volume: '',
};

/** Key of the session of a credential: the whole item, hashed, so that a renewed token makes a new session. */
export function sessionKey(cloud: CloudCredential, isVerifiedByDefault: boolean): string {
  return createHash('sha256')
    .update(JSON.stringify([isVerifiedByDefault, Object.entries(cloud.item).sort()]))
    .digest('hex');
}

/** Makes the session of an account; nothing is sent yet. @param now milliseconds since 1970 */
export function createSession(key: string, credential: OpenStackCredential, now: () => number): Session {
  const clients = new Map<string, HttpClient>();
  const client = (origin: string, name: string): HttpClient => {
    const known = clients.get(origin);
    if (known !== undefined) return known;
    const { login } = credential;
    const made = createHttpClient({
      origin,
      name,
      ...(origin.startsWith('https:') && {
        tls: {
          isVerified: credential.isTlsVerified,
          ...(login.kind === 'voms' && { certificate: login.proxy, privateKey: login.proxy }),
        },
      }),
    });
    clients.set(origin, made);
    return made;
  };
  const keystone = createKeystone(credential, client(credential.origin, `Keystone at ${credential.origin}`), now);

  let current: Promise<Token> | undefined;
  const token = async (signal: AbortSignal): Promise<Token> => {
    for (;;) {
      const asked = current;
      if (asked !== undefined) {
        // A login of somebody else that was called off or refused is none of this caller's business: it asks itself.
        const known = await asked.catch(() => undefined);
        if (known !== undefined && known.expiresAt - EXPIRY_MARGIN_MS > now()) return known;
        if (current !== asked) continue;
      }
      signal.throwIfAborted();
      const mine = keystone.login(signal);
      current = mine;
      return mine;
    }
  };
  const forget = (refused: Token): Promise<void> | undefined =>
    current?.then(
      (known) => {
        if (known === refused) current = undefined;
      },
      () => {},
    );

  const address = async (service: ServiceName, known: Token): Promise<URL> => {
    const url = new URL(serviceUrl(known.catalog, credential, service));
    const path = url.pathname.replace(/\/+$/, '');
    url.pathname = VERSION_PATHS[service] === '' || /\/v\d/.test(path) ? path : `${path}${VERSION_PATHS[service]}`;
    return url;
  };

  const send = async (service: ServiceName, known: Token, parts: ServiceCall): Promise<HttpAnswer> => {
    const { accepts: _accepts, microversion, ifRevision, ...call } = parts;
    const url = await address(service, known);
    const version = credential.microversions.get(service) ?? microversion;
    return client(url.origin, `the ${service} service at ${url.origin}`).call({
      ...call,
      path: call.path.startsWith('//') ? call.path.slice(1) : `${url.pathname.replace(/\/$/, '')}${call.path}`,
      headers: {
        'x-auth-token': known.id,
        ...(ifRevision !== undefined && { 'if-match': `revision_number=${ifRevision}` }),
        ...(version !== undefined && { 'openstack-api-version': `${service} ${version}` }),
      },
    });
  };

  const call = async (service: ServiceName, parts: ServiceCall): Promise<HttpAnswer> => {
    const first = await token(parts.signal);
    let answer = await send(service, first, parts);
    if (answer.status === 401) {
      await forget(first);
      answer = await send(service, await token(parts.signal), parts);
    }
    if ((answer.status >= 200 && answer.status < 300) || parts.accepts?.includes(answer.status)) return answer;
    throw refusal(answer, service);
  };
  const parsed = (service: ServiceName, { body }: HttpAnswer): JsonRecord =>
    body.length === 0 ? {} : asRecord(parseJson(body.toString('utf8'), `the ${service} service`));
  const json = async (service: ServiceName, parts: ServiceCall): Promise<JsonRecord> =>
    parsed(service, await call(service, parts));

  const list = async (service: ServiceName, key: string, parts: ServiceCall): Promise<readonly JsonRecord[]> => {
    const items: JsonRecord[] = [];
    let next: ServiceCall | undefined = parts;
    for (let page = 0; next !== undefined && page < MOST_PAGES; page += 1) {
      const body: JsonRecord = await json(service, next);
      items.push(...asRecords(body[key]));
      next = nextPage(body, key, parts);
    }
    return items;
  };

  let latest: Promise<string> | undefined;
  const askLatest = async (signal: AbortSignal): Promise<string> => {
    const url = await address('compute', await token(signal));
    // The version document stands at the versioned address without project id.
    const [path = ''] = /^.*\/v\d+(\.\d+)?/.exec(url.pathname) ?? [url.pathname];
    const answer = await call('compute', { method: 'GET', path: `/${path}/`, signal, accepts: [300, 404] });
    return answer.status === 200 ? String(asRecord(parsed('compute', answer).version).version ?? '') : '';
  };

  const memory = new Map<string, { readonly at: number; readonly value: Promise<unknown> }>();
  return {
    credential,
    keystone,
    key,
    token,
    call,
    json,
    list,
    has: async (service, signal) => hasService((await token(signal)).catalog, credential, service),
    latestCompute: async (signal) => {
      latest ??= askLatest(signal);
      try {
        return await latest;
      } catch (error) {
        latest = undefined;
        throw error;
      }
    },
    remember: async <T>(name: string, ask: () => Promise<T>): Promise<T> => {
      const known = memory.get(name);
      if (known !== undefined && now() - known.at < MEMORY_MS) return (await known.value) as T;
      const value = ask();
      memory.set(name, { at: now(), value });
      value.catch(() => memory.delete(name));
      return value;
    },
  };
}

/** Nova, Cinder and Neutron link the next page as `<key>_links`, Glance as `next`. */
function nextPage(body: JsonRecord, key: string, first: ServiceCall): ServiceCall | undefined {
  const link = asRecords(body[`${key}_links`]).find(({ rel }) => rel === 'next')?.href ?? body.next;
  if (typeof link !== 'string' || link === '' || asRecords(body[key]).length === 0) return undefined;
  const query = new URL(link, 'http://provider').searchParams;
  const repeated: Record<string, string | readonly string[]> = {};
  for (const name of query.keys()) {
    const values = query.getAll(name);
    repeated[name] = values.length === 1 ? (values[0] ?? '') : values;
  }
  return { ...first, query: repeated };
}
