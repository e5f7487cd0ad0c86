// SPDX-License-Identifier: Apache-2.0
// Each runtime on the Pythons of this host that are to run it: a playbook with the callback whose events the renderer reads.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { chooseBundle, type RuntimeBundle, readManifest } from '../../../src/contextualization/runtime/index.js';
import { requireAnsible, runtimeBundleDir } from '../runner/support/world.js';

const SET_UP = fileURLToPath(new URL('../../../var/runtime', import.meta.url));
const PLAYBOOK = `- hosts: all
  gather_facts: false
  tasks:
  - command: echo {{ item }}
    loop: [one, two]
    register: said
  - debug: msg="{{ said.results | map(attribute='stdout') | join(' ') }} {{ lookup('pipe', 'echo three') }}"
`;

/** One Python per minor version, as programs of the PATH or of pyenv. */
function pythonsOfHost(): ReadonlyMap<string, string> {
  const pyenv = join(process.env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions');
  const own = existsSync(pyenv) ? readdirSync(pyenv).map((name) => join(pyenv, name, 'bin', 'python3')) : [];
  const found = new Map<string, string>();
  for (const program of ['/usr/bin/python3', ...own]) {
    const { status, stdout } = spawnSync(program, ['-c', 'import platform; print(platform.python_version())'], {
      encoding: 'utf8',
    });
    const version = status === 0 ? stdout.trim() : '';
    const minor = version.split('.').slice(0, 2).join('.');
    if (version.startsWith('3.') && !found.has(minor)) found.set(minor, program);
  }
  return found;
}

describe('a runtime', function () {
  this.timeout(300_000);
  let directory: string;
  let bundles: readonly RuntimeBundle[];
  let work: string;

  before(async function () {
    requireAnsible(this);
    directory = existsSync(join(SET_UP, 'manifest.json')) ? SET_UP : runtimeBundleDir();
    bundles = (await readManifest(directory)).bundles;
    work = mkdtempSync(join(tmpdir(), 'im-pythons-'));
    writeFileSync(join(work, 'play.yml'), PLAYBOOK);
  });
  after(() => rmSync(work, { recursive: true, force: true }));

  for (const [version, python] of pythonsOfHost()) {
    it(`that is chosen for Python ${version} runs there`, () => {
      const bundle = chooseBundle(bundles, `${version}.0`);
      if (bundle === undefined) {
        // Without the package index there is only the Ansible of this host.
        expect(directory === SET_UP && bundles.length > 1, `no bundle for ${version}`).to.equal(false);
        return;
      }
      const place = join(work, bundle.sha256);
      if (!existsSync(place)) {
        mkdirSync(place);
        execFileSync('tar', ['-xzf', join(directory, bundle.file), '-C', place]);
      }
      const argv = [
        join(place, 'bin', 'ansible-playbook'),
        '-i',
        'localhost,',
        '-c',
        'local',
        '-e',
        `ansible_python_interpreter=${python}`,
        join(work, 'play.yml'),
      ];
      const { stdout, stderr, status } = spawnSync(python, ['-I', ...argv], {
        encoding: 'utf8',
        env: {
          PATH: process.env.PATH,
          HOME: work,
          LC_ALL: 'C.UTF-8',
          ANSIBLE_STDOUT_CALLBACK: 'ansible.posix.jsonl',
          ANSIBLE_COLLECTIONS_PATH: join(place, 'lib'),
          ANSIBLE_COLLECTIONS_PATHS: join(place, 'lib'),
        },
      });
      expect(status, `${bundle.ansibleCore}: ${stdout}${stderr}`).to.equal(0);
      expect(stdout, bundle.ansibleCore)
        .to.contain('"msg":"one two three"')
        .and.to.contain('"_event":"v2_playbook_on_stats"');
    });
  }
});
