// SPDX-License-Identifier: Apache-2.0
// The daemon as a service: its command line, what keeps it from starting, signals, probes, and secrets that stay secret.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { linesOf, type RestUser, runCommand, TestDaemon, userLine } from '../support/daemon.js';
import { PythonXmlRpc } from '../support/python-xmlrpc.js';
import { until } from '../support/waiting.js';

const DUMMY_LINE = 'id = dummy; type = Dummy';
const ONE_VM = `network net (outbound = 'yes')
system node (net_interface.0.connection = 'net')
contextualize ()
deploy node 1
`;

/** A connection on which a client has sent some bytes and nothing more. */
async function openSocket(port: number, bytes: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined); // the daemon may cut it off
  await once(socket, 'connect');
  if (bytes !== '') await new Promise((sent) => socket.write(bytes, sent));
  return socket;
}

describe('the command line', () => {
  let daemon: TestDaemon;
  beforeEach(async () => {
    daemon = await TestDaemon.prepare();
  });
  afterEach(() => daemon.remove());

  it('shows version and help', async () => {
    const version = await runCommand(['--version']);
    expect([version.code, version.stdout, version.stderr]).to.deep.equal([0, 'IM 3.0.0\n', '']);
    const help = await runCommand(['--help']);
    expect([help.code, help.stderr]).to.deep.equal([0, '']);
    expect(help.stdout).to.contain('--config FILE').and.contain('--check-config');
  });

  it('refuses what it does not know with status 2 and a hint', async () => {
    const unknown = await runCommand(['--confg', daemon.configFile]);
    expect([unknown.code, unknown.stdout, unknown.stderr]).to.deep.equal([
      2,
      '',
      'Unknown option --confg. Did you mean --config? Try --help.\n',
    ]);
  });

  it('checks a configuration', async () => {
    const fine = await runCommand(['--check-config', '--config', daemon.configFile]);
    expect([fine.code, fine.stderr]).to.deep.equal([0, '']);
    expect(linesOf(fine.stdout).at(-1)).to.equal('The configuration can be used.');
    await daemon.configure({ DATA_DB: 'sqlite:///no/such/directory/inf.dat', REST_PROT: 8800 });
    const wrong = await runCommand(['--check-config', '--config', daemon.configFile]);
    expect([wrong.code, linesOf(wrong.stdout).at(-1)]).to.deep.equal([2, 'The configuration cannot be used.']);
    expect(wrong.stdout).to.match(/^error: DATA_DB: .*\/no\/such\/directory/m);
    expect(wrong.stdout).to.match(/^warning: .*REST_PROT.*REST_PORT/m);
  });

  it('prints the effective configuration with its secrets masked', async () => {
    await daemon.configure({
      DATA_DB: 'mysql://im:canary-database@db.example.org/im',
      ADMIN_USER: '{"username": "admin", "password": "canary-admin"}',
      OIDC_CLIENT_SECRET: 'canary-client',
    });
    const printed = await runCommand(['--print-config', '--config', daemon.configFile], { IM_MAX_VM_FAILS: '7' });
    expect([printed.code, printed.stderr]).to.deep.equal([0, '']);
    expect(printed.stdout).to.contain('MAX_VM_FAILS = 7').and.contain('db.example.org').and.not.contain('canary');
  });
});

describe('a daemon that cannot start', () => {
  let daemon: TestDaemon;
  beforeEach(async () => {
    daemon = await TestDaemon.prepare();
  });
  afterEach(() => daemon.remove());

  const start = async (status = 1): Promise<string> => {
    const { code, stderr } = await runCommand(['--config', daemon.configFile]);
    expect(code, stderr).to.equal(status);
    expect(linesOf(stderr), stderr).to.have.length(1);
    return stderr;
  };

  it('names the port that is in use and its option', async () => {
    for (const [port, option] of [
      [daemon.restPort, 'REST_PORT'],
      [daemon.xmlrpcPort, 'XMLRCP_PORT'],
    ] as const) {
      const other = createServer().listen(port, '127.0.0.1');
      await once(other, 'listening');
      try {
        expect(await start()).to.match(new RegExp(`port ${port}: the port is in use by another program.*${option}`));
      } finally {
        other.close();
        await once(other, 'close');
      }
    }
  });

  it('names the database that cannot be written', async () => {
    await daemon.configure({ DATA_DB: `sqlite://${daemon.directory}/none/inf.dat` });
    expect(await start()).to.match(/^DATA_DB: .*\/none/);
    await mkdir(daemon.database);
    await daemon.configure({});
    expect(await start()).to.contain(daemon.database);
  });

  it('names the file that is no database', async () => {
    await writeFile(daemon.database, 'This is a letter and not a database. '.repeat(100));
    expect(await start()).to.contain(`${daemon.database} is not an SQLite database`);
  });

  it('names the log that cannot be written', async () => {
    await mkdir(daemon.logFile);
    expect(await start()).to.contain(daemon.logFile);
  });

  it('says that both APIs are off', async () => {
    await daemon.configure({ ACTIVATE_REST: 'False', ACTIVATE_XMLRPC: 'False' });
    expect(await start(2)).to.match(/ACTIVATE_REST.*ACTIVATE_XMLRPC/);
  });

  it('ends with status 2 when its configuration cannot be read', async () => {
    for (const [file, reason] of [
      [join(daemon.directory, 'none.cfg'), 'does not exist'],
      [daemon.directory, 'cannot be read'],
    ] as const) {
      const { code, stderr } = await runCommand(['--config', file]);
      expect([code, linesOf(stderr).length], stderr).to.deep.equal([2, 1]);
      expect(stderr).to.contain(file).and.contain(reason);
    }
    await daemon.configure({ REST_PORT: 'many' });
    const { code, stderr } = await runCommand(['--config', daemon.configFile]);
    expect([code, linesOf(stderr).length], stderr).to.deep.equal([2, 1]);
    expect(stderr).to.contain('REST_PORT').and.contain('many');
  });
});

