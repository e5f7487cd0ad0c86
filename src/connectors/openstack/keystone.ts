// SPDX-License-Identifier: Apache-2.0
// The conversation with Keystone that ends with a token and the catalogue of services (openstack.md §1.1).
import { ImError } from '../../domain/index.js';
import type { HttpAnswer, HttpCall, HttpClient } from '../shared/http.js';
import { asRecord, asRecords, asText, type JsonRecord, parseJson } from '../shared/json-reader.js';
import type { CatalogEndpoint } from './catalog.js';
import type { Login, OpenStackCredential } from './credentials.js';
import { refusal } from './errors.js';

/** Proof of a login. */
export interface Token {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** Empty when Keystone did not say. */
  readonly projectId: string;
  readonly userId: string;
  readonly catalog: readonly CatalogEndpoint[];
}

/** Keystone as the session uses it. */
export interface Keystone {
  /** @throws ImError `provider`; wrong credentials say `Invalid credentials with the provider` */
  login(signal: AbortSignal): Promise<Token>;
  /** Projects of a token, for quotas. */
  userProjects(token: Token, signal: AbortSignal): Promise<readonly JsonRecord[]>;
}

/** A token without stated end is asked for again after this time. */
const UNSTATED_LIFE_MS = 600_000;

/** Makes the client. @param now milliseconds since 1970 */
export function createKeystone(credential: OpenStackCredential, http: HttpClient, now: () => number): Keystone {
  const name = `Keystone at ${credential.origin}${credential.path}`;
  const call = async (parts: HttpCall, statuses: readonly number[]): Promise<HttpAnswer> => {
    const answer = await http.call({ ...parts, path: `${credential.path}${parts.path}` });
    if (statuses.includes(answer.status)) return answer;
    if (answer.status === 401) throw invalidCredentials(answer);
    throw new ImError('provider', `${name} refuses the login: ${refusal(answer, 'identity').message}`, {
      details: { status: answer.status },
    });
  };
  const json = (answer: HttpAnswer): JsonRecord => asRecord(parseJson(answer.body.toString('utf8'), name));
  const get = async (path: string, token: string, signal: AbortSignal): Promise<JsonRecord> =>
    json(await call({ method: 'GET', path, signal, headers: { 'x-auth-token': token } }, [200]));

  const v3 = async (auth: object, signal: AbortSignal): Promise<Token> => {
    const answer = await call(
      { method: 'POST', path: '/v3/auth/tokens', body: { auth }, signal, isRepeatable: true },
      [200, 201],
    );
    const id = answer.headers.get('x-subject-token') ?? '';
    if (id === '') throw new ImError('provider', `${name} gave no token.`);
    return tokenV3(id, asRecord(json(answer).token), now());
  };

  const v2 = async (auth: object, signal: AbortSignal): Promise<Token> => {
    const answer = await call(
      { method: 'POST', path: '/v2.0/tokens', body: { auth }, signal, isRepeatable: true },
      [200, 203],
    );
    return tokenV2(asRecord(json(answer).access), name, now());
  };

  /** Which of its API versions does this Keystone serve? Those that hide them are taken for version 3. */
  const hasVersion3 = async (signal: AbortSignal): Promise<boolean> => {
    const answer = await http.call({ method: 'GET', path: `${credential.path}/`, signal });
    if (answer.status !== 200 && answer.status !== 300) return true;
    let versions: unknown;
    try {
      versions = JSON.parse(answer.body.toString('utf8'));
    } catch {
      return true;
    }
    const { values } = asRecord(asRecord(versions).versions);
    const ids = asRecords(values).map(({ id }) => asText(id));
    return ids.length === 0 || ids.some((id) => id.startsWith('v3'));
  };

  const federated = async (login: Extract<Login, { kind: 'federated' }>, signal: AbortSignal): Promise<Token> => {
    const path = `/v3/OS-FEDERATION/identity_providers/${encodeURIComponent(login.provider)}/protocols/${encodeURIComponent(login.protocol)}/auth`;
    const first = await call(
      { method: 'GET', path, signal, headers: { authorization: `Bearer ${login.accessToken}` } },
      [200, 201],
    );
    const unscoped = first.headers.get('x-subject-token') ?? '';
    const listed = await http.call({
      method: 'GET',
      path: `${credential.path}/v3/auth/projects`,
      signal,
      headers: { 'x-auth-token': unscoped },
    });
    if (listed.status === 401) throw invalidCredentials(listed);
    const projects = asRecords(
      listed.status === 200
        ? json(listed).projects
        : (await get('/v3/OS-FEDERATION/projects', unscoped, signal)).projects,
    );
    const { project } = login;
    const chosen =
      project === undefined ? projects[0] : projects.find((known) => known.name === project || known.id === project);
    if (chosen === undefined) {
      throw new ImError(
        'provider',
        project === undefined
          ? 'The identity provider gives this user no project.'
          : `Project ${project} not found: the user's projects are ${projects.map(({ name }) => asText(name)).join(', ') || 'none'}.`,
      );
    }
    return v3(
      {
        identity: { methods: ['token'], token: { id: unscoped } },
        scope: { project: { id: asText(chosen.id) } },
      },
      signal,
    );
  };

  const voms = async (project: string, signal: AbortSignal): Promise<Token> => {
    let tenantName = project;
    if (tenantName === '') {
      const unscoped = await v2({ voms: true }, signal);
      const [first] = asRecords((await get('/v2.0/tenants', unscoped.id, signal)).tenants);
      tenantName = asText(first?.name);
    }
    return v2({ voms: true, tenantName }, signal);
  };

  const login = async (signal: AbortSignal): Promise<Token> => {
    const { login } = credential;
    switch (login.kind) {
      case 'token':
        return { id: login.token, expiresAt: Number.POSITIVE_INFINITY, projectId: '', userId: '', catalog: [] };
      case 'application-credential':
        return v3(
          {
            identity: {
              methods: ['application_credential'],
              application_credential: { id: login.id, secret: login.secret },
            },
          },
          signal,
        );
      case 'federated':
        return federated(login, signal);
      case 'voms':
        return voms(login.project, signal);
      case 'password':
        if (login.isLegacy && !(await hasVersion3(signal))) {
          const { username, password, project } = login;
          return v2({ passwordCredentials: { username, password }, tenantName: project }, signal);
        }
        return v3(passwordAuth(login), signal);
    }
  };

  return {
    login,
    userProjects: async (token, signal) =>
      asRecords((await get(`/v3/users/${encodeURIComponent(token.userId)}/projects`, token.id, signal)).projects),
  };
}

