// SPDX-License-Identifier: Apache-2.0
// The list of runtime bundles: reading it, and choosing what a node can run.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  chooseBundle,
  coreOf,
  MANIFEST_FORMAT,
  pythonRangeOf,
  type RuntimeBundle,
  readManifest,
} from '../../../src/contextualization/runtime/index.js';

const bundle = (ansibleCore: string, min: string, max: string): RuntimeBundle => ({
  file: `${'a'.repeat(64)}.tar.gz`,
  sha256: 'a'.repeat(64),
  bytes: 1,
  ansibleCore,
  python: { min, max },
  collections: ['ansible.posix'],
});

describe('readManifest', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'im-manifest-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const failure = async (): Promise<string> => {
    try {
      await readManifest(directory);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    throw new Error('it did not fail');
  };

  it('reads what set-up wrote', async () => {
    const bundles = [bundle('2.14.18', '3.9', '3.11')];
    writeFileSync(join(directory, 'manifest.json'), JSON.stringify({ format: MANIFEST_FORMAT, bundles }));
    expect((await readManifest(directory)).bundles).to.deep.equal(bundles);
  });

  it('names the command that makes a missing one', async () => {
    expect(await failure()).to.match(
      /The Ansible runtime bundle is missing: no .*manifest\.json\. Make it with: npm run/,
    );
  });

  it('refuses damaged ones, and file names that leave the directory', async () => {
    const good = bundle('2.14.18', '3.9', '3.11');
    const bad = [
      '{',
      '[]',
      JSON.stringify({ format: 99, bundles: [] }),
      JSON.stringify({ format: MANIFEST_FORMAT, bundles: [{ ...good, file: '../secret' }] }),
      JSON.stringify({ format: MANIFEST_FORMAT, bundles: [{ ...good, sha256: 'x; rm -rf /' }] }),
    ];
    for (const text of bad) {
      writeFileSync(join(directory, 'manifest.json'), text);
      expect(await failure(), text).to.contain('cannot be read');
    }
  });
});

describe('the version that a document asks for', () => {
  it('is one of the Ansible package or of ansible-core', () => {
    const asked = ['9.5.1', '10', '3.0', '2.16.7', '2.9', 'latest', ''];
    expect(asked.map(coreOf)).to.deep.equal(['2.16', '2.17', '2.10', '2.16', '2.9', undefined, undefined]);
    for (const text of ['newest', '1.9', '2', '9.5.1; rm']) expect(() => coreOf(text), text).to.throw('is no version');
  });
});

describe('chooseBundle', () => {
  it('takes only the version that is asked for', () => {
    expect(chooseBundle(bundles, '3.11.2', '2.14')?.ansibleCore).to.equal('2.14.18');
    expect(chooseBundle(bundles, '3.11.2', '2.1')).to.equal(undefined);
  });

  const bundles = [bundle('2.9.27', '3.5', '3.8'), bundle('2.14.18', '3.9', '3.11'), bundle('2.18.1', '3.11', '3.13')];

  it('takes the newest Ansible that the Python can run, patch levels of the bounds not counting', () => {
    expect(chooseBundle(bundles, '3.9.2')?.ansibleCore).to.equal('2.14.18');
    expect(chooseBundle(bundles, '3.11.2')?.ansibleCore).to.equal('2.18.1');
    expect(chooseBundle(bundles, '3.13.9')?.ansibleCore).to.equal('2.18.1');
    expect(chooseBundle(bundles, '3.8.10')?.ansibleCore).to.equal('2.9.27');
  });

  it('takes an Ansible with the newer template engine only when it is asked for, or no other one fits', () => {
    const more = [...bundles, bundle('2.19.14', '3.11', '3.13'), bundle('2.21.5', '3.12', '3.14')];
    expect(chooseBundle(more, '3.12.3')?.ansibleCore).to.equal('2.18.1');
    expect(chooseBundle(more, '3.12.3', '2.21')?.ansibleCore).to.equal('2.21.5');
    expect(chooseBundle(more, '3.14.0')?.ansibleCore).to.equal('2.21.5');
  });

  it('finds none for a Python that is too old or too new', () => {
    expect(chooseBundle(bundles, '3.4.0')).to.equal(undefined);
    expect(chooseBundle(bundles, '3.14.0')).to.equal(undefined);
  });
});

describe('pythonRangeOf', () => {
  it('knows the releases, and trusts an unknown one only where it was found', () => {
    expect(pythonRangeOf('2.14.18', '3.11.2')).to.deep.equal({ min: '3.9', max: '3.11' });
    expect(pythonRangeOf('2.99.0', '3.15.1')).to.deep.equal({ min: '3.15', max: '3.15' });
  });
});
