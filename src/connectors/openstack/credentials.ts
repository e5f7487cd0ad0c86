// SPDX-License-Identifier: Apache-2.0
// From an authorization item to a Keystone login and the places of the services (openstack.md §1).
import { badRequest, type CloudCredential } from '../../domain/index.js';
import { incompleteAuthData } from '../shared/cloud-errors.js';
import { isSwitchedOff } from '../shared/switched-off.js';

/** The services that the connector calls. */
export type ServiceName = 'compute' | 'network' | 'image' | 'volume';

/** How to log in. */
export type Login =
  /** `isLegacy`: the item asks for Keystone v2, which is used only where there is no v3. */
  | {
      readonly kind: 'password';
      readonly username: string;
      readonly password: string;
      readonly userDomain: string;
      readonly project: string;
      readonly projectDomainId: string;
      readonly isLegacy: boolean;
    }
  | { readonly kind: 'application-credential'; readonly id: string; readonly secret: string }
  /** An access token of an identity provider that Keystone trusts. */
  | {
      readonly kind: 'federated';
      readonly provider: string;
      readonly protocol: string;
      readonly accessToken: string;
      /** Name or id; absent: the first one. */
      readonly project?: string;
    }
  /** A VOMS proxy as TLS client certificate (Keystone v2). */
  | { readonly kind: 'voms'; readonly proxy: string; readonly project: string }
  | { readonly kind: 'token'; readonly token: string };

/** A cloud account. */
export interface OpenStackCredential {
  /** `http://host:port` or `https://host:port` of Keystone. */
  readonly origin: string;
  /** Path before `/v3`, without `/` at its end. */
  readonly path: string;
  readonly isTlsVerified: boolean;
  readonly login: Login;
  readonly region?: string;
  /** Endpoints that replace the catalogue's. */
  readonly endpoints: Readonly<Partial<Record<ServiceName, string>>>;
  /** Replace the type and name that the catalogue is searched for. */
  readonly serviceType?: string;
  readonly serviceName?: string;
  /** Asked microversion by service, for example compute -> 2.79. */
  readonly microversions: ReadonlyMap<string, string>;
  /** Project id for quotas, when the item names one. */
  readonly projectId?: string;
  readonly vo?: string;
}

const NEEDED = 'username, password and tenant or proxy';

/**
 * Reads the item.
 * @param isVerifiedByDefault VERIFI_SSL; `verify = false` in the item switches the check off for this cloud
 * @throws ImError `bad-request` when something is missing or of an unknown kind
 */
export function openStackCredential(cloud: CloudCredential, isVerifiedByDefault: boolean): OpenStackCredential {
  const { item } = cloud;
  if (cloud.server === '') throw incompleteAuthData('OpenStack', 'host');
  const protocol = cloud.protocol === '' ? 'http' : cloud.protocol;
  if (protocol !== 'http' && protocol !== 'https') {
    throw badRequest(
      `The host of OpenStack cloud ${cloud.id} starts with ${protocol}://; give the http:// or https:// address of Keystone.`,
    );
  }
  const host = cloud.server.includes(':') ? `[${cloud.server}]` : cloud.server;
  const port = cloud.port === -1 ? (protocol === 'https' ? 443 : 80) : cloud.port;
  const serviceName = item.service_name === 'None' ? '' : item.service_name;
  return {
    origin: `${protocol}://${host}:${port}`,
    path: cloud.path.replace(/\/+$/, '').replace(/\/v(3|2\.0)$/, ''),
    isTlsVerified: isVerifiedByDefault && !isSwitchedOff(item.verify),
    login: loginOf(cloud),
    endpoints: given({
      compute: item.base_url,
      network: item.network_url,
      image: item.image_url,
      volume: item.volume_url,
    }),
    microversions: microversionsOf(item.microversion),
    ...given({
      region: item.service_region,
      serviceType: item.service_type,
      serviceName,
      projectId: item.tenant_id,
      vo: item.vo,
    }),
  };
}

function loginOf({ id, item }: CloudCredential): Login {
  const { username = '', password = '', tenant = '', proxy = '', auth_token: token = '' } = item;
  if (token !== '') {
    if ((item.base_url ?? '') === '') {
      throw badRequest(
        `OpenStack cloud ${id} has an auth_token without base_url: name the address of the compute service.`,
      );
    }
    return { kind: 'token', token };
  }
  if (proxy !== '') return { kind: 'voms', proxy: proxy.replaceAll('\\n', '\n'), project: tenant };
  const version = item.auth_version || '2.0_password';
  if (username === '' || password === '') throw incompleteAuthData('OpenStack', NEEDED);
  if (version === '3.x_appcred') return { kind: 'application-credential', id: username, secret: password };
  if (tenant === '') throw incompleteAuthData('OpenStack', NEEDED);
  if (version === '3.x_oidc_access_token') {
    const { domain = '' } = item;
    return {
      kind: 'federated',
      provider: username,
      protocol: tenant,
      accessToken: password,
      ...(domain !== '' && domain !== 'Default' && { project: domain }),
    };
  }
  if (version === '2.0_voms') throw incompleteAuthData('OpenStack', 'proxy');
  if (!PASSWORD_VERSIONS.has(version)) {
    throw badRequest(
      `OpenStack cloud ${id} has auth_version '${version}'; use 3.x_password, 3.x_appcred or 3.x_oidc_access_token.`,
    );
  }
  return {
    kind: 'password',
    username,
    password,
    userDomain: item.domain === undefined || item.domain === '' ? 'Default' : item.domain,
    project: tenant,
    projectDomainId:
      item.tenant_domain_id === undefined || item.tenant_domain_id === '' ? 'default' : item.tenant_domain_id,
    isLegacy: !version.startsWith('3'),
  };
}

const PASSWORD_VERSIONS: ReadonlySet<string> = new Set([
  '2.0_password',
  '3.x_password',
  '1.0',
  '1.1',
  '2.0',
  '2.0_apikey',
]);

/** `2.79` is the compute service's; `<service> 2.79` names another one. */
function microversionsOf(text = ''): ReadonlyMap<string, string> {
  const words = text.trim().split(/\s+/);
  const [first = '', second] = words;
  if (first === '') return new Map();
  return second === undefined ? new Map([['compute', first]]) : new Map([[first, second]]);
}

/** The entries that are there and not empty. */
function given<Key extends string>(values: Readonly<Record<Key, string | undefined>>): Partial<Record<Key, string>> {
  const entries = Object.entries<string | undefined>(values).filter(([, value]) => value !== undefined && value !== '');
  return Object.fromEntries(entries) as Partial<Record<Key, string>>;
}
