// SPDX-License-Identifier: Apache-2.0
// The fixed Python program that puts roles and collections into the infrastructure's directory (Python 3.6 or newer, standard library only).

/**
 * Arguments: infrastructure's directory, then either a SHA-256 (the content comes on standard input, compressed by gzip) or nothing
 * (a JSON map from path to SHA-256 comes on standard input). Contents lie under their checksum; the paths that recipes use are links,
 * each changed in one step. The map removes links of ours that are not in it, and prints JSON `{"missing": [SHA-256...]}`; only when
 * nothing is missing anything is changed.
 */
export const CONTENT_PROGRAM = `
import gzip, hashlib, io, json, os, shutil, sys, tarfile, tempfile
root = sys.argv[1]
os.umask(0o077)
store = os.path.join(root, 'content')

def complete(sha):
    try:
        with open(os.path.join(store, sha, '.files')) as f:
            expected = int(f.read())
    except (OSError, ValueError):
        return False
    top = os.path.join(store, sha, 'content')
    return sum(len(names) for _, dirs, names in os.walk(top)) + sum(
        1 for base, dirs, _ in os.walk(top) for d in dirs if os.path.islink(os.path.join(base, d))) >= expected

def install(sha):
    os.makedirs(store, 0o700, exist_ok=True)
    data = gzip.decompress(sys.stdin.buffer.read())
    if hashlib.sha256(data).hexdigest() != sha:
        sys.exit('the content was damaged on its way')
    fresh = tempfile.mkdtemp(prefix='.new-', dir=store)
    try:
        count = 0
        with tarfile.open(fileobj=io.BytesIO(data), mode='r:') as archive:
            for member in archive:
                path = os.path.join(fresh, 'content', member.name)
                os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
                count += 1
                if member.issym():
                    os.symlink(member.linkname, path)
                    continue
                fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
                with os.fdopen(fd, 'wb') as f:
                    f.write(archive.extractfile(member).read())
                    os.fchmod(f.fileno(), member.mode)
        with open(os.path.join(fresh, '.files'), 'w') as f:
            f.write(str(count))
        target = os.path.join(store, sha)
        if os.path.isdir(target):
            os.rename(target, fresh + '.old')
        os.rename(fresh, target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(fresh + '.old', ignore_errors=True)

def ours(path):
    return os.path.islink(path) and ('/content/' in os.readlink(path))

def places():
    found = []
    for base, depth in (('roles', 1), ('collections/ansible_collections', 2)):
        level = [base]
        for _ in range(depth):
            level = [os.path.join(p, n) for p in level if os.path.isdir(os.path.join(root, p)) and not os.path.islink(os.path.join(root, p))
                     for n in os.listdir(os.path.join(root, p))]
        found += level
    return found

def link(wanted):
    missing = sorted(set(sha for sha in wanted.values() if not complete(sha)))
    if not missing:
        for path, sha in sorted(wanted.items()):
            where = os.path.join(root, path)
            if os.path.lexists(where) and not ours(where):
                sys.exit(where + ' is in the way of a role or collection of the document: remove it')
            os.makedirs(os.path.dirname(where), 0o700, exist_ok=True)
            target = os.path.join(os.path.relpath(store, os.path.dirname(where)), sha, 'content')
            if os.path.lexists(where + '.new'):
                os.remove(where + '.new')
            os.symlink(target, where + '.new')
            os.rename(where + '.new', where)
        for path in places():
            if path not in wanted and ours(os.path.join(root, path)):
                os.remove(os.path.join(root, path))
        for name in os.listdir(store) if os.path.isdir(store) else []:
            if name not in wanted.values():
                shutil.rmtree(os.path.join(store, name), ignore_errors=True)
    print(json.dumps({'missing': missing}))

if len(sys.argv) > 2:
    install(sys.argv[2])
else:
    link(json.load(sys.stdin))
`;
