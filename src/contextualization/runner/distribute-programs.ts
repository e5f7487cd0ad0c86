// SPDX-License-Identifier: Apache-2.0
// The fixed programs that bring runtime and plan from the master to VMs that configure themselves (Python 3.6 or newer, standard library only).

/**
 * Runs on a node: unpacks a compressed tar from standard input into the infrastructure's directory. Arguments: remote base directory,
 * infrastructure id, name of this run, name of the runtime. Ends with the exit code of a trial start of Ansible.
 */
const RECEIVE_PROGRAM = `
import os, shutil, stat, subprocess, sys, tarfile
base, inf, run, runtime = sys.argv[1:5]
os.umask(0o077)
if not os.path.isdir(base):
    os.makedirs(base, exist_ok=True)
    os.chmod(base, 0o1777)
root = os.path.join(base, inf)
os.makedirs(root, 0o700, exist_ok=True)
s = os.lstat(root)
if not stat.S_ISDIR(s.st_mode) or s.st_uid != os.getuid():
    sys.exit(root + ' belongs to another user of this machine')
runs = os.path.join(root, 'runs')
for name in os.listdir(runs) if os.path.isdir(runs) else []:
    if name != run:
        shutil.rmtree(os.path.join(runs, name), ignore_errors=True)
with tarfile.open(fileobj=sys.stdin.buffer, mode='r|gz') as archive:
    archive.extractall(root)
for name in ('cp', 'tmp', 'start'):
    os.makedirs(os.path.join(root, '.ansible', name), 0o700, exist_ok=True)
command = ['python3', os.path.join(root, '.ansible', 'start.py'), os.path.join(root, 'runtime', runtime, 'bin', 'ansible-playbook')]
trial = subprocess.run(command + ['--version'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       env=dict(os.environ, ANSIBLE_HOME=os.path.join(root, '.ansible'), LC_ALL='C.UTF-8'))
if trial.returncode != 0:
    sys.exit('Ansible does not start: ' + trial.stdout.decode(errors='replace')[-300:])
`;

/**
 * Runs on the master: sends the infrastructure's directory and the runtime to other nodes. Arguments: remote base directory,
 * infrastructure id, name of this run, directory of the runtime. Standard input: JSON list of {vm, host, port, user}. Prints one line of
 * JSON for each: {vm, problem}, problem null when all went well.
 */
export const DISTRIBUTE_PROGRAM = `
import concurrent.futures, json, os, shlex, subprocess, sys, tarfile, tempfile
base, inf, run, runtime = sys.argv[1:5]
nodes = json.loads(sys.stdin.buffer.read().decode())
os.umask(0o077)
root = os.path.join(base, inf)
name = os.path.basename(runtime)
receive = ${JSON.stringify(RECEIVE_PROGRAM)}

def kept(member):
    parts = member.name.split('/')
    if parts[0] in ('runs', 'runtime') or parts[:2] in (['.ansible', 'cp'], ['.ansible', 'tmp']) or '__pycache__' in parts:
        return None
    return owned(member)

def with_runtime(member):
    return None if '__pycache__' in member.name.split('/') else owned(member)

# A node that root logs in to would give the files to whoever has our number there.
def owned(member):
    member.uid = member.gid = 0
    member.uname = member.gname = 'root'
    return member

package = tempfile.TemporaryFile(dir=root)
with tarfile.open(fileobj=package, mode='w:gz', compresslevel=3) as archive:
    for item in sorted(os.listdir(root)):
        archive.add(os.path.join(root, item), item, filter=kept)
    archive.add(runtime, 'runtime/' + name, filter=with_runtime)
package.seek(0)
data = package.read()

def send(node):
    command = ['ssh', '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR',
               '-o', 'ConnectTimeout=30', '-i', os.path.join(root, 'ansible_key'), '-p', str(node['port']), '-l', node['user'], node['host'],
               ' '.join(shlex.quote(word) for word in ('python3', '-c', receive, base, inf, run, name))]
    try:
        done = subprocess.run(command, input=data, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=300)
        problem = None if done.returncode == 0 else done.stderr.decode(errors='replace').strip()[-300:] or 'exit code %d' % done.returncode
    except Exception as error:
        problem = str(error)[-300:]
    return {'vm': node['vm'], 'problem': problem}

with concurrent.futures.ThreadPoolExecutor(10) as pool:
    for answer in pool.map(send, nodes):
        print(json.dumps(answer), flush=True)
`;
