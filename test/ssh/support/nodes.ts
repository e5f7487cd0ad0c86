// SPDX-License-Identifier: Apache-2.0
// Real nodes for tests: containers with their own sshd, users and host keys, on networks that only tests use.
import { execFile } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { Context } from 'mocha';
import { publicKeyOf } from '../../../src/ssh/index.js';
import { poll } from '../../../src/util/deadline.js';

const execFileAsync = promisify(execFile);

const IMAGE = 'im-node:latest';

/** Password of `pwuser`. */
export const NODE_PASSWORD = 'pw-Old.7';

/** Runs the docker client; the answer is its standard output. */
export async function docker(...args: readonly string[]): Promise<string> {
  const { stdout } = await execFileAsync('docker', [...args], { maxBuffer: 16 * 1024 * 1024, timeout: 300_000 });
  return stdout.trim();
}

/** Skips the suite, loudly, where no engine or no node image is; an error where all peers are demanded. */
export async function requireNodes(context: Context): Promise<void> {
  try {
    await docker('image', 'inspect', '--format', '{{.Id}}', IMAGE);
  } catch (error) {
    const reason = `no container engine with the image ${IMAGE} (scripts/node-image.sh makes it): ${error}`;
    if (process.env.IM_TEST_PEERS === 'all') throw new Error(reason);
    console.warn(`\n    SKIPPED, NOT TESTED: ${reason}\n`);
    context.skip();
  }
}

/** How a node starts. */
export interface NodeOptions {
  /** Only on the private network: no way in from here. */
  readonly isPrivate?: boolean;
  /** Only on the public network: private nodes cannot be reached from it. */
  readonly isPublicOnly?: boolean;
  /** Seconds until sshd listens. */
  readonly bootDelay?: number;
  /** Lets the node set its own host name. */
  readonly canSetHostName?: boolean;
  /** Lets the node's own network be changed from inside. */
  readonly canChangeNetwork?: boolean;
  /** Gives it the block devices of this host. */
  readonly seesDevices?: boolean;
  /** Shell commands before sshd starts. */
  readonly prepare?: string;
}

/** A running node. Users: `imuser` (key, free sudo), `pwuser` (password, sudo asks), `root` (key). */
export interface TestNode {
  readonly name: string;
  /** Address on the public network; on the private one for a private node. */
  readonly ip: string;
  /** Address on the private network. */
  readonly privateIp: string;
  /** Runs a shell command as root inside. */
  run(command: string): Promise<string>;
  /** Power off, the disk stays. */
  stop(): Promise<void>;
}

/** A set of nodes with two networks of its own. */
export interface TestBed {
  /** Key of `imuser` and `root`. */
  readonly privateKey: string;
  readonly publicKey: string;
  start(options?: NodeOptions): Promise<TestNode>;
  /** Removes everything. */
  close(): Promise<void>;
}

/** Loop devices (7) and their partitions (259), to format and to mount. */
const DEVICE_RIGHTS = [
  ...['--volume', '/dev:/dev', '--cap-add', 'SYS_ADMIN', '--security-opt', 'apparmor=unconfined'],
  ...['--device-cgroup-rule', 'b 7:* rwm', '--device-cgroup-rule', 'b 259:* rwm'],
];

const START = `
useradd -m -s /bin/bash imuser; useradd -m -s /bin/bash pwuser
printf 'pwuser:%s\\n' "$NODE_PASSWORD" | chpasswd
printf 'imuser ALL=(ALL) NOPASSWD:ALL\\n' >/etc/sudoers.d/imuser
printf 'pwuser ALL=(ALL) ALL\\n' >/etc/sudoers.d/pwuser
for home in /root /home/imuser; do
  mkdir -p $home/.ssh; printf '%s\\n' "$NODE_KEY" >$home/.ssh/authorized_keys; chmod 700 $home/.ssh; chmod 600 $home/.ssh/authorized_keys
done
chown -R imuser:imuser /home/imuser/.ssh
mkdir -p /run/sshd; ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key </dev/null >/dev/null 2>&1
unset NODE_PASSWORD NODE_KEY
eval "$NODE_PREPARE"
sleep "$NODE_BOOT_DELAY"
exec /usr/sbin/sshd -D -e -h /etc/ssh/ssh_host_ed25519_key -o UseDNS=no -o PasswordAuthentication=yes`;

/** Makes the networks; nodes are started one by one. */
export async function createTestBed(): Promise<TestBed> {
  const id = `im-test-${randomBytes(4).toString('hex')}`;
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const publicKey = `${publicKeyOf(privateKey)} test`;
  const [publicNet, privateNet] = [`${id}-pub`, `${id}-priv`];
  const names: string[] = [];
  await docker('network', 'create', '--internal', publicNet);
  // Without an address for the host on the bridge there is no way into a private node but through another node.
  await docker('network', 'create', '--internal', '-o', 'com.docker.network.bridge.inhibit_ipv4=true', privateNet);

  const addressOn = (name: string, network: string): Promise<string> =>
    docker('inspect', '--format', `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`, name);

  const start = async (options: NodeOptions = {}): Promise<TestNode> => {
    const name = `${id}-${names.length}`;
    names.push(name);
    const network = options.isPrivate ? privateNet : publicNet;
    const environment = {
      NODE_PASSWORD,
      NODE_KEY: publicKey,
      NODE_PREPARE: options.prepare ?? ':',
      NODE_BOOT_DELAY: String(options.bootDelay ?? 0),
    };
    await docker(
      'run',
      '--detach',
      '--init',
      '--name',
      name,
      '--network',
      network,
      '--stop-timeout',
      '1',
      ...(options.canSetHostName ? ['--cap-add', 'SYS_ADMIN'] : []),
      ...(options.canChangeNetwork ? ['--cap-add', 'NET_ADMIN'] : []),
      ...(options.seesDevices ? DEVICE_RIGHTS : []),
      ...Object.entries(environment).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
      IMAGE,
      '/bin/sh',
      '-c',
      START,
    );
    const isBoth = !options.isPrivate && !options.isPublicOnly;
    if (isBoth) await docker('network', 'connect', privateNet, name);
    const ip = await addressOn(name, network);
    const privateIp = isBoth ? await addressOn(name, privateNet) : ip;
    return {
      name,
      ip,
      privateIp,
      run: (command) => docker('exec', name, 'sh', '-c', command),
      stop: async () => {
        await docker('kill', name);
      },
    };
  };

  return {
    privateKey,
    publicKey,
    start,
    close: async () => {
      if (names.length > 0) await docker('rm', '--force', '--volumes', ...names);
      for (const network of [publicNet, privateNet]) await removeNetwork(network);
    },
  };
}

/** A busy engine still counts nodes that are gone already; it may do so until it is started again, and then the network is all that stays. */
async function removeNetwork(network: string): Promise<void> {
  try {
    await poll({ timeoutMs: 30_000, intervalMs: 200, what: `the end of the network ${network}` }, async () => {
      const isGone = await docker('network', 'rm', network).catch(() => undefined);
      return isGone === undefined ? undefined : true;
    });
  } catch (error) {
    const attached = await docker('network', 'inspect', '--format', '{{json .Containers}}', network);
    if (attached !== '{}') throw error;
    console.warn(`    LEFT BEHIND: network ${network}, of which the engine still counts a node although it has none`);
  }
}
