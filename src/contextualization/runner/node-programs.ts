// SPDX-License-Identifier: Apache-2.0
// The fixed Python programs that run on the control node (Python 3.6 or newer, standard library only). They hold no data: values come
// as arguments, secrets on standard input.

/**
 * Unpacks a tar from standard input into the infrastructure's directory. Arguments: remote base directory, infrastructure id, directory
 * of this run. Each file is replaced in one step; running tasks never see half of one. What earlier runs left is removed. Prints how
 * much memory is free, by the machine and by our control group, if they say so.
 */
export const UNPACK_PROGRAM = `
import io, os, shutil, stat, sys, tarfile
base, inf, run = sys.argv[1:4]
os.umask(0o077)
if not os.path.isdir(base):
    os.makedirs(base, exist_ok=True)
    os.chmod(base, 0o1777)
root = os.path.join(base, inf)
os.makedirs(root, 0o700, exist_ok=True)
s = os.lstat(root)
if not stat.S_ISDIR(s.st_mode) or s.st_uid != os.getuid():
    sys.exit(root + ' belongs to another user of this machine')
os.chmod(root, 0o700)
with tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read()), mode='r:') as archive:
    for member in archive:
        path = os.path.join(root, member.name)
        if member.isdir():
            os.makedirs(path, 0o700, exist_ok=True)
            continue
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
        fd = os.open(path + '.new', os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(fd, 'wb') as f:
            f.write(archive.extractfile(member).read())
            os.fchmod(f.fileno(), member.mode)
        os.replace(path + '.new', path)
runs = os.path.dirname(run)
for name in os.listdir(runs) if os.path.isdir(runs) else []:
    if name != os.path.basename(run):
        shutil.rmtree(os.path.join(runs, name), ignore_errors=True)

def number(path, name=None):
    try:
        with open(path) as f:
            for line in f:
                words = line.split()
                if name is None or words[0] == name:
                    return int(words[0 if name is None else 1])
    except (OSError, ValueError, IndexError):
        pass

free = []
available = number('/proc/meminfo', 'MemAvailable:')
if available is not None:
    free.append(available * 1024)
for limit, used in (('/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory.current'),
                    ('/sys/fs/cgroup/memory/memory.limit_in_bytes', '/sys/fs/cgroup/memory/memory.usage_in_bytes')):
    limit, used = number(limit), number(used)
    if limit is not None and used is not None:
        free.append(max(0, limit - used))
if free:
    print('free %d MiB' % (min(free) >> 20))
`;

/**
 * Starts a task unless it was started before, and follows it. Arguments: directory of the task, offset in its event file. Standard
 * input: one line of JSON (see task-process.ts); its end means that nobody follows any more. Standard output: the event file from the
 * offset. Standard error, last: one line of JSON, {"exit": code, "oom": bool} or {"lost": 0, "oom": bool}: `oom` when the kernel ended
 * processes for lack of memory meanwhile.
 *
 * The supervisor outlives the connection. It makes the directory under another name and renames it: whoever is second loses, so a
 * task runs once whatever happens to daemon and connection.
 */
