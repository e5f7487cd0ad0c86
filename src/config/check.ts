// SPDX-License-Identifier: Apache-2.0
// Looks for what a well-formed configuration can still have wrong: what --check-config reports and a start refuses.
import { dirname } from 'node:path';
import { parseCidr, parseIp } from '../util/ip.js';
import { maskUrls } from '../util/mask-url.js';
import { nearestName } from '../util/nearest-name.js';
import type { Config } from './config.js';
import { databaseKind, sqliteFile } from './database-url.js';

/** How the check looks at the machine; injected, so that the check itself is pure. */
export interface FileProbes {
  isReadableFile(path: string): boolean;
  /** Whether the directory exists and files can be made in it. */
  isWritableDirectory(path: string): boolean;
  /** Whether the directory exists or can be made. */
  canMakeDirectory(path: string): boolean;
  isDirectory(path: string): boolean;
  /** Whether users of this machine may read the file whom it does not concern. */
  isReadableByOthers(path: string): boolean;
}

/** One finding: an error keeps the daemon from starting or from doing what the option says, a warning does not. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  /** Canonical name of the option in question. */
  readonly option: string;
  /** A sentence with the remedy, to be shown behind the name of the option. */
  readonly message: string;
  /** The configuration is right, but this machine lacks what it names. */
  readonly isOfMachine?: true;
}

/** Names of hosts are shorter. It stands in columns of 255 characters, together with other things. */
const LONGEST_NODE_NAME = 200;

const error = (option: string, message: string): Finding => ({ severity: 'error', option, message });
const lacking = (option: string, message: string): Finding => ({ ...error(option, message), isOfMachine: true });
const warning = (option: string, message: string): Finding => ({ severity: 'warning', option, message });
const when = (condition: boolean, finding: () => Finding): readonly Finding[] => (condition ? [finding()] : []);

/** Whether two listeners on one port get in each other's way. */
function sameEndpoint(config: Config): boolean {
  const addresses = [config.restAddress, config.xmlrpcAddress];
  const anyAddress = addresses.some((address) => address === '0.0.0.0' || address === '::');
  return (
    config.restPort === config.xmlrpcPort &&
    config.restPort !== 0 &&
    (anyAddress || config.restAddress === config.xmlrpcAddress)
  );
}

function checkApis(config: Config, probes: FileProbes): readonly Finding[] {
  const tls = [
    {
      api: 'REST',
      prefix: 'REST',
      isOn: config.activateRest && config.restSsl,
      key: config.restSslKeyfile,
      certificate: config.restSslCertfile,
      authorities: config.restSslCaCerts,
    },
    {
      api: 'XML-RPC',
      prefix: 'XMLRCP',
      isOn: config.activateXmlrpc && config.xmlrpcSsl,
      key: config.xmlrpcSslKeyfile,
      certificate: config.xmlrpcSslCertfile,
      authorities: config.xmlrpcSslCaCerts,
    },
  ];
  const unreadable = (option: string, api: string, path: string): Finding =>
    lacking(option, `${path || 'The empty path'} cannot be read, and the ${api} API shall use TLS.`);
  return [
    ...when(!config.activateRest && !config.activateXmlrpc, () =>
      error('ACTIVATE_REST', 'ACTIVATE_REST and ACTIVATE_XMLRPC are both off: nothing would be served. Switch one on.'),
    ),
    ...when(config.activateRest && config.activateXmlrpc && sameEndpoint(config), () =>
      error('XMLRCP_PORT', `REST_PORT and XMLRCP_PORT are both ${config.restPort}; give one of them another port.`),
    ),
    ...tls
      .filter(({ isOn }) => isOn)
      .flatMap(({ api, prefix, key, certificate, authorities }) => [
        ...when(!probes.isReadableFile(key), () => unreadable(`${prefix}_SSL_KEYFILE`, api, key)),
        ...when(!probes.isReadableFile(certificate), () => unreadable(`${prefix}_SSL_CERTFILE`, api, certificate)),
        ...when(authorities !== '' && !probes.isReadableFile(authorities), () =>
          warning(`${prefix}_SSL_CA_CERTS`, `${authorities} cannot be read and is left out.`),
        ),
      ]),
    ...when(!config.restRootPath.startsWith('/'), () =>
      error('REST_ROOT_PATH', `REST_ROOT_PATH must begin with "/", not be ${JSON.stringify(config.restRootPath)}.`),
    ),
    ...when(config.serviceUrl !== '' && !isWebUrl(config.serviceUrl), () =>
      error('SERVICE_URL', `${JSON.stringify(maskUrls(config.serviceUrl))} is no http(s) URL.`),
    ),
    ...when(config.staticFilesDir !== '' && !probes.isDirectory(config.staticFilesDir), () =>
      warning('STATIC_FILES_DIR', `There is no directory ${config.staticFilesDir}.`),
    ),
  ];
}

