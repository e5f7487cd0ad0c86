// SPDX-License-Identifier: Apache-2.0
// A Galaxy, a GitHub and a git host of our own on 127.0.0.1, with the answers that the real ansible-galaxy accepts.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createFetcher, type Fetcher } from '../../../../src/fetch/index.js';
import { packTar } from '../../../../src/ssh/index.js';

/** Files by path. */
export type Files = Readonly<Record<string, string>>;

/** A compressed archive of files in a directory of that name, as GitHub makes them. */
export const archiveOf = (files: Files, directory = ''): Buffer => {
  const paths = Object.keys(files).map((path) => `${directory}${path}`);
  const directories = [...new Set(paths.flatMap(parentsOf))];
  return gzipSync(
    packTar([
      ...directories.map((path) => ({ path, mode: 0o755 })),
      ...Object.entries(files).map(([path, content]) => ({ path: `${directory}${path}`, content, mode: 0o644 })),
    ]),
  );
};

/** A role that says a text. */
export const sayingRole = (text: string, dependencies: unknown = []): Files => ({
  'meta/main.yml': JSON.stringify({
    galaxy_info: {
      author: 'test',
      description: 'test',
      min_ansible_version: '2.9',
      license: 'Apache-2.0',
      platforms: [],
    },
    dependencies,
  }),
  'tasks/main.yml': `- name: say\n  debug: msg="role says ${text}"\n`,
});

/** A collection with a filter `shout` and a role `hello`. */
export const collectionFiles = (name: string, version: string, dependencies: Files = {}): Files => {
  const content: Files = {
    'plugins/filter/shout.py':
      'class FilterModule(object):\n    def filters(self):\n        return {"shout": lambda text: text.upper() + "!"}\n',
    'roles/hello/tasks/main.yml': `- name: hello\n  debug: msg="collection ${name} ${version} says {{ 'hello' | ${name}.shout }}"\n`,
    'meta/runtime.yml': "requires_ansible: '>=2.9'\n",
  };
  const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
  const directories = ['.', ...new Set(Object.keys(content).flatMap((path) => parentsOf(path)))];
  const entries = [
    ...directories.map((path) => ({ name: path, ftype: 'dir', chksum_type: null, chksum_sha256: null, format: 1 })),
    ...Object.entries(content).map(([path, text]) => ({
      name: path,
      ftype: 'file',
      chksum_type: 'sha256',
      chksum_sha256: sha(text),
      format: 1,
    })),
  ];
  const list = JSON.stringify({ files: entries, format: 1 });
  const [namespace, own] = name.split('.');
  const manifest = {
    collection_info: { namespace, name: own, version, authors: ['test'], readme: 'README.md', tags: [], dependencies },
    file_manifest_file: {
      name: 'FILES.json',
      ftype: 'file',
      chksum_type: 'sha256',
      chksum_sha256: sha(list),
      format: 1,
    },
    format: 1,
  };
  return { 'MANIFEST.json': JSON.stringify(manifest), 'FILES.json': list, ...content };
};

function parentsOf(path: string): readonly string[] {
  const parent = dirname(path);
  return parent === '.' ? [] : [...parentsOf(parent), parent];
}

/** What is published. Change it between runs to publish something new. */
export interface Galaxy {
  readonly port: number;
  /** Through the guard, with the mirrors that lead here. */
  readonly fetcher: Fetcher;
  /** Paths that were asked for. */
  readonly requests: string[];
  /** `user.role` → versions → files. Their archives are at "github.com". */
  readonly roles: Map<string, Record<string, Files>>;
  /** `namespace.name` → versions → files. */
  readonly collections: Map<string, Record<string, Files>>;
  /** Further answers by path. */
  readonly files: Map<string, Buffer>;
  /** Targets of redirects by path. */
  readonly redirects: Map<string, string>;
  /** Commits files to the repository of that name (at `/git/<name>`), and tags the commit. */
  commit(repository: string, files: Files, tag?: string): string;
  close(): Promise<void>;
}

