// SPDX-License-Identifier: Apache-2.0
// The fixed programs that find and end the processes of a run on a node (Python 3.6 or newer, standard library only).
import { shellQuote } from '../../ssh/index.js';

/**
 * Lists the processes of a run that this user may look into. Arguments: mark of the run, infrastructure's directory. They are known by
 * the mark in their environment; ssh writes its title over its environment, so shared connections are known by their place. Root
 * alone is not enough: in a container it may not read the environment of other users' processes.
 */
const LIST_PROGRAM = String.raw`
import os, sys
marker = ('LC_IM_RUN=' + sys.argv[1]).encode()
shared = ('ssh: ' + sys.argv[2] + '/.ansible/cp/').encode()

def marked():
    for name in os.listdir('/proc'):
        if not name.isdigit():
            continue
        try:
            with open('/proc/%s/cmdline' % name, 'rb') as f:
                if f.read().startswith(shared):
                    yield int(name)
                    continue
            with open('/proc/%s/environ' % name, 'rb') as f:
                if marker in f.read().split(b'\0'):
                    yield int(name)
        except OSError:
            pass
`;

/** Prints the numbers of the processes that are to be ended. Arguments: mark, directory. */
export const LIST_MARKED_PROGRAM = `${LIST_PROGRAM}
print(' '.join(str(pid) for pid in marked()))
`;

/**
 * Ends processes with all their descendants. Arguments: mark, directory, beginning of the names of the places for secrets, numbers of
 * further processes. All are stopped first, so that none starts another while they are counted.
 */
export const KILL_PROGRAM = `${LIST_PROGRAM}
import shutil, signal

def parents():
    found = {}
    for name in os.listdir('/proc'):
        try:
            with open('/proc/%s/stat' % int(name), 'rb') as f:
                found[int(name)] = int(f.read().rsplit(b')', 1)[1].split()[1])
        except (OSError, ValueError):
            pass
    return found

roots = set(int(word) for word in sys.argv[4:])
victims = set()
for _ in range(20):
    tree = parents()
    spared, pid = set(), os.getpid()
    while pid in tree:
        spared.add(pid)
        pid = tree[pid]
    found = (roots & set(tree)) | set(marked()) | victims
    size = -1
    while size != len(found):
        size = len(found)
        found.update(child for child, parent in tree.items() if parent in found)
    fresh = found - spared - victims
    if not fresh:
        break
    for pid in fresh:
        victims.add(pid)
        try:
            os.kill(pid, signal.SIGSTOP)
        except OSError:
            pass
for pid in victims:
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass
users = ['/run/user/' + name for name in os.listdir('/run/user')] if os.path.isdir('/run/user') else []
for place in ['/dev/shm'] + users:
    for name in os.listdir(place) if os.path.isdir(place) else []:
        if name.startswith(sys.argv[3]):
            shutil.rmtree(os.path.join(place, name), ignore_errors=True)
`;

/**
 * The same as root: an inner program for the bootstrap's OUTER_SCRIPT. Lines after `begin`: mark, directory, beginning of the names of
 * the places for secrets, numbers of processes.
 */
export const KILL_SCRIPT = `
while read -r line; do [ "$line" = begin ] && break; done
read -r mark; read -r directory; read -r secrets; read -r numbers
exec python3 -c ${shellQuote(KILL_PROGRAM)} "$mark" "$directory" "$secrets" $numbers
`;
