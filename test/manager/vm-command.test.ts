// SPDX-License-Identifier: Apache-2.0
// How a machine without reachable SSH gets its tunnel: script, token, command (rest-api.md §9.15, core.md §23.5).
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { TunnelKeys } from '../../src/contextualization/index.js';
import { ImError, newCallHomeToken, withCallHomeToken } from '../../src/domain/index.js';
import { callHomeScript, tunnelCommand } from '../../src/manager/call-home-script.js';
import type { Call } from '../../src/manager/index.js';
import { parseRadl } from '../../src/radl/index.js';
import { MemoryCloud } from '../support/memory-cloud.js';
import { callOf, demolish, type House, startHouse } from '../support/operations-house.js';
import { failureOf } from '../support/waiting.js';

const run = promisify(execFile);

const DOCUMENT = `network pub (outbound = 'yes' and outports = '1022-22')
network priv ()
network far ()
system front (net_interface.0.connection = 'pub' and net_interface.1.connection = 'priv' and disk.0.image.url = 'mem://1')
system near (net_interface.0.connection = 'priv' and disk.0.image.url = 'mem://1')
system away (net_interface.0.connection = 'far' and disk.0.image.url = 'mem://1')
deploy front 1
deploy near 1
deploy away 1
`;

describe('the command property', () => {
  let house: House;
  let id: string;
  let probes: string[];
  let isMasterThere: boolean;
  /** `+<VM> <user of the master> <key>` for what was allowed, `-<VM>` for what was taken away. */
  let permissions: string[];
  let isMasterWilling: boolean;
  const tunnelKeys: TunnelKeys = {
    authorize: async ({ username }, { vmNumber }, privateKey) => {
      if (!isMasterWilling) throw new ImError('provider', 'not now');
      permissions.push(`+${vmNumber} ${username} ${privateKey}`);
    },
    revoke: async (_, { vmNumber }) => {
      permissions.push(`-${vmNumber}`);
    },
  };

  beforeEach(async () => {
    probes = [];
    isMasterThere = true;
    permissions = [];
    isMasterWilling = true;
    house = await startHouse({
      types: [new MemoryCloud().connectorType()],
      answersSsh: async (host, port) => {
        probes.push(`${host}:${port}`);
        return isMasterThere;
      },
      tunnelKeys,
    });
    const document = parseRadl(DOCUMENT);
    ({ infrastructureId: id } = await house.manager.createInfrastructure(callOf(), document, { isAsync: false }));
  });
  afterEach(() => demolish(house));

  const ask = (vmId: string | number, step: number, call: Call = callOf()) =>
    house.manager.vmCommand(call, id, vmId, step);
  const withToken = (token: string): Call => ({ ...callOf(), items: [{ type: 'InfrastructureManager', token }] });
  const tokenIn = (script: string | undefined): string => /token = (\S+)"/.exec(script ?? '')?.[1] ?? '';

  /** Makes VM 0 the master, with an address and a login. */
  async function electMaster(login: Readonly<Record<string, string>>): Promise<void> {
    const borrowed = await house.engine.borrow(id);
    if (!borrowed) throw new Error('nobody else has the lease');
    await borrowed.workspace.vms.update(0, (vm) => {
      const info = vm.info.clone();
      const features = info.systems[0]?.features;
      features?.setText('net_interface.0.ip', '198.51.100.7');
      for (const [name, value] of Object.entries(login)) features?.setText(`disk.0.os.credentials.${name}`, value);
      return { info };
    });
    borrowed.giveBack();
    await house.store.commit([{ kind: 'update-infrastructure', id, set: { masterVm: 0 } }]);
  }

  it('is a script that holds a token in the place of the credentials of the owner', async () => {
    const script = await ask(2, 1);
    expect(script).to.contain(
      'curl --insecure -s -H "Authorization: type = InfrastructureManager; token = im-call-home.',
    );
    expect(script).to.contain(`http://127.0.0.1:8800/infrastructures/${id}/vms/2/command?step=2`);
    expect(script).not.to.match(/ana-pass|username = /);
    await run('bash', ['-n', '-c', script ?? '']);
  });

  it('lets the machine wait until its master answers', async () => {
    expect(await ask(2, 2)).to.equal('wait');
    await electMaster({ username: 'ubuntu', password: 'x' });
    isMasterThere = false;
    expect(await ask(2, 2)).to.equal('wait');
    expect(probes).to.deep.equal(['198.51.100.7:1022']);
  });

  it('has nothing to do for the master and for whoever shares a network with it', async () => {
    await electMaster({ username: 'ubuntu', password: 'x' });
    expect(await ask(0, 2)).to.equal('true');
    expect(await ask(1, 2)).to.equal('true');
  });

  it('opens a tunnel with a key of its own, the same each time', async () => {
    const masterKey = '-----BEGIN RSA PRIVATE KEY-----\nAB+/=\n-----END RSA PRIVATE KEY-----';
    await electMaster({ username: 'ubuntu', password: "it's", private_key: masterKey });
    const command = await ask(2, 2);
    const key = /-----BEGIN EC PRIVATE KEY-----[^"]*-----END EC PRIVATE KEY-----/.exec(command ?? '')?.[0] ?? '';
    const file = `/tmp/${id}_2.pem`;
    expect(command).to.equal(
      `echo "${key}" > ${file} && chmod 400 ${file} && ` +
        `ssh -N -R 20002:localhost:22 -p 1022 -i ${file} -o "UserKnownHostsFile=/dev/null" -o "StrictHostKeyChecking=no" ubuntu@198.51.100.7 &`,
    );
    expect(await ask(2, 2)).to.equal(command);
    expect(permissions.map((line) => line.trim())).to.deep.equal(Array(2).fill(`+2 ubuntu ${key}`));
  });

  it('lets the machine wait, its token unused, while its master cannot be told of the key', async () => {
    const token = tokenIn(await ask(2, 1));
    await electMaster({ username: 'ubuntu', password: 'x' });
    isMasterWilling = false;
    expect(await ask(2, 2, withToken(token))).to.equal('wait');
    isMasterWilling = true;
    expect(await ask(2, 2, withToken(token))).to.contain('ssh -N -R');
  });

  it('takes the key away with the machine, and asks nobody about machines that have none', async () => {
    await electMaster({ username: 'ubuntu', password: 'x' });
    await ask(2, 2);
    permissions = [];
    await house.manager.removeResources(callOf(), id, [1, 2], { isContextualized: false });
    expect(permissions).to.deep.equal(['-2']);
  });

  it('leaves the master alone that goes as well', async () => {
    await electMaster({ username: 'ubuntu', password: 'x' });
    await ask(2, 2);
    permissions = [];
    await house.manager.destroyInfrastructure(callOf(), id, { isForced: false, isAsync: false });
    expect(permissions).to.deep.equal([]);
  });

  it('does not exist for other steps', async () => {
    expect(await ask(2, 3)).to.equal(undefined);
    expect(await ask(2, 0)).to.equal(undefined);
  });

  it('is for machines that may not exist yet: they wait; what is no number is none', async () => {
    expect(await ask(9, 2)).to.equal('wait');
    expect((await failureOf(ask('x', 2))).message).to.equal('Invalid VM ID');
    expect((await failureOf(ask(9, 1))).message).to.equal('Invalid VM ID');
  });

  describe('asked with the token', () => {
    it('answers until it has something to say, and then never again', async () => {
      const token = tokenIn(await ask(2, 1));
      expect(tokenIn(await ask(2, 1, withToken(token)))).to.equal(token);
      expect(await ask(2, 2, withToken(token))).to.equal('wait');
      await electMaster({ username: 'ubuntu', password: 'x' });
      expect(await ask(2, 2, withToken(token))).to.contain('ssh -N -R 20002');
      for (const step of [1, 2]) {
        expect(await failureOf(ask(2, step, withToken(token)))).to.include({
          code: 'invalid-credentials',
          message: 'Invalid InfrastructureManager credentials',
        });
      }
    });

    it('gives the command to one of two that ask at the same time', async () => {
      const token = tokenIn(await ask(2, 1));
      await electMaster({ username: 'ubuntu', password: 'x' });
      const outcomes = await Promise.allSettled([ask(2, 2, withToken(token)), ask(2, 2, withToken(token))]);
      expect(outcomes.map(({ status }) => status).sort()).to.deep.equal(['fulfilled', 'rejected']);
    });

    it('is good after a restart, and used up after one as well', async () => {
      const [token, other] = [tokenIn(await ask(2, 1)), tokenIn(await ask(2, 1))];
      await electMaster({ username: 'ubuntu', password: 'x' });
      await ask(2, 2, withToken(token));
      await house.stop();
      house = await startHouse({
        types: [new MemoryCloud().connectorType()],
        directory: house.directory,
        answersSsh: async () => true,
        tunnelKeys,
      });
      expect((await failureOf(ask(2, 2, withToken(token)))).message).to.contain('Invalid InfrastructureManager');
      expect(await ask(2, 2, withToken(other))).to.contain('ssh -N -R');
    });

    it('opens no other machine and nothing else', async () => {
      const token = tokenIn(await ask(2, 1));
      await electMaster({ username: 'ubuntu', password: 'x' });
      const call = withToken(token);
      const { manager } = house;
      const refused = [
        ask(1, 2, call),
        ask(9, 2, call),
        manager.vmCommand(call, 'no-id', 2, 2),
        manager.vmInfo(call, id, 2),
        manager.infrastructureState(call, id),
        manager.destroyInfrastructure(call, id, { isForced: false, isAsync: false }),
      ];
      for (const attempt of refused) await failureOf(attempt);
      expect(await ask(2, 2, call)).to.contain('ssh -N -R');
    });

    it('is refused when it is made up', async () => {
      await ask(2, 1);
      const madeUp = newCallHomeToken((length) => 'A'.repeat(length));
      expect((await failureOf(ask(2, 2, withToken(madeUp)))).message).to.contain('Invalid InfrastructureManager');
    });
  });

  it('keeps only hashes of tokens, and only the latest', () => {
    const tokens = Array.from({ length: 6 }, (_, index) => newCallHomeToken((length) => String(index).repeat(length)));
    const extra = tokens.reduce(withCallHomeToken, { other: 1 });
    const text = JSON.stringify(extra);
    for (const token of tokens) expect(text).not.to.contain(token.slice(-20));
    expect(text.match(/[0-9a-f]{64}/g)).to.have.length(4);
    expect(extra.other).to.equal(1);
  });
});

describe('the texts of the command property', () => {
  it('are one command for a shell whatever the login holds', async () => {
    const evil = '`touch x`$(id)";\'';
    const command = tunnelCommand('i', 1, { host: 'h', port: 22, username: evil, privateKey: 'KEY' });
    const words = command.slice(command.indexOf('ssh -N'), -1);
    const { stdout } = await run('bash', ['-c', `ssh() { printf '%s\\n' "$@"; }\n${words}`]);
    expect(stdout.trimEnd().split('\n').at(-1)).to.equal(`${evil}@h`);
  });

  it('ask until there is an answer, and keep it', async () => {
    // curl and sleep are doubles: two answers to wait, then the command.
    const doubles = `
curl() { echo x >> calls; case $(wc -l < calls) in 1) printf '\\n000';; 2) printf 'wait\\n200';; *) printf 'echo ran\\necho twice\\n200';; esac; }
sleep() { echo "$1" >> sleeps; }
`;
    const script = callHomeScript('http://im/x?step=2', 'T')
      .replaceAll('/var/tmp/reverse_ssh.sh', './command.sh')
      .replaceAll('/etc/cron.d/reverse_ssh', './cron');
    const { stdout } = await run('bash', [
      '-c',
      `cd "$(mktemp -d)"\n${doubles}\n${script}\ncat cron sleeps; wc -l < calls; rm -r "$PWD"`,
    ]);
    expect(stdout.split('\n').map((line) => line.trim())).to.deep.equal([
      'ran',
      'twice',
      `*/1 * * * * root ps aux | grep -v grep | grep 'ssh -N -R' || ./command.sh`,
      '20',
      '20',
      '3',
      '',
    ]);
  });

  it('give up when the token is refused', async () => {
    const script = callHomeScript('http://im/x', 'T');
    const failed = await failureOf(run('bash', ['-c', `curl() { printf 'Invalid\\n401'; }\n${script}`]));
    expect(failed.message).to.contain('Asking for the reverse SSH command failed: Invalid');
  });
});
