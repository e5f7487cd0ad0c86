// SPDX-License-Identifier: Apache-2.0
// The bootstrap program on the families of Linux: under their shells, with package managers that write down how they are called, and a
// root directory of its own. What Debian really does is tested on nodes (bootstrap-node.test.ts).
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseReport } from '../../../src/contextualization/bootstrap/report.js';
import { INNER_SCRIPT, OUTER_SCRIPT } from '../../../src/contextualization/bootstrap/script.js';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const INPUT = [
  'begin',
  'fqdn',
  `etc_hosts ${base64('10.0.0.1 a.b a\n')}`,
  `key ${base64('ssh-rsa AAAAkey x')}`,
  'nat 0',
  'need_ssh 1',
  'end',
];

interface Family {
  readonly name: string;
  readonly id: string;
  /** Programs that are there, besides those of every system. */
  readonly manager: string;
  /** How it is called for python3 and for an SSH client. */
  readonly python: string;
  readonly ssh: string;
  readonly more?: readonly string[];
}

const FAMILIES: readonly Family[] = [
  {
    name: 'Debian and Ubuntu',
    id: 'ubuntu',
    manager: 'apt-get',
    python: '-q -y -o DPkg::Lock::Timeout=100 --no-install-recommends install python3',
    ssh: '-q -y -o DPkg::Lock::Timeout=100 --no-install-recommends install openssh-client',
  },
  {
    name: 'Red Hat 8 and later',
    id: 'rocky',
    manager: 'dnf',
    python: '-q -y install python3',
    ssh: '-q -y install openssh-clients',
  },
  {
    name: 'Red Hat 7',
    id: 'centos',
    manager: 'yum',
    python: '-q -y install python3',
    ssh: '-q -y install openssh-clients',
  },
  {
    name: 'SUSE',
    id: 'opensuse-leap',
    manager: 'zypper',
    python: '-q --non-interactive install python3',
    ssh: '-q --non-interactive install openssh-clients',
  },
  {
    name: 'Alpine',
    id: 'alpine',
    manager: 'apk',
    python: 'add -q -U --wait 100 python3',
    ssh: 'add -q -U --wait 100 openssh-client',
  },
];

const SHELLS: readonly (readonly string[])[] = [['dash'], ['bash', '--norc', '--posix'], ['busybox', 'sh']];
const isThere = ([program = '']: readonly string[]): boolean => spawnSync('which', [program]).status === 0;
/** Programs of the host that the script may use. */
const COMMON =
  'awk base64 cat chmod chown cp cut date df find grep head hostname id mkdir mv printf rm sed sh sort tail touch tr true uname'.split(
    ' ',
  );

