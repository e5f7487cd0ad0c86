// SPDX-License-Identifier: Apache-2.0
// Looks into every process of a node while something runs there, and into every file afterwards, for texts that must not be there.
import { docker, type TestNode } from '../../../ssh/support/nodes.js';

/** Reads command lines and environments again and again until it is stopped. Processes of the test itself carry NODE_KEY. */
const WATCH = `
import os, sys, time
secrets = [line.rstrip(b'\\n') for line in open('/watch.secrets', 'rb') if line.strip()]
seen, rounds = set(), 0
while not os.path.exists('/watch.stop'):
    rounds += 1
    for pid in os.listdir('/proc'):
        if not pid.isdigit():
            continue
        for what in ('cmdline', 'environ'):
            try:
                with open('/proc/%s/%s' % (pid, what), 'rb') as f:
                    data = f.read()
            except OSError:
                continue
            if b'NODE_KEY=' in data:
                break
            if data and what == 'environ':
                seen.add('readable')
            for number, secret in enumerate(secrets):
                if secret in data:
                    with open('/proc/%s/cmdline' % pid, 'rb') as f:
                        seen.add('%s %d %s' % (what, number, f.read()[:60].replace(b'\\0', b' ').decode('utf-8', 'replace')))
    time.sleep(0.05)
with open(sys.argv[1], 'w') as f:
    f.write('\\n'.join(['rounds %d' % rounds] + sorted(seen)))
`;

/** A watch over some nodes. */
export interface SecretWatch {
  /** Ends it. Lines `<node> <where> <number of the secret> <process>`; with the first line of each watcher, which says that it watched. */
  stop(): Promise<{
    readonly found: readonly string[];
    readonly watchers: number;
    readonly readableEnvironments: number;
  }>;
}

/**
 * Begins to watch. In a container only a user himself may read the environments of his processes: root watches, and on each node the user
 * who is named.
 */
export async function watchSecrets(
  watched: readonly { readonly node: TestNode; readonly user: string }[],
  secrets: readonly string[],
): Promise<SecretWatch> {
  const lines = Buffer.from(`${secrets.join('\n')}\n`).toString('base64');
  const program = Buffer.from(WATCH).toString('base64');
  for (const { node, user: watcher } of watched) {
    await node.run(
      `echo ${lines} | base64 -d >/watch.secrets; echo ${program} | base64 -d >/watch.py; chmod 644 /watch.*`,
    );
    for (const user of ['root', watcher]) {
      await docker('exec', '-d', '-u', user, node.name, 'python3', '/watch.py', `/tmp/watch.${user}`);
    }
  }
  return {
    stop: async () => {
      const found: string[] = [];
      let [watchers, readableEnvironments] = [0, 0];
      for (const { node, user: watcher } of watched) {
        await node.run('touch /watch.stop');
        for (const user of ['root', watcher]) {
          const text = await node.run(
            `for i in $(seq 100); do [ -s /tmp/watch.${user} ] && break; sleep 0.1; done; cat /tmp/watch.${user}`,
          );
          const [first = '', ...rest] = text.split('\n');
          if (/^rounds [1-9]/.test(first)) watchers += 1;
          if (rest.includes('readable')) readableEnvironments += 1;
          found.push(
            ...rest.filter((line) => line !== 'readable' && line !== '').map((line) => `${node.name} ${line}`),
          );
        }
        await node.run('rm -f /watch.* /tmp/watch.*');
      }
      return { found, watchers, readableEnvironments };
    },
  };
}

/** Files of a node that hold one of the texts, but for those of the test and of the node's own accounts. */
export async function filesWith(node: TestNode, secrets: readonly string[]): Promise<readonly string[]> {
  const lines = Buffer.from(`${secrets.join('\n')}\n`).toString('base64');
  const places = '/var /tmp /dev/shm /run /home /root /opt /etc /srv';
  const output = await node.run(
    `echo ${lines} | base64 -d >/secrets.list; grep -rlFf /secrets.list ${places} 2>/dev/null; rm -f /secrets.list; true`,
  );
  return output.split('\n').filter(Boolean);
}