/** Whether the URL can be cut in one way only: a password with a bare "/" leaves an "@" in what looks like the path. */
function isWellFormed(databaseUrl: string): boolean {
  const withOneHost = databaseUrl.replace(/@[^@/]*,[^@/]*/, '@hosts');
  return URL.canParse(withOneHost) && !new URL(withOneHost).pathname.includes('@');
}

function checkDatabase(config: Config, probes: FileProbes): readonly Finding[] {
  const kind = databaseKind(config.dataDb);
  if (kind === undefined) {
    const scheme = config.dataDb.slice(0, config.dataDb.indexOf('://'));
    const meant = nearestName(scheme, ['sqlite', 'mysql', 'postgresql', 'mongodb']);
    const hint = meant === undefined ? 'Use sqlite, mysql, postgresql or mongodb.' : `Did you mean ${meant}?`;
    return [error('DATA_DB', `${scheme} is not a kind of database that is known. ${hint}`)];
  }
  const file = sqliteFile(config.dataDb);
  if (file === undefined) {
    return [
      ...when(config.backupDir !== '', () =>
        warning(
          'BACKUP_DIR',
          'BACKUP_DIR has an effect only with SQLite; make backups with the tools of the database.',
        ),
      ),
      ...when(!isWellFormed(config.dataDb), () =>
        warning('DATA_DB', `${maskUrls(config.dataDb)} is not a well-formed URL; percent-encode its password.`),
      ),
    ];
  }
  if (file === '') return [error('DATA_DB', 'The URL names no file; write sqlite:///path/of/file.')];
  const directory = dirname(file);
  return [
    ...when(!probes.isWritableDirectory(directory), () =>
      lacking('DATA_DB', `Directory ${directory} does not exist or cannot be written; make it or name another.`),
    ),
    ...when(config.backupDir !== '' && !probes.canMakeDirectory(config.backupDir), () =>
      warning('BACKUP_DIR', `Directory ${config.backupDir} can be neither written nor made: there will be no backups.`),
    ),
  ];
}

function checkFiles(config: Config, probes: FileProbes): readonly Finding[] {
  const logsToFile = config.logFile !== '' && config.logFile !== '-';
  return [
    ...when(config.userDb !== '' && !probes.isReadableFile(config.userDb), () =>
      warning('USER_DB', `${config.userDb} cannot be read, so every user with a password would be refused.`),
    ),
    ...when(config.userDb !== '' && probes.isReadableByOthers(config.userDb), () =>
      warning('USER_DB', `Every user of this machine may read the passwords in ${config.userDb}. Give it mode 640.`),
    ),
    ...when(logsToFile && !probes.canMakeDirectory(dirname(config.logFile)), () =>
      lacking('LOG_FILE', `Directory ${dirname(config.logFile)} can be neither written nor made.`),
    ),
    ...when(!probes.isDirectory(config.contextualizationDir), () =>
      warning(
        'CONTEXTUALIZATION_DIR',
        `There is no directory ${config.contextualizationDir}; machines cannot be configured.`,
      ),
    ),
  ];
}

function checkNetworks(config: Config): readonly Finding[] {
  const lists = [
    ['PRIVATE_NET_MASKS', config.privateNetMasks],
    ['TRUSTED_PROXIES', config.trustedProxies],
    ['FETCH_ALLOWED_NETS', config.fetchAllowedNets],
  ] as const;
  return lists.flatMap(([option, networks]) =>
    networks
      .filter((network) => !parseCidr(network) && !parseIp(network))
      .map((network) => error(option, `${JSON.stringify(network)} is no network; write 10.0.0.0/8.`)),
  );
}

/** Names that somebody else could take without knowing anything. */
function administratorsWithoutPassword({ adminUsers }: Config): readonly Finding[] {
  return adminUsers
    .filter(({ password = '' }) => password === '')
    .map(({ username }) =>
      error(
        'ADMIN_USER',
        `${JSON.stringify(username)} has no password, so anybody could act as administrator. Give one.`,
      ),
    );
}