describe('the bootstrap program on the families of Linux', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'im-family-'));
    for (const directory of [
      'bin',
      'etc',
      'home/user',
      'var/lib/apt/lists',
      'proc',
      'sys/class/net/eth7',
      'sys/class/net/eth0',
    ]) {
      mkdirSync(join(root, directory), { recursive: true });
    }
    writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n');
    writeFileSync(join(root, 'etc/sudoers'), 'Defaults    requiretty\n');
    for (const program of COMMON) {
      const path = execFileSync('which', [program], { encoding: 'utf8' }).trim();
      symlinkSync(path, join(root, 'bin', program));
    }
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const put = (name: string, text: string): void => {
    writeFileSync(join(root, 'bin', name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(root, 'bin', name), 0o755);
  };
  /** Writes down its words, and puts in place what it is asked to install. */
  const manager = (name: string): void =>
    put(
      name,
      `echo "$*" >>${root}/calls
case "$*" in
  *install*python3|*add*python3) printf '#!/bin/sh\\ncase "$*" in *selinux*) [ -e ${root}/selinux ];; *) echo 3.9.1 /usr/bin/python3;; esac\\n' >${root}/bin/python3; chmod 755 ${root}/bin/python3 ;;
  *openssh-client*) printf '#!/bin/sh\\n' >${root}/bin/ssh; chmod 755 ${root}/bin/ssh ;;
  *selinux*) touch ${root}/selinux ;;
  *iptables) printf '#!/bin/sh\\necho "$*" >>${root}/iptables.calls\\ncase "$*" in *" -C "*) grep -qF -- "$(echo "$*" | sed "s/ -C / -A /")" ${root}/iptables.done 2>/dev/null ;; *) echo "$*" >>${root}/iptables.done ;; esac\\n' >${root}/bin/iptables; chmod 755 ${root}/bin/iptables ;;
esac`,
    );

  const run = (shell: readonly string[], family: Family, input = INPUT) => {
    writeFileSync(join(root, 'etc/os-release'), `ID=${family.id}\nVERSION_ID="9"\n`);
    // The same program, in a root directory of its own: not one path may be left that leads into the real one.
    const script = INNER_SCRIPT.replaceAll(/\/(etc|var|run|sys|proc)\//g, `${root}/$1/`);
    if (/(?<!\w)\/(?:etc|var|run|sys|proc)\//.test(script)) {
      throw new Error('a path of the program is not in the directory of the test');
    }
    const [name = '', ...words] = shell;
    const program = execFileSync('which', [name], { encoding: 'utf8' }).trim();
    const { stdout, stderr } = spawnSync(
      program,
      [...words, '-c', script, 'im', 'root', 'root', join(root, 'home/user')],
      {
        input: `${input.join('\n')}\n`,
        encoding: 'utf8',
        env: { PATH: join(root, 'bin') },
        timeout: 30_000,
      },
    );
    return { report: parseReport(stdout, stderr), stderr };
  };
  const calls = (file = 'calls'): readonly string[] =>
    existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8').trim().split('\n') : [];

  for (const shell of SHELLS.filter(isThere)) {
    for (const family of FAMILIES) {
      it(`prepares ${family.name} under ${shell.join(' ')}, and finds nothing to do the second time`, () => {
        manager(family.manager);
        const first = run(shell, family);
        expect(first.stderr).to.equal('');
        expect(first.report.problem).to.equal(undefined);
        expect(calls()).to.include.members([family.python, family.ssh]);
        const steps = Object.fromEntries(first.report.steps.map(({ name, status }) => [name, status]));
        expect(steps).to.include({
          python: 'changed',
          ssh_client: 'changed',
          hosts: 'changed',
          key: 'changed',
          requiretty: 'changed',
        });
        expect(readFileSync(join(root, 'etc/hosts'), 'utf8')).to.equal('127.0.0.1 localhost\n10.0.0.1 a.b a\n');
        expect(readFileSync(join(root, 'etc/sudoers'), 'utf8')).to.equal('#Defaults    requiretty\n');
        const before = calls().filter((line) => /install|add/.test(line)).length;
        const second = run(shell, family);
        expect(
          second.report.steps.filter(({ name, status }) => status !== 'ok' && name !== 'apt_update'),
        ).to.deep.equal([]);
        expect(calls().filter((line) => /install|add/.test(line)).length, 'nothing is installed twice').to.equal(
          before,
        );
      });
    }
  }

  it('translates addresses on the interface of the default route, once', () => {
    const family = FAMILIES[1] as Family;
    manager('dnf');
    mkdirSync(join(root, 'proc/net'), { recursive: true });
    mkdirSync(join(root, 'proc/sys/net/ipv4'), { recursive: true });
    writeFileSync(join(root, 'proc/sys/net/ipv4/ip_forward'), '0\n');
    writeFileSync(
      join(root, 'proc/net/route'),
      'Iface Destination Gateway Flags RefCnt Use Metric Mask\neth7 00000000 010011AC 0003 0 0 0 00000000\neth7 000011AC 00000000 0001 0 0 0 0000FFFF\n',
    );
    const input = INPUT.map((line) => line.replace('nat 0', 'nat 1'));
    const nat = () => run(['sh'], family, input).report.steps.find(({ name }) => name === 'nat');
    expect(nat()).to.deep.equal({ name: 'nat', status: 'changed', detail: 'eth0 eth7 ' });
    expect(calls()).to.include('-q -y install iptables');
    expect(calls('iptables.done')).to.deep.equal([
      '-w -t nat -A POSTROUTING -o eth0 -j MASQUERADE',
      '-w -t nat -A POSTROUTING -o eth7 -j MASQUERADE',
    ]);
    expect(readFileSync(join(root, 'proc/sys/net/ipv4/ip_forward'), 'utf8')).to.equal('1\n');
    expect(nat()?.status).to.equal('ok');
    expect(calls('iptables.done')).to.have.length(2);
  });

  it('installs the Python part of SELinux where that is on', () => {
    put('selinuxenabled', 'exit 0');
    manager('dnf');
    const selinux = () =>
      run(['sh'], FAMILIES[1] as Family).report.steps.find(({ name }) => name === 'selinux')?.status;
    expect(selinux()).to.equal('changed');
    expect(calls()).to.include('-q -y install python3-libselinux');
    expect(selinux()).to.equal('ok');
  });

  it('says that no package manager is known, and stays unusable', () => {
    const { report } = run(['sh'], FAMILIES[0] as Family);
    expect(report.problem).to.contain(
      'python3 is missing and cannot be installed: no package manager that is known here',
    );
  });

  it('is without fault to shellcheck', function () {
    if (!isThere(['shellcheck'])) return; // the linter is optional; the shells above run the program
    this.timeout(30_000);
    for (const script of [INNER_SCRIPT, OUTER_SCRIPT]) {
      const { stdout, status } = spawnSync('shellcheck', ['-s', 'sh', '-e', 'SC1091', '-'], {
        input: `#!/bin/sh\n${script}`,
        encoding: 'utf8',
      });
      expect(status, stdout).to.equal(0);
    }
  });
});