export const TASK_PROGRAM = String.raw`
import json, os, select, shutil, signal, stat, subprocess, sys, time
where, offset = sys.argv[1], int(sys.argv[2])
spec = json.loads(sys.stdin.buffer.readline().decode())
# What we write is private; what a recipe writes on the control node has the permissions that its user is used to.
usual_umask = os.umask(0o077)
# Only what was read above belongs to us; select() below must see the rest.
def started():
    return os.path.exists(os.path.join(where, 'pid'))

def birth(pid):
    try:
        with open('/proc/%d/stat' % pid, 'rb') as f:
            fields = f.read().rsplit(b')', 1)[1].split()
        return None if fields[0] in (b'Z', b'X') else fields[19].decode()
    except OSError:
        return None

def write(path, text):
    with open(path + '.new', 'w') as f:
        f.write(text)
    os.rename(path + '.new', path)

# Processes that the kernel has ended for lack of memory, here or in our control group, as far as it tells.
def oom_kills():
    total = 0
    for path in ('/proc/vmstat', '/sys/fs/cgroup/memory.events', '/sys/fs/cgroup/memory/memory.oom_control'):
        try:
            with open(path) as f:
                total += sum(int(line.split()[1]) for line in f if line.startswith('oom_kill '))
        except (OSError, ValueError, IndexError):
            pass
    return total

def secret_place():
    for parent in ('/dev/shm', '/run/user/%d' % os.getuid(), where):
        if not (os.path.isdir(parent) and os.access(parent, os.W_OK)):
            continue
        path = os.path.join(parent, spec['secrets_name'])
        try:
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            os.mkdir(path, 0o700)
            return path
        except OSError:
            continue
    raise RuntimeError('no place for secrets')

def supervise():
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    mine = '%s.%d' % (where, os.getpid())
    os.mkdir(mine, 0o700)
    events = os.open(os.path.join(mine, 'events'), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    write(os.path.join(mine, 'oom_kills'), str(oom_kills()))
    write(os.path.join(mine, 'pid'), '%d %s' % (os.getpid(), birth(os.getpid())))
    try:
        os.rename(mine, where)
    except OSError:
        shutil.rmtree(mine, ignore_errors=True)
        return
    code, hidden = 254, None
    try:
        hidden = secret_place()
        for name, text in spec['secrets'].items():
            with open(os.path.join(hidden, name), 'w') as f:
                f.write(text)
        for name, text in spec['files'].items():
            with open(os.path.join(where, name), 'w') as f:
                f.write(text)
        places = {'{secrets}': hidden, '{task}': where}
        command = []
        for word in spec['command']:
            for mark, path in places.items():
                word = word.replace(mark, path)
            command.append(word)
        environment = dict(os.environ)
        environment.update(spec['environment'])
        environment['IM_SECRETS'] = hidden
        child = subprocess.Popen(command, cwd=spec['directory'], env=environment, stdin=null, stdout=events, stderr=events,
                                 start_new_session=True, preexec_fn=lambda: os.umask(usual_umask))
        try:
            code = child.wait(timeout=spec['limit_seconds'])
        except subprocess.TimeoutExpired:
            os.write(events, b'ERROR: the time limit of the task has passed\n')
            os.killpg(child.pid, signal.SIGKILL)
    except Exception as error:
        os.write(events, ('ERROR: the task could not be started: %s\n' % error).encode())
    finally:
        if hidden:
            shutil.rmtree(hidden, ignore_errors=True)
        write(os.path.join(where, 'exit'), str(code))

def start():
    if os.fork() == 0:
        try:
            if os.fork() == 0:
                supervise()
        finally:
            os._exit(0)
    os.wait()
    for _ in range(200):
        if started():
            return
        time.sleep(0.05)
    sys.exit('the task did not start')

def follow():
    with open(os.path.join(where, 'pid')) as f:
        pid, born = f.read().split()
    ended = os.path.join(where, 'exit')
    try:
        with open(os.path.join(where, 'oom_kills')) as f:
            kills_before = int(f.read())
    except (OSError, ValueError):
        kills_before = oom_kills()
    with open(os.path.join(where, 'events'), 'rb') as f:
        f.seek(offset)
        while True:
            over = os.path.exists(ended)
            lost = not over and birth(int(pid)) != born and not os.path.exists(ended)
            data = f.read(65536)
            if data:
                sys.stdout.buffer.write(data)
                sys.stdout.buffer.flush()
            elif over:
                with open(ended) as e:
                    return {'exit': int(e.read()), 'oom': oom_kills() > kills_before}
            elif lost:
                return {'lost': 0, 'oom': oom_kills() > kills_before}
            else:
                ready, _, _ = select.select([0], [], [], 0.05)
                if ready and not os.read(0, 4096):
                    return {'left': True}

os.makedirs(os.path.dirname(where), 0o700, exist_ok=True)
if not started():
    start()
sys.stderr.write(json.dumps(follow()) + '\n')
`;