describe('a running daemon', () => {
  let daemon: TestDaemon;
  let users = '';
  before(async () => {
    daemon = await TestDaemon.prepare();
    users = join(daemon.directory, 'users.json');
    await writeFile(users, JSON.stringify({ users: [{ username: 'ana', password: 'password of ana' }] }));
    await daemon.configure({ USER_DB: users });
    await daemon.start();
  });
  after(() => daemon?.remove());

  it('answers probes without credentials', async () => {
    const anybody = daemon.user();
    for (const path of ['/health', '/ready']) {
      const answer = await anybody.get(path);
      expect([answer.status, answer.json('status')], path).to.deep.equal([200, 'ok']);
    }
    const metrics = await anybody.get('/metrics');
    expect(metrics.status).to.equal(200);
    expect(metrics.text).to.match(/^# TYPE \S+ (counter|gauge|histogram)$/m);
    const proxied = await anybody.get('/metrics', { headers: { 'X-Forwarded-For': '192.0.2.7' } });
    expect(proxied.status).to.equal(403);
  });

  it('lets in whom USER_DB names, and reads it again on SIGHUP', async () => {
    const list = async (name: string): Promise<number> =>
      (await daemon.user(userLine(name)).get('/infrastructures')).status;
    expect([await list('ana'), await list('ben')]).to.deep.equal([200, 401]);
    await writeFile(users, JSON.stringify({ users: [{ username: 'ben', password: 'password of ben' }] }));
    daemon.signal('SIGHUP');
    await until(async () => (await list('ben')) === 200, 'the new user');
    expect(await list('ana')).to.equal(401);
  });

  it('goes on in a new log file when the old one was put away', async () => {
    const old = `${daemon.logFile}.old`;
    await rename(daemon.logFile, old);
    daemon.signal('SIGHUP');
    await until(() => existsSync(daemon.logFile) && /SIGHUP/.test(daemon.log()), 'the new log file');
    expect(readFileSync(old, 'utf8')).to.contain('Start Infrastructure Manager daemon');
  });

  it('keeps its files from other users', async () => {
    const names = await readdir(daemon.directory);
    expect(names).to.include('inf.dat');
    const modes = execFileSync('stat', ['-c', '%a %n', ...names.filter((name) => /inf\.dat|key/.test(name))], {
      cwd: daemon.directory,
      encoding: 'utf8',
    });
    for (const line of linesOf(modes)) expect(line).to.match(/^600 /);
  });

  it('ends on SIGTERM with status 0, whatever clients do with their connections', async () => {
    const idle = await openSocket(daemon.restPort, '');
    const slow = await openSocket(daemon.restPort, 'POST /infrastructures HTTP/1.1\r\nHost: im\r\nContent-Le');
    const endless = await openSocket(
      daemon.restPort,
      `POST /infrastructures HTTP/1.1\r\nHost: im\r\nAuthorization: ${userLine('ben')}\r\nContent-Length: 999\r\n\r\nsystem`,
    );
    const other = await openSocket(
      daemon.xmlrpcPort,
      'POST /RPC2 HTTP/1.1\r\nHost: im\r\nContent-Length: 999\r\n\r\n<',
    );
    expect(await daemon.stop('SIGTERM', 10_000)).to.deep.equal({ code: 0, signal: null });
    expect(daemon.output).to.contain('IM service stopped.');
    expect(daemon.log()).to.contain('Infrastructure Manager daemon stopped');
    for (const socket of [idle, slow, endless, other]) socket.destroy();
  });
});

describe('secrets in requests', () => {
  let daemon: TestDaemon;
  let python: PythonXmlRpc;
  before(async () => {
    daemon = await TestDaemon.start({ LOG_LEVEL: 'DEBUG' });
    python = new PythonXmlRpc(`http://127.0.0.1:${daemon.xmlrpcPort}`);
  });
  after(async () => {
    python?.close();
    await daemon?.remove();
  });

  it('appear in no log line, no metric and no error text, even at DEBUG', async () => {
    const key = '-----BEGIN RSA PRIVATE KEY-----\\\\nCANARYkey1\\\\nCANARYkey2\\\\n-----END RSA PRIVATE KEY-----';
    const user = 'type = InfrastructureManager; username = ana; password = CANARYpassword';
    const clouds = [
      DUMMY_LINE,
      `id = nowhere; type = Docker; host = https://127.0.0.1:1; public_key = CANARYcert; private_key = ${key}`,
      'id = stack; type = OpenStack; host = https://127.0.0.1:1; username = u; password = CANARYcloud; tenant = t',
      'id = token; type = EGI; host = site; vo = vo; token = CANARYtoken',
    ];
    const ana = daemon.user(user, ...clouds);
    const credentials = "disk.0.os.credentials.username = 'root' and disk.0.os.credentials.password = 'CANARYradl'";
    const secretVm = ONE_VM.replace("'net')", `'net' and ${credentials})`);
    const id = await ana.create(secretVm, { isAsync: false });
    await ana.reaches(id, 'configured');
    const wrong = [
      secretVm.replace('deploy', 'depoly'),
      `system x (${credentials} and cpu.count > )`,
      `system x (disk.0.os.credentials.password = 'CANARYopen`,
      `system x (disk.0.os.credentials.password CANARYbare)`,
      `[{"class":"system","id":"x","disk.0.os.credentials.password":"CANARYjson"`,
      secretVm.replace('deploy node 1', 'deploy node 1 nowhere'),
      secretVm.replace('deploy node 1', 'deploy node 1 stack'),
      secretVm.replace('deploy node 1', 'deploy node 1 token'),
      `configure node (\n@begin\n- vars: {password: CANARYrecipe\n@end\n)\n${secretVm}`,
    ];
    const texts: string[] = [];
    const keep = async (method: string, path: string, body?: string, type?: string, by: RestUser = ana) => {
      const parts = { ...(body !== undefined && { body }), ...(type !== undefined && { type }) };
      const answer = await by.call(method, path, parts);
      if (answer.status !== 200) texts.push(answer.text);
      return answer.status;
    };
    for (const document of wrong) {
      const type = document.startsWith('[') ? 'application/json' : 'text/plain';
      for (const [method, path] of [
        ['POST', '/infrastructures'],
        ['POST', `/infrastructures/${id}`],
        ['PUT', `/infrastructures/${id}/reconfigure`],
        ['PUT', `/infrastructures/${id}/vms/0`],
      ] as const) {
        await keep(method, path, document, type);
      }
    }
    expect(
      await keep('POST', `/infrastructures/${id}/authorization`, '{"username": "x", "password": "CANARYowner'),
    ).to.equal(415);
    const broken = '{"username": "x", "password": "CANARYowner';
    expect(await keep('POST', `/infrastructures/${id}/authorization`, broken, 'application/json')).to.equal(400);
    expect(await keep('PUT', '/infrastructures', `{"auth": "CANARYimport"`, 'application/json')).to.equal(400);
    expect(await keep('GET', `/clouds/stack/images`)).to.equal(400);
    expect(await keep('GET', `/clouds/nowhere/quotas`)).to.equal(400);
    for (const header of [
      'type = InfrastructureManager; usernam = ana; password = CANARYtypo',
      'Bearer CANARYbearer.CANARYpayload.CANARYsignature',
      'Basic CANARYbasic',
      '[{"type": "InfrastructureManager", "username": "ana", "password": "CANARYarray"',
      `${user}\\nid = 1bad; type = Dummy; password = CANARYitem`,
    ]) {
      const status = await keep('GET', '/infrastructures', undefined, undefined, daemon.user(header));
      expect(status, header).to.be.oneOf([400, 401]);
    }
    const auth = [{ type: 'InfrastructureManager', username: 'ana', password: 'CANARYxmlrpc' }];
    texts.push(await python.refusal('CreateInfrastructure', wrong[1], auth));
    texts.push(await python.refusal('GetInfrastructureState', id, auth));
    texts.push(JSON.stringify(await python.call('CreateInfrastructure', wrong[2], auth, 1, 'CANARYargument', 2)));

    const found = (text: string): readonly string[] => text.match(/.{0,60}CANARY\w+/g) ?? [];
    expect(texts.flatMap(found), 'error texts').to.deep.equal([]);
    expect(found((await ana.get('/metrics')).text), 'metrics').to.deep.equal([]);
    await daemon.stop('SIGTERM');
    expect(daemon.log(), 'the log is at DEBUG level').to.contain(' - DEBUG - ');
    expect(found(daemon.log()), 'log').to.deep.equal([]);
    expect(found(daemon.output), 'output').to.deep.equal([]);
    const stored = (await readdir(daemon.directory)).filter((name) => name.startsWith('inf.dat'));
    const rows = stored.map((name) => readFileSync(join(daemon.directory, name)).toString('latin1')).join('');
    expect(found(rows), 'database').to.deep.equal([]);
  });
});