/** Starts it. */
export async function startGalaxy(): Promise<Galaxy> {
  const directory = mkdtempSync(join(tmpdir(), 'im-galaxy-'));
  const roles: Galaxy['roles'] = new Map();
  const collections: Galaxy['collections'] = new Map();
  const files: Galaxy['files'] = new Map();
  const redirects: Galaxy['redirects'] = new Map();
  const requests: string[] = [];
  let port = 0;

  const collectionArchive = (name: string, version: string): Buffer | undefined => {
    const found = collections.get(name)?.[version];
    return found && archiveOf(found);
  };

  const answerFor = (url: URL): unknown => {
    const path = url.pathname;
    if (path === '/api/') return { available_versions: { v1: 'v1/', v3: 'v3/' }, current_version: 'v1' };
    if (path === '/api/v1/roles/') {
      const fullName = `${url.searchParams.get('owner__username')}.${url.searchParams.get('name')}`;
      const index = [...roles.keys()].indexOf(fullName);
      if (index === -1) return { count: 0, results: [] };
      const [user, repository] = fullName.split('.');
      const result = { id: index, github_user: user, github_repo: `ansible-${repository}`, github_branch: 'main' };
      return { count: 1, results: [{ ...result, name: repository, summary_fields: { versions: [] } }] };
    }
    const ofRole = /^\/api\/v1\/roles\/(\d+)\/versions\/$/.exec(path);
    if (ofRole) {
      const versions = [...roles.values()][Number(ofRole[1])] ?? {};
      return {
        results: Object.keys(versions)
          .filter((name) => name !== 'main')
          .map((name) => ({ name })),
        next: null,
      };
    }
    if (/^\/api\/v3\/collections\/\w+\/\w+\/$/.test(path))
      return { created_at: '2026-01-01', updated_at: '2026-01-01' };
    const ofCollection = /^\/api\/v3\/collections\/(\w+)\/(\w+)\/versions\/(?:([\w.-]+)\/)?$/.exec(path);
    if (ofCollection) {
      const [, namespace = '', name = '', version] = ofCollection;
      const all = Object.keys(collections.get(`${namespace}.${name}`) ?? {});
      if (version === undefined) {
        // Two answers, so that pages are turned.
        const offset = Number(url.searchParams.get('offset') ?? 0);
        const next = offset === 0 && all.length > 1 ? `${path}?limit=100&offset=1` : null;
        const page = offset === 0 ? all.slice(0, 1) : all.slice(1);
        return { meta: { count: all.length }, links: { next }, data: page.map((text) => ({ version: text })) };
      }
      const archive = collectionArchive(`${namespace}.${name}`, version);
      if (!archive) return undefined;
      const manifest = JSON.parse(collections.get(`${namespace}.${name}`)?.[version]?.['MANIFEST.json'] ?? '{}');
      return {
        namespace: { name: namespace },
        collection: { name },
        name,
        version,
        href: path,
        download_url: `http://127.0.0.1:${port}/download/${namespace}.${name}/${version}.tar.gz`,
        artifact: { sha256: createHash('sha256').update(archive).digest('hex'), size: archive.length },
        metadata: { dependencies: manifest.collection_info.dependencies },
        signatures: [],
      };
    }
    return undefined;
  };

  const bytesFor = (path: string): Buffer | undefined => {
    const given = files.get(path);
    if (given) return given;
    const ofCollection = /^\/download\/([\w.]+)\/([\w.-]+)\.tar\.gz$/.exec(path);
    if (ofCollection) return collectionArchive(ofCollection[1] ?? '', ofCollection[2] ?? '');
    const ofRole = /^\/github\/([\w-]+)\/ansible-([\w-]+)\/archive\/([\w.-]+)\.tar\.gz$/.exec(path);
    const found = ofRole && roles.get(`${ofRole[1]}.${ofRole[2]}`)?.[ofRole[3] ?? ''];
    return found ? archiveOf(found, `ansible-${ofRole[2]}-${ofRole[3]}/`) : undefined;
  };

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    requests.push(url.pathname);
    const target = redirects.get(url.pathname);
    if (target) {
      response.writeHead(302, { location: target }).end();
      return;
    }
    if (url.pathname.startsWith('/git/')) {
      serveGit(directory, url, request, response);
      return;
    }
    const bytes = bytesFor(url.pathname);
    const answer = bytes ?? answerFor(url);
    if (answer === undefined) response.writeHead(404).end('{"errors": []}');
    else if (bytes) response.end(bytes);
    else response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
  const fetcher = createFetcher({
    allowedNets: ['127.0.0.0/8'],
    mirrors: [
      { prefix: 'https://galaxy.ansible.com/', replacement: `http://127.0.0.1:${port}/` },
      { prefix: 'https://github.com/', replacement: `http://127.0.0.1:${port}/github/` },
    ],
    retries: 0,
    now: Date.now,
  });
  return {
    port,
    fetcher,
    requests,
    roles,
    collections,
    files,
    redirects,
    commit: (repository, content, tag) => {
      const work = join(directory, 'work', repository);
      const git = (...words: readonly string[]): string =>
        execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', '-c', 'init.defaultBranch=main', ...words], {
          cwd: work,
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'pipe'],
        }).trim();
      mkdirSync(work, { recursive: true });
      git('init', '--quiet');
      for (const [path, text] of Object.entries(content)) {
        mkdirSync(dirname(join(work, path)), { recursive: true });
        writeFileSync(join(work, path), text);
      }
      git('add', '--all');
      git('commit', '--quiet', '--allow-empty', '--message', 'x');
      if (tag) git('tag', tag);
      git('clone', '--quiet', '--mirror', '.', join(directory, `${repository}.new`));
      rmSync(join(directory, repository), { recursive: true, force: true });
      execFileSync('mv', [join(directory, `${repository}.new`), join(directory, repository)]);
      return git('rev-parse', 'HEAD');
    },
    close: async () => {
      await fetcher.close();
      await new Promise((resolve) => server.close(resolve));
      rmSync(directory, { recursive: true });
    },
  };
}

/** The smart protocol, by the program that comes with git. */
function serveGit(root: string, url: URL, request: IncomingMessage, response: ServerResponse): void {
  const child = spawn('git', ['http-backend'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {
      PATH: '/usr/bin:/bin',
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: url.pathname.slice('/git'.length),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
  });
  request.pipe(child.stdin);
  const parts: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => parts.push(chunk));
  child.on('close', () => {
    const answer = Buffer.concat(parts);
    const end = answer.indexOf('\r\n\r\n');
    for (const line of answer.toString('latin1', 0, end).split('\r\n')) {
      const [name = '', value = ''] = line.split(': ');
      if (name === 'Status') response.statusCode = Number.parseInt(value, 10);
      else if (name !== '') response.setHeader(name, value);
    }
    response.end(answer.subarray(end + 4));
  });
}
