// SPDX-License-Identifier: Apache-2.0
// The import rules on small trees, and on what TypeScript source can look like.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { checkTree } from '../../scripts/lint-imports/check-tree.js';
import { ROOMS } from '../../scripts/lint-imports/rooms.js';
import { readSource } from '../../scripts/lint-imports/source-imports.js';

const check = (tree: Readonly<Record<string, string>>): readonly string[] =>
  checkTree(new Map(Object.entries(tree))).map(({ file, line, message }) => `${file}:${line}: ${message}`);

/** Violations of one import from one file to another. */
const edge = (from: string, to: string, statement = 'import { x } from'): readonly string[] => {
  const up = '../'.repeat(from.split('/').length - 1) || './';
  return check({ [from]: `${statement} '${up}${to.replace(/\.ts$/, '.js')}';\n`, [to]: '' });
};

describe('import rules', () => {
  it('let imports go down', () => {
    const allowed: readonly (readonly [string, string])[] = [
      ['api/rest/app.ts', 'manager/create.ts'],
      ['manager/create.ts', 'operations/engine.ts'],
      ['operations/engine.ts', 'store/store.ts'],
      ['operations/engine.ts', 'connectors/registry.ts'],
      ['placement/place.ts', 'connectors/connector.ts'],
      ['contextualization/runner.ts', 'ssh/connection.ts'],
      ['connectors/docker/client.ts', 'connectors/shared/names.ts'],
      ['connectors/docker/client.ts', 'connectors/docker/states.ts'],
      ['connectors/docker/client.ts', 'connectors/connector.ts'],
      ['connectors/registry.ts', 'connectors/docker/connector.ts'],
      ['api/rest/app.ts', 'api/shared/body.ts'],
      ['radl/parse.ts', 'yaml.ts'],
      ['tosca/parse.ts', 'yaml.ts'],
      ['config/load.ts', 'util/ini.ts'],
      ['main.ts', 'observability/metrics.ts'],
      ['daemon.ts', 'connectors/docker/client.ts'],
    ];
    for (const [from, to] of allowed) expect(edge(from, to), `${from} -> ${to}`).to.deep.equal([]);
  });

  it('let none go up or sideways', () => {
    const forbidden: readonly (readonly [string, string, RegExp])[] = [
      ['util/x.ts', 'domain/x.ts', /util may import nothing, not domain/],
      ['yaml.ts', 'util/x.ts', /yaml may import nothing, not util/],
      ['radl/parse.ts', 'util/x.ts', /radl may import yaml, not util/],
      ['config/load.ts', 'domain/errors.ts', /config may import util, not domain/],
      ['domain/x.ts', 'store/store.ts', /domain may import .* not store/],
      ['store/store.ts', 'operations/engine.ts', /not operations/],
      ['operations/engine.ts', 'manager/create.ts', /not manager/],
      ['manager/create.ts', 'api/rest/app.ts', /not api/],
      ['manager/create.ts', 'observability/metrics.ts', /not observability/],
      ['api/rest/app.ts', 'store/store.ts', /not store/],
      ['api/rest/app.ts', 'api/xmlrpc/app.ts', /an API never imports another API; .* api\/shared\//],
      ['connectors/docker/x.ts', 'connectors/dummy/x.ts', /a connector never imports another connector/],
      ['connectors/shared/x.ts', 'connectors/dummy/x.ts', /a connector never imports another connector/],
      ['placement/place.ts', 'connectors/registry.ts', /only the contract of connectors/],
      ['operations/engine.ts', 'connectors/docker/client.ts', /only the contract and registry of connectors/],
      ['ssh/x.ts', 'main.ts', /nobody imports main, the composition root/],
      ['observability/x.ts', 'config/config.ts', /observability may import util, yaml, not config/],
    ];
    for (const [from, to, message] of forbidden) {
      const violations = edge(from, to);
      expect(violations, `${from} -> ${to}`).to.have.length(1);
      expect(violations[0]).to.match(message);
      expect(violations[0]?.startsWith(`${from}:1: `)).to.equal(true);
    }
  });

  it('count types like everything else, except where only types are allowed', () => {
    expect(edge('domain/x.ts', 'store/x.ts', 'import type { X } from')).to.have.length(1);
    expect(edge('operations/x.ts', 'ssh/x.ts', 'import type { X } from')).to.deep.equal([]);
    expect(edge('operations/x.ts', 'ssh/x.ts', 'import { type X, type Y } from')).to.deep.equal([]);
    expect(edge('operations/x.ts', 'ssh/x.ts', 'import { type X, y } from')).to.have.length(1);
    expect(edge('api/rest/x.ts', 'observability/x.ts')[0]).to.match(/may import only types from observability/);
  });

  it('keep packages in their rooms', () => {
    expect(check({ 'manager/x.ts': "import winston from 'winston';" })[0]).to.match(/only observability uses winston/);
    expect(check({ 'observability/x.ts': "import { createLogger } from 'winston';" })).to.deep.equal([]);
    expect(check({ 'manager/x.ts': "import { x } from 'express';" })).to.deep.equal([]);
  });

  it('keep the environment to main and daemon', () => {
    expect(check({ 'ssh/x.ts': '\nconst a = process.env.PATH;' })).to.deep.equal([
      'ssh/x.ts:2: only main and daemon read process.env; take the value from Config',
    ]);
    expect(check({ 'ssh/x.ts': "import { env } from 'node:process';" })).to.have.length(1);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: source text that holds a template
    expect(check({ 'ssh/x.ts': 'const a = `${process.env.PATH}`;' })).to.have.length(1);
    expect(check({ 'ssh/x.ts': "const a = process['env'];" })).to.have.length(1);
    expect(check({ 'ssh/x.ts': '// process.env\nconst a = "x"; /* process.env */' })).to.deep.equal([]);
    expect(check({ 'main.ts': 'process.env.PATH;', 'daemon.ts': 'process.env.PATH;' })).to.deep.equal([]);
  });

  it('find circles, also within a room, but not among types', () => {
    const circle = {
      'radl/a.ts': "import { b } from './b.js';",
      'radl/b.ts': "import { c } from './c.js';",
      'radl/c.ts': "\nexport { a } from './a.js';",
    };
    expect(check(circle)).to.deep.equal([
      'radl/c.ts:2: imports go in a circle: radl/a.ts -> radl/b.ts -> radl/c.ts -> radl/a.ts',
    ]);
    expect(check({ ...circle, 'radl/c.ts': "import type { A } from './a.js';" })).to.deep.equal([]);
  });

  it('refuse files outside of any room and imports from outside of src', () => {
    expect(check({ 'helpers/x.ts': '' })[0]).to.match(/helpers is no room of the architecture table/);
    expect(check({ 'version.ts': '' })[0]).to.match(/version is no room/);
    expect(check({ 'main.ts': "import x from '../package.json';" })[0]).to.match(/src imports nothing from outside/);
  });

  it('have no circles among the rooms themselves', () => {
    const visit = (room: string, path: readonly string[]): void => {
      expect(path, `circle through ${room}`).to.not.include(room);
      for (const next of Object.keys(ROOMS.get(room) ?? {})) visit(next, [...path, room]);
    };
    for (const room of ROOMS.keys()) visit(room, []);
  });
});

describe('reading imports', () => {
  const specifiersIn = (source: string) =>
    readSource(source).imports.map((found) => `${found.line} ${found.specifier}`);

  it('finds every form', () => {
    const source = [
      "import a from './a.js';",
      "import * as b from './b.js';",
      "import c, { d as e } from './c.js';",
      "import './side.js';",
      "export * from './f.js';",
      "export * as g from './g.js';",
      'export {',
      '  h,',
      '  i as j,',
      '} from "./h.js";',
      "const k = await import('./k.js');",
      "const l = require('./l.js');",
      "export type { M } from './m.js'; import type { N } from './n.js';",
    ].join('\n');
    expect(specifiersIn(source)).to.have.members([
      '1 ./a.js',
      '2 ./b.js',
      '3 ./c.js',
      '4 ./side.js',
      '5 ./f.js',
      '6 ./g.js',
      '7 ./h.js',
      '11 ./k.js',
      '12 ./l.js',
      '13 ./m.js',
      '13 ./n.js',
    ]);
  });

  it('is not fooled by comments, templates, regular expressions and exports that are none', () => {
    const source = [
      "// import { a } from './a.js';",
      "/* import { a } from './a.js'; */",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: source text that holds a template
      "const t = `import { a } from './a.js'; ${f(`}`)} import './b.js'`;",
      'const r = /["\'`]/.test(x) ? 1 : 2;',
      'const d = 4 / 2; // "',
      "export const from = 'text';",
      "export function f() { return 'from'; }",
      "const s = 'it\\'s // no comment';",
      "import { real } from './real.js';",
    ].join('\n');
    expect(specifiersIn(source)).to.deep.equal(['9 ./real.js']);
  });
});

describe('scripts/lint-imports.ts', () => {
  const script = fileURLToPath(new URL('../../scripts/lint-imports.ts', import.meta.url));
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'im-lint-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };

  it('passes a clean tree', () => {
    write('util/a.ts', '');
    write('config/b.ts', "import { a } from '../util/a.js';");
    const output = execFileSync(process.execPath, ['--import', 'tsx', script, root], { encoding: 'utf8' });
    expect(output).to.equal('import rules: 2 files, 0 violations\n');
  });

  it('fails with file, line and rule', () => {
    write('util/a.ts', "\nimport { b } from '../config/b.js';");
    write('config/b.ts', '');
    const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', script, root], { encoding: 'utf8' });
    expect(status).to.equal(1);
    expect(stderr).to.equal('src/util/a.ts:2: util may import nothing, not config (imports config/b.ts)\n');
  });
});
