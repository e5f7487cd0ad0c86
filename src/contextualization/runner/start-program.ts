// SPDX-License-Identifier: Apache-2.0
// The fixed Python program through which Ansible is started on the control node (Python 3.6 or newer).

/** Where it lies in the infrastructure's directory. */
export const START_PATH = '.ansible/start.py';
/** Where it keeps what it has read, in the infrastructure's directory. */
export const START_CACHE = '.ansible/start';

/**
 * Starts a command of the runtime. Arguments: the command's file, its arguments.
 *
 * Every start of Ansible reads two large YAML files of its own, which without a compiled reader costs as much as all the rest of the
 * start. Their contents are kept in a form that is read at once, known by the hash of the text. Only these two are: whatever recipes
 * read may be secret and stays out of files. When anything is not as expected the command starts as ever.
 */
export const START_PROGRAM = `import hashlib, os, pickle, runpy, sys

CACHE = os.path.join(os.path.dirname(os.path.realpath(__file__)), 'start')
FILES = ('base.yml', 'ansible_builtin_runtime.yml')

def quicken(lib):
    import yaml
    load = yaml.load
    known = set()
    for name in FILES:
        with open(os.path.join(lib, 'ansible', 'config', name), 'rb') as f:
            known.add(hashlib.sha256(f.read()).hexdigest())
    safe = [loader for loader in (yaml.SafeLoader, getattr(yaml, 'CSafeLoader', None)) if loader]
    def quick(stream, Loader):
        if Loader not in safe:
            return load(stream, Loader)
        text = stream.read() if hasattr(stream, 'read') else stream
        data = text.encode() if isinstance(text, str) else text
        key = hashlib.sha256(data).hexdigest()
        if key not in known:
            return load(text, Loader)
        path = os.path.join(CACHE, '%s.%d.%d' % ((key,) + sys.version_info[:2]))
        try:
            with open(path, 'rb') as f:
                return pickle.load(f)
        except Exception:
            pass
        value = load(text, Loader)
        mine = '%s.%d' % (path, os.getpid())
        try:
            with open(mine, 'wb') as f:
                pickle.dump(value, f, 4)
            os.rename(mine, path)
        except Exception:
            if os.path.exists(mine):
                os.unlink(mine)
        return value
    yaml.load = quick

sys.argv = sys.argv[1:]
library = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(sys.argv[0]))), 'lib')
if os.path.isdir(os.path.join(library, 'yaml')):
    sys.path[0] = library
    try:
        quicken(library)
    except Exception:
        pass
runpy.run_path(sys.argv[0], run_name='__main__')
`;