const isWebUrl = (text: string): boolean => /^https?:\/\//i.test(text) && URL.canParse(text);

function checkIdentity(config: Config): readonly Finding[] {
  const { oidcClientId, oidcClientSecret, oidcIssuers } = config;
  return [
    ...oidcIssuers
      .filter((issuer) => !isWebUrl(issuer))
      .map((issuer) => error('OIDC_ISSUERS', `${JSON.stringify(maskUrls(issuer))} is no http(s) URL.`)),
    ...oidcIssuers
      .filter((issuer) => config.verifySsl && /^http:\/\/(?!localhost[:/]|127\.|\[::1\])/i.test(`${issuer}/`))
      .map((issuer) =>
        warning(
          'OIDC_ISSUERS',
          `${maskUrls(issuer)} would be asked without TLS, which is refused: use https, or switch VERIFI_SSL off.`,
        ),
      ),
    ...administratorsWithoutPassword(config),
    ...when((oidcClientId === '') !== (oidcClientSecret === ''), () =>
      warning('OIDC_CLIENT_ID', 'OIDC_CLIENT_ID and OIDC_CLIENT_SECRET have an effect only together; set both.'),
    ),
    ...when(oidcClientId !== '' && oidcClientSecret !== '' && oidcIssuers.length !== 1, () =>
      warning('OIDC_CLIENT_ID', 'Tokens are introspected only with exactly one OIDC_ISSUERS.'),
    ),
    ...when(config.forceOidcAuth && oidcIssuers.length === 0, () =>
      error('FORCE_OIDC_AUTH', 'FORCE_OIDC_AUTH is on without any OIDC_ISSUERS: nobody could enter. Name an issuer.'),
    ),
    ...when(config.vaultUrl !== '' && !isWebUrl(config.vaultUrl), () =>
      error('VAULT_URL', `${JSON.stringify(maskUrls(config.vaultUrl))} is no http(s) URL.`),
    ),
    ...when(config.vaultUrl === '' && (config.vaultPath !== '' || config.vaultRole !== ''), () =>
      warning('VAULT_URL', 'VAULT_PATH and VAULT_ROLE have no effect without VAULT_URL.'),
    ),
    ...when(config.singleSite && (config.singleSiteType === '' || config.singleSiteAuthHost === ''), () =>
      error('SINGLE_SITE', 'SINGLE_SITE needs SINGLE_SITE_TYPE and SINGLE_SITE_AUTH_HOST.'),
    ),
    ...when(!config.verifySsl, () =>
      warning('VERIFI_SSL', 'VERIFI_SSL is off: the certificates of clouds and identity providers are not checked.'),
    ),
  ];
}

function checkLimits(config: Config): readonly Finding[] {
  const perCloud = config.maxSimultaneousLaunchesPerCloud;
  return [
    ...when(config.vmInfoUpdateErrorGracePeriod <= config.vmInfoUpdateFrequency, () =>
      warning(
        'VM_INFO_UPDATE_ERROR_GRACE_PERIOD',
        'VM_INFO_UPDATE_ERROR_GRACE_PERIOD must be longer than VM_INFO_UPDATE_FREQUENCY, or healthy machines turn unknown.',
      ),
    ),
    ...when(perCloud > config.maxSimultaneousLaunches, () =>
      warning(
        'MAX_SIMULTANEOUS_LAUNCHES_PER_CLOUD',
        'MAX_SIMULTANEOUS_LAUNCHES_PER_CLOUD is larger than MAX_SIMULTANEOUS_LAUNCHES, which limits it.',
      ),
    ),
    ...when(config.nodeName.length > LONGEST_NODE_NAME, () =>
      error(
        'NODE_NAME',
        `NODE_NAME has ${config.nodeName.length} characters; give the daemon a name of at most ${LONGEST_NODE_NAME}.`,
      ),
    ),
    ...when(!config.remoteConfDir.startsWith('/'), () =>
      error(
        'REMOTE_CONF_DIR',
        `REMOTE_CONF_DIR must be an absolute path, not ${JSON.stringify(config.remoteConfDir)}.`,
      ),
    ),
  ];
}

/** All findings about the configuration on this machine; none means that it is fine. */
export function checkConfig(config: Config, probes: FileProbes): readonly Finding[] {
  return [
    ...checkApis(config, probes),
    ...checkDatabase(config, probes),
    ...checkFiles(config, probes),
    ...checkNetworks(config),
    ...checkIdentity(config),
    ...checkLimits(config),
  ];
}
