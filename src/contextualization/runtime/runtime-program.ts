// SPDX-License-Identifier: Apache-2.0
// The fixed Python programs that find or install an Ansible runtime on a node (Python 3.6 or newer, standard library only).

/**
 * A directory is only used when nobody else could have written into it; otherwise the infrastructure gets its own copy. Files are
 * counted: a cleaner of temporary files may have eaten some. Arguments: remote base directory, infrastructure id, name of the directory.
 */
const COMMON = `
import hashlib, io, json, os, shutil, stat, subprocess, sys, tarfile, tempfile
base, inf, name = sys.argv[1:4]
os.umask(0o022)

def mine(path):
    try:
        s = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISDIR(s.st_mode) and s.st_uid in (0, os.getuid()) and not s.st_mode & 0o022

def complete(path):
    try:
        with open(os.path.join(path, '.files')) as f:
            expected = int(f.read())
    except (OSError, ValueError):
        return False
    found = sum(len([n for n in names if not n.endswith('.pyc') and n != '.files']) for _, _, names in os.walk(path))
    return found >= expected

parents = [os.path.join(base, 'runtime'), os.path.join(base, inf, 'runtime')]
path = None
for parent in parents:
    candidate = os.path.join(parent, name)
    if mine(parent) and mine(candidate) and complete(candidate):
        path = candidate
        break
data = sys.stdin.buffer.read()

def new_directory():
    if not os.path.isdir(base):
        os.makedirs(base, exist_ok=True)
        os.chmod(base, 0o1777)
    for parent in parents:
        try:
            os.makedirs(parent, exist_ok=True)
        except OSError:
            continue
        if mine(parent):
            return tempfile.mkdtemp(prefix='.new-', dir=parent)
    sys.exit('no directory for the runtime under ' + base)

def finish(fresh):
    count = sum(len([n for n in names if not n.endswith('.pyc')]) for _, _, names in os.walk(fresh))
    with open(os.path.join(fresh, '.files'), 'w') as f:
        f.write(str(count))
    os.chmod(fresh, 0o755)
    path = os.path.join(os.path.dirname(fresh), name)
    if os.path.lexists(path) and not complete(path):
        os.rename(path, fresh + '.old')
    try:
        os.rename(fresh, path)
    except OSError:
        if not (mine(path) and complete(path)):
            raise
    return path

def clean(fresh):
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(fresh + '.old', ignore_errors=True)
`;

/**
 * Finds or installs an archive by its SHA-256, which is the name of its directory. With the archive on standard input it installs,
 * without it only looks. Prints JSON `{"path": ...}`, path null when absent.
 */
export const RUNTIME_PROGRAM = `${COMMON}
if path is None and data:
    if hashlib.sha256(data).hexdigest() != name:
        sys.exit('the runtime bundle was damaged on its way')
    fresh = new_directory()
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode='r:gz') as archive:
            archive.extractall(fresh)
        path = finish(fresh)
    finally:
        clean(fresh)
print(json.dumps({'path': path}))
`;

const PROGRAMS: Readonly<Record<string, string>> = {
  playbook: 'PlaybookCLI',
  galaxy: 'GalaxyCLI',
  vault: 'VaultCLI',
  inventory: 'InventoryCLI',
  doc: 'DocCLI',
  config: 'ConfigCLI',
  adhoc: 'AdHocCLI',
};

/** The programs of a runtime by name, with the Python text of each: they find the packages beside them. */
export const launchers = (): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(PROGRAMS).map(([module, name]) => [
      module === 'adhoc' ? 'ansible' : `ansible-${module}`,
      launcher(module, name),
    ]),
  );

// ansible-core 2.11 has no `main` in its modules, and its plays cannot tell the path that the callback ansible.posix.jsonl asks them for:
// both as in later versions.
const launcher = (module: string, name: string): string => `#!/usr/bin/env python3
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), 'lib'))
try:
    import cryptography
except ImportError:
    import cryptography_fallback
    cryptography_fallback.install()
import ansible.cli.${module} as program

if hasattr(program, 'main'):
    sys.exit(program.main())

from ansible.errors import AnsibleError, AnsibleOptionsError, AnsibleParserError
from ansible.playbook.play import Play
if not hasattr(Play, 'get_path'):
    Play.get_path = lambda play: '%s:%s' % (getattr(play._ds, '_data_source', ''), getattr(play._ds, '_line_number', 0))
try:
    sys.exit(program.${name}(sys.argv).run())
except AnsibleError as error:
    sys.stderr.write('ERROR! %s\\n' % error)
    sys.exit(5 if isinstance(error, AnsibleOptionsError) else 4 if isinstance(error, AnsibleParserError) else 1)
`;

/**
 * Finds or installs Ansible from the package index that the node's pip uses. Further arguments: what to install, as pip takes it.
 * Standard input: an archive to unpack into `lib`; without it the program only looks. Prints as RUNTIME_PROGRAM does.
 */
export const INDEX_PROGRAM = `${COMMON}
def quiet(command):
    return subprocess.call(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0

def find_pip():
    pip = [sys.executable, '-m', 'pip']
    if quiet(pip + ['--version']):
        return pip
    for manager in (['apt-get', '-q', '-y', '-o', 'DPkg::Lock::Timeout=100', '--no-install-recommends', 'install', 'python3-pip'],
                    ['dnf', '-q', '-y', 'install', 'python3-pip'], ['yum', '-q', '-y', 'install', 'python3-pip'],
                    ['zypper', '-q', '--non-interactive', 'install', 'python3-pip'], ['apk', 'add', '-q', 'py3-pip']):
        if shutil.which(manager[0], path=os.environ.get('PATH', '') + ':/usr/sbin:/sbin'):
            quiet(manager if os.getuid() == 0 else ['sudo', '-n'] + manager)
            break
    if not quiet(pip + ['--version']):
        sys.exit('there is no pip on the node, and it cannot be installed')
    return pip

if path is None and data:
    fresh = new_directory()
    try:
        command = find_pip() + ['install', '--quiet', '--disable-pip-version-check', '--no-compile', '--target', os.path.join(fresh, 'lib')]
        pip = subprocess.run(command + sys.argv[4:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if pip.returncode != 0:
            sys.exit('pip: ' + ' '.join(pip.stdout.decode(errors='replace').split())[-250:])
        shutil.rmtree(os.path.join(fresh, 'lib', 'bin'), ignore_errors=True)
        with tarfile.open(fileobj=io.BytesIO(data), mode='r:gz') as archive:
            archive.extractall(os.path.join(fresh, 'lib'))
        os.mkdir(os.path.join(fresh, 'bin'))
        for program, text in json.loads(${JSON.stringify(JSON.stringify([...launchers()]))}):
            with open(os.path.join(fresh, 'bin', program), 'w') as f:
                f.write(text)
                os.fchmod(f.fileno(), 0o755)
        path = finish(fresh)
    finally:
        clean(fresh)
print(json.dumps({'path': path}))
`;