function passwordAuth(login: Extract<Login, { kind: 'password' }>): object {
  const { username, password, userDomain, project, projectDomainId } = login;
  return {
    identity: { methods: ['password'], password: { user: { domain: { name: userDomain }, name: username, password } } },
    scope: { project: { domain: { id: projectDomainId }, name: project } },
  };
}

function invalidCredentials(answer: HttpAnswer): ImError {
  const { message, details } = refusal(answer, 'identity');
  return new ImError('provider', `'Invalid credentials with the provider': ${message}`, {
    ...(details && { details }),
  });
}

function tokenV3(id: string, token: JsonRecord, now: number): Token {
  const catalog = asRecords(token.catalog).flatMap((service) =>
    asRecords(service.endpoints).map(
      (endpoint): CatalogEndpoint => ({
        type: asText(service.type),
        name: asText(service.name),
        interface: asText(endpoint.interface),
        region: asText(endpoint.region) || asText(endpoint.region_id),
        url: asText(endpoint.url),
      }),
    ),
  );
  return {
    id,
    expiresAt: endOf(token.expires_at, now),
    projectId: asText(asRecord(token.project).id),
    userId: asText(asRecord(token.user).id),
    catalog,
  };
}

function tokenV2(access: JsonRecord, name: string, now: number): Token {
  const token = asRecord(access.token);
  const id = asText(token.id);
  if (id === '') throw new ImError('provider', `${name} gave no token.`);
  const catalog = asRecords(access.serviceCatalog).flatMap((service) =>
    asRecords(service.endpoints).map(
      (endpoint): CatalogEndpoint => ({
        type: asText(service.type),
        name: asText(service.name),
        interface: 'public',
        region: asText(endpoint.region),
        url: asText(endpoint.publicURL),
      }),
    ),
  );
  return {
    id,
    expiresAt: endOf(token.expires, now),
    projectId: asText(asRecord(token.tenant).id),
    userId: asText(asRecord(access.user).id),
    catalog,
  };
}

function endOf(text: unknown, now: number): number {
  const end = Date.parse(asText(text));
  return Number.isNaN(end) ? now + UNSTATED_LIFE_MS : end;
}
