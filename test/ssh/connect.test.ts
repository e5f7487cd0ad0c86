// SPDX-License-Identifier: Apache-2.0
// SSH connections against real sshd: log-in, commands, forwarding, host keys, and every way in which they fail.
import { createServer } from 'node:net';
import { expect } from 'chai';
import { type ConnectOptions, connect, probeBanner, type SshConnection, SshError } from '../../src/ssh/index.js';
import { poll } from '../../src/util/deadline.js';
import { volatileHostKeyMemory } from './support/host-keys.js';
import { createTestBed, NODE_PASSWORD, requireNodes, type TestBed, type TestNode } from './support/nodes.js';

const failureOf = async (work: Promise<unknown>): Promise<SshError> => {
  try {
    await work;
  } catch (error) {
    if (error instanceof SshError) return error;
    throw error;
  }
  throw new Error('it did not fail');
};

const reachable = (host: string, port = 22, via?: SshConnection): Promise<string> =>
  poll({ timeoutMs: 10_000, intervalMs: 50, what: `sshd on ${host}` }, async () => {
    const probe = await probeBanner({ host, port, via }, { timeoutMs: 1000 });
    return probe.isOpen ? probe.banner : undefined;
  });

describe('ssh connect', function () {
  this.timeout(60_000);
  let bed: TestBed;
  let node: TestNode;
  let hidden: TestNode;
  let connection: SshConnection;

  const options = (changes: Partial<ConnectOptions> = {}): ConnectOptions => ({
    host: node.ip,
    port: 22,
    username: 'imuser',
    credentials: [{ kind: 'key', privateKey: bed.privateKey }],
    hostKey: volatileHostKeyMemory(),
    timeoutMs: 10_000,
    ...changes,
  });

  before(async function () {
    await requireNodes(this);
    bed = await createTestBed();
    [node, hidden] = await Promise.all([bed.start(), bed.start({ isPrivate: true })]);
    await reachable(node.ip);
    connection = await connect(options());
  });

  after(async () => {
    connection?.close();
    await bed?.close();
  });

  it('runs a command and gives output, error output and exit code', async () => {
    const result = await connection.exec('cat; echo problem >&2; exit 3', { stdin: 'äöü', timeoutMs: 5000 });
    expect(result).to.deep.equal({
      exitCode: 3,
      signal: null,
      stdout: 'äöü',
      stderr: 'problem\n',
      isTruncated: false,
    });
  });

  it('tells the signal that ended a command', async () => {
    const result = await connection.exec('kill -TERM $$', { timeoutMs: 5000 });
    expect(result.exitCode).to.equal(null);
    expect(result.signal).to.equal('SIGTERM');
  });

  it('keeps no more output than asked for, and reads the rest', async () => {
    const result = await connection.exec('yes | head -c 3000000; echo end >&2', {
      timeoutMs: 10_000,
      maxOutputBytes: 1000,
    });
    expect(result.stdout.length).to.equal(1000);
    expect(result.isTruncated).to.equal(true);
    expect(result.stderr).to.equal('end\n');
  });

  it('sends large input and streams large output with back pressure', async () => {
    const input = Buffer.alloc(3_000_000, 'x');
    let received = 0;
    await connection.exec('cat', {
      stdin: input,
      timeoutMs: 20_000,
      onStdout: async (chunk) => {
        received += chunk.length;
        await new Promise((resolve) => setImmediate(resolve));
      },
    });
    expect(received).to.equal(input.length);
  });

  it('passes on what the stream handler throws', async () => {
    const work = connection.exec('echo x; sleep 30', {
      timeoutMs: 5000,
      onStdout: () => {
        throw new Error('full');
      },
    });
    const error = await work.then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error?.message).to.equal('full');
  });

  it('ends a command at its time limit', async () => {
    const error = await failureOf(connection.exec('sleep 30', { timeoutMs: 100 }));
    expect(error.reason).to.equal('timeout');
  });

  it('ends a command when it is cancelled, with the reason of the canceller', async () => {
    const controller = new AbortController();
    const work = connection.exec('sleep 30', { timeoutMs: 20_000, signal: controller.signal });
    controller.abort(new Error('not needed any more'));
    const error = await work.then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error?.message).to.equal('not needed any more');
  });

  it('tells the far side that we are gone when standard input was left open', async () => {
    const other = await connect(options());
    const work = failureOf(
      other.exec('cat; touch /tmp/gone', {
        stdin: 'x',
        keepStdinOpen: true,
        timeoutMs: 20_000,
        onStdout: () => other.close(),
      }),
    );
    expect((await work).reason).to.equal('closed');
    await poll({ timeoutMs: 5000, intervalMs: 50, what: 'the end of the command' }, async () =>
      (await node.run('ls /tmp')).includes('gone') ? true : undefined,
    );
  });

  it('runs more commands at once than a server allows, eight at a time', async () => {
    const results = await Promise.all(
      Array.from({ length: 24 }, (_, index) => connection.exec(`sleep 0.1; echo ${index}`, { timeoutMs: 20_000 })),
    );
    expect(results.map((result) => result.stdout.trim())).to.deep.equal(results.map((_, index) => String(index)));
  });

  it('logs in with a password, also where only the keyboard-interactive way is open', async () => {
    await node.run(`printf 'PasswordAuthentication no\nKbdInteractiveAuthentication yes\nUsePAM yes\n' >/tmp/kbd.conf
      /usr/sbin/sshd -f /tmp/kbd.conf -p 2222 -h /etc/ssh/ssh_host_ed25519_key`);
    await reachable(node.ip, 2222);
    for (const port of [22, 2222]) {
      const other = await connect(
        options({ port, username: 'pwuser', credentials: [{ kind: 'password', password: NODE_PASSWORD }] }),
      );
      expect((await other.exec('id -un', { timeoutMs: 5000 })).stdout).to.equal('pwuser\n');
      other.close();
    }
  });

  it('tries credentials in order and knows the accepted one', async () => {
    const good = { kind: 'password', password: NODE_PASSWORD } as const;
    const other = await connect(
      options({ username: 'pwuser', credentials: [{ kind: 'password', password: 'wrong' }, good] }),
    );
    expect(other.credential).to.deep.equal(good);
    other.close();
  });

  it('tells refused credentials from everything else', async () => {
    const error = await failureOf(
      connect(options({ username: 'pwuser', credentials: [{ kind: 'password', password: 's3cret-wrong' }] })),
    );
    expect(error.reason).to.equal('authentication');
    expect(error.message).to.equal(`pwuser@${node.ip}:22 refused the credentials.`);
  });

  it('tells a closed port, a silent server and a server that is none', async () => {
    expect((await failureOf(connect(options({ port: 1 })))).reason).to.equal('unreachable');
    const reasons: string[] = [];
    for (const greeting of ['', 'HTTP/1.1 400 Bad Request\r\n\r\n']) {
      const server = createServer((socket) => {
        socket.on('error', () => {}).resume();
        if (greeting !== '') socket.end(greeting);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      if (typeof address !== 'object' || address === null) throw new Error('no port');
      const target = { host: '127.0.0.1', port: address.port };
      expect((await probeBanner(target, { timeoutMs: 200 })).isOpen).to.equal(false);
      reasons.push((await failureOf(connect(options({ ...target, timeoutMs: 300 })))).reason);
      await new Promise((resolve) => server.close(resolve));
    }
    expect(reasons).to.deep.equal(['timeout', 'unreachable']);
  });

  it('remembers the host key of the first log-in and refuses another one', async () => {
    const hostKey = volatileHostKeyMemory();
    (await connect(options({ hostKey }))).close();
    const seen = await hostKey.known();
    expect(seen).to.match(/^SHA256:[\w+/]{43}$/);
    (await connect(options({ hostKey }))).close();
    const changed = volatileHostKeyMemory();
    await changed.remember('SHA256:of-another-machine');
    const error = await failureOf(connect(options({ hostKey: changed })));
    expect(error.reason).to.equal('host-key-changed');
    expect(error.message).to.contain(seen).and.to.contain('SHA256:of-another-machine');
  });

  it('does not remember the host key of a log-in that was refused', async () => {
    const hostKey = volatileHostKeyMemory();
    await failureOf(connect(options({ hostKey, username: 'nobody-here' })));
    expect(await hostKey.known()).to.equal(undefined);
  });

  it('reaches a node behind another one, and only through it', async () => {
    expect((await probeBanner({ host: hidden.ip, port: 22 }, { timeoutMs: 500 })).isOpen).to.equal(false);
    expect(await reachable(hidden.ip, 22, connection)).to.match(/^SSH-2\.0-/);
    const inner = await connect(options({ host: hidden.ip, via: connection }));
    expect((await inner.exec('hostname -i', { timeoutMs: 5000 })).stdout).to.contain(hidden.ip);
    inner.close();
    expect((await failureOf(connect(options({ host: hidden.ip, port: 1, via: connection })))).reason).to.equal(
      'unreachable',
    );
  });

  it('ends what runs on a connection that breaks', async () => {
    const other = await connect(options());
    const work = failureOf(other.exec('sleep 30', { timeoutMs: 20_000 }));
    await other.exec('kill -9 $PPID', { timeoutMs: 5000 }).catch(() => undefined);
    expect((await work).reason).to.equal('closed');
    await other.closed;
    expect(other.isOpen).to.equal(false);
    expect((await failureOf(other.exec('true', { timeoutMs: 1000 }))).reason).to.equal('closed');
    expect((await failureOf(other.forward('127.0.0.1', 22))).reason).to.equal('closed');
  });
});
