// SPDX-License-Identifier: Apache-2.0
// Options of the data, the users and the limits of the service (configuration.md §2.1).
import { readAdminUsers } from '../admin-users.js';
import { secretsKeyBeside } from '../database-url.js';
import { active, boolean, choice, derived, example, integer, list, structured, text } from '../option.js';
import { formatUrlMirrors, readUrlMirrors } from '../url-mirrors.js';

export const serviceOptions = {
  dataDb: text({
    name: 'DATA_DB',
    aliases: ['DB_URL'],
    unit: 'database URL',
    default: 'sqlite:///etc/im/inf.dat',
    emptyMeansDefault: true,
    help:
      'Database that holds the infrastructures: sqlite:///path/of/file, mysql://user:password@host[:port]/database, ' +
      'postgresql://user:password@host[:port]/database or mongodb://user:password@host1,host2/database?options. ' +
      'Write special characters of the password percent-encoded. DB_URL is the same option; DATA_DB wins.',
    shipped: active('sqlite:///etc/im/inf.dat'),
  }),
  secretsKeyFile: text({
    name: 'SECRETS_KEY_FILE',
    unit: 'path',
    default: derived('im-secrets.key beside an SQLite database, otherwise /etc/im/im-secrets.key', (context) =>
      secretsKeyBeside(context.databaseUrl),
    ),
    emptyMeansDefault: true,
    help:
      'File with the key that seals the secrets stored in the database. It is made at the first start. Keep a copy ' +
      'apart from the backups of the database; all daemons on one database need the same key.',
  }),
  userDb: text({
    name: 'USER_DB',
    unit: 'path',
    default: '',
    help:
      'JSON file {"users": [{"username": "u", "password": "p"}]} with the users that may enter with a password; read ' +
      'again at each use. Empty: any user name is accepted.',
    shipped: example('/etc/im/users.json'),
  }),
  adminUsers: structured({
    name: 'ADMIN_USER',
    type: 'JSON',
    must: 'a JSON object {"username": "...", "password": "..."} or an array of such objects',
    default: [],
    isSecret: true,
    read: readAdminUsers,
    format: (users) => (users.length === 0 ? '' : JSON.stringify(users)),
    help:
      'Administrators, who see and manage the infrastructures of everybody: a JSON object or an array of them. For an ' +
      'OIDC user the username is __OPENID__ and the name, the password is the issuer with a final slash and the subject.',
    shipped: example('{"username": "admin", "password": "change me"}'),
  }),
  maxSimultaneousLaunches: integer({
    name: 'MAX_SIMULTANEOUS_LAUNCHES',
    unit: 'virtual machines',
    default: 1,
    min: 1,
    help:
      'Virtual machines that the daemon launches, deletes, starts or stops at the same time. 1 does one after another ' +
      'in the order of their ids.',
    shipped: active('5'),
  }),
  maxSimultaneousLaunchesPerCloud: integer({
    name: 'MAX_SIMULTANEOUS_LAUNCHES_PER_CLOUD',
    unit: 'virtual machines',
    default: 0,
    min: 0,
    help: 'The same limit for each cloud credential, within MAX_SIMULTANEOUS_LAUNCHES. 0: no limit of its own.',
  }),
  maxVmFails: integer({
    name: 'MAX_VM_FAILS',
    unit: 'attempts',
    default: 3,
    min: 1,
    help: 'Attempts to launch a virtual machine before it counts as failed.',
  }),
  maxVmsPerRequest: integer({
    name: 'MAX_VMS_PER_REQUEST',
    unit: 'virtual machines',
    default: 10_000,
    min: 1,
    help: 'Virtual machines that one request may deploy; more are refused with 400 before anything is done.',
  }),
  delayBetweenVmRetries: integer({
    name: 'DELAY_BETWEEN_VM_RETRIES',
    unit: 'seconds',
    default: 5,
    min: 0,
    help: 'Pause between two attempts to launch a virtual machine.',
  }),
  vmInfoUpdateFrequency: integer({
    name: 'VM_INFO_UPDATE_FREQUENCY',
    unit: 'seconds',
    default: 10,
    min: 0,
    help: 'Age at which what is known about a virtual machine is asked from its cloud again.',
  }),
  vmInfoUpdateErrorGracePeriod: integer({
    name: 'VM_INFO_UPDATE_ERROR_GRACE_PERIOD',
    unit: 'seconds',
    default: 120,
    min: 0,
    help:
      'Time without a successful answer of its cloud after which the state of a virtual machine is "unknown". Must be ' +
      'longer than VM_INFO_UPDATE_FREQUENCY.',
  }),
  waitRunningVmTimeout: integer({
    name: 'WAIT_RUNNING_VM_TIMEOUT',
    unit: 'seconds',
    default: 1800,
    min: 1,
    help: 'Time that a virtual machine may take to reach the state "running".',
  }),
  waitSshAccessTimeout: integer({
    name: 'WAIT_SSH_ACCCESS_TIMEOUT',
    aliases: ['WAIT_SSH_ACCESS_TIMEOUT'],
    unit: 'seconds',
    default: 300,
    min: 1,
    help: 'Time that a running virtual machine may take to accept SSH connections.',
  }),
  waitPublicIpTimeout: integer({
    name: 'WAIT_PUBLIC_IP_TIMEOUT',
    unit: 'seconds',
    default: 90,
    min: 0,
    help: 'Time that a virtual machine may take to get its public address.',
  }),
  bootMode: integer({
    name: 'BOOT_MODE',
    default: 0,
    min: 0,
    max: 2,
    help: 'Which calls are served: 0 all, 1 only those that read, 2 those that read or delete.',
  }),
  infCacheTime: integer({
    name: 'INF_CACHE_TIME',
    unit: 'seconds',
    default: 0,
    min: 0,
    help:
      'Accepted from configurations of grycap/im: longest age of what a daemon shows of an infrastructure that another one ' +
      'may have changed. Any value is kept: every call reads the database, nothing is ever shown from memory.',
    shipped: example('3600'),
  }),
  staticFilesDir: text({
    name: 'STATIC_FILES_DIR',
    unit: 'path',
    default: '',
    help: 'Directory whose files GET /static/{file} serves. Empty: none.',
    shipped: example('/usr/share/im/static-files'),
  }),
  nodeName: text({
    name: 'NODE_NAME',
    default: derived('the name of the host', (context) => context.hostName),
    emptyMeansDefault: true,
    help:
      'Name of this daemon among those that share the database. It must differ from the others: a daemon whose name ' +
      'another living one has ends at its start and says so. A daemon that starts again keeps its name, and goes on with ' +
      'what it was working on.',
  }),
  leaseSeconds: integer({
    name: 'LEASE_SECONDS',
    unit: 'seconds',
    default: 20,
    min: 5,
    help:
      'Time after which another daemon takes over the infrastructures of one that has died. Shorter means a quicker ' +
      'take-over and more writes.',
  }),
  shutdownGraceSeconds: integer({
    name: 'SHUTDOWN_GRACE_SECONDS',
    unit: 'seconds',
    default: 8,
    min: 0,
    help:
      'Time that accepted operations, and the calls that wait for them, get when the daemon is told to stop; then they ' +
      'are parked. Service managers must wait 2 s longer before they kill.',
  }),
  shutdownDrainSeconds: integer({
    name: 'SHUTDOWN_DRAIN_SECONDS',
    unit: 'seconds',
    default: 3,
    min: 0,
    help:
      'Time for which the daemon goes on serving after GET /ready has begun to say that it stops, so that a proxy sends ' +
      'no request to a closed door. A part of SHUTDOWN_GRACE_SECONDS; left out when nobody has asked /ready for 30 s.',
  }),
  maxConnections: integer({
    name: 'MAX_CONNECTIONS',
    unit: 'connections',
    default: 10_000,
    min: 1,
    help:
      'Connections that each API keeps open at the same time. Further ones are closed at once, and idle ones make room: so that ' +
      'the database and the machines always find a free descriptor.',
  }),
  maxRequestBodyBytes: integer({
    name: 'MAX_REQUEST_BODY_BYTES',
    unit: 'bytes',
    default: 20971520,
    min: 1024,
    help: 'Largest request body that the APIs accept; a larger one is answered with 413.',
  }),
  rateLimit: integer({
    name: 'RATE_LIMIT',
    unit: 'requests per minute',
    default: 0,
    min: 0,
    help:
      'Requests that a client address may send to an API in a minute; further ones are answered with 429. Behind a proxy name it in ' +
      'TRUSTED_PROXIES, so that its clients are told apart. GET /version, /health, /ready and /metrics are not counted. 0: no limit.',
  }),
  trustedProxies: list({
    name: 'TRUSTED_PROXIES',
    unit: 'addresses or networks (CIDR)',
    default: [],
    help: 'Peers whose X-Forwarded-Proto, -Host, -Port, -Prefix and -For headers are believed. Empty: any peer, as always.',
    shipped: example('127.0.0.1, 10.0.0.0/8'),
  }),
  metricsAllowed: choice({
    name: 'METRICS_ALLOWED',
    words: ['loopback', 'any', 'none'],
    default: 'loopback',
    help:
      'Who may read GET /metrics without credentials: loopback (only this host, and not through a proxy), any, or none ' +
      '(the route does not exist).',
  }),
  toscaTypesRemoteFirst: boolean({
    name: 'TOSCA_TYPES_REMOTE_FIRST',
    default: false,
    help:
      'Fetches the well-known TOSCA type files (grycap/tosca, grycap/ec3, indigo-dc/tosca-types) before falling back to ' +
      'the ones that come with the daemon. Off: the shipped ones answer, also without internet.',
  }),
  fetchAllowedNets: list({
    name: 'FETCH_ALLOWED_NETS',
    unit: 'networks (CIDR)',
    default: [],
    help:
      'Networks from which documents, types and recipes named in a TOSCA document may be fetched although they are ' +
      'loopback, private or link-local. Empty: public addresses only.',
    shipped: example('10.20.0.0/16'),
  }),
  urlMirrors: structured({
    name: 'URL_MIRRORS',
    type: 'list',
    unit: 'prefix=replacement',
    must: 'a list of prefix=replacement pairs of http or https URLs',
    default: [],
    read: readUrlMirrors,
    format: formatUrlMirrors,
    help: 'For sites without internet: URLs that begin with the prefix are fetched from the replacement instead.',
    shipped: example('https://raw.githubusercontent.com/=https://mirror.example.org/github/'),
  }),
  allowUnixSockets: boolean({
    name: 'ALLOW_UNIX_SOCKETS',
    default: true,
    help:
      'Users may name unix sockets of this host in their credentials, such as that of a Docker engine. Who reaches an engine rules ' +
      'its host: set False where not every user is an administrator of this host and the service may open such a socket.',
  }),
  maskVmCredentials: boolean({
    name: 'MASK_VM_CREDENTIALS',
    default: false,
    help:
      'Hides the passwords and private keys of virtual machines in what the APIs answer. False: owners see them, and ' +
      'clients such as the dashboard can offer the key for download.',
  }),
};
