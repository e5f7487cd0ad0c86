// SPDX-License-Identifier: Apache-2.0
// Recipes that come with the daemon: which addresses they answer for, and when.
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { readShippedArtifacts, withShippedArtifacts } from '../../src/tosca/index.js';
import { loadYaml } from '../../src/yaml.js';
import { failureOf } from '../support/waiting.js';

const TASKS = 'https://raw.githubusercontent.com/grycap/tosca/main/artifacts/ansible_tasks.yml';
const OTHER = 'https://raw.githubusercontent.com/grycap/tosca/main/artifacts/other.yml';

describe('shipped recipes', () => {
  const artifacts = readShippedArtifacts(fileURLToPath(new URL('../../tosca/artifacts', import.meta.url)));
  const shipped = artifacts.get(TASKS) ?? '';
  const remote = async (url: string): Promise<string> => `remote ${url}`;
  const silent = async (): Promise<string> => {
    throw new Error('no network');
  };

  it('are playbooks', () => {
    expect(artifacts.size).to.be.greaterThan(0);
    for (const [url, text] of artifacts) expect(loadYaml(text), url).to.be.an('array').that.is.not.empty;
  });

  it('answer for their own address and no other', async () => {
    const fetch = withShippedArtifacts(remote, artifacts, false);
    expect(await fetch(TASKS)).to.equal(shipped);
    expect(await fetch(OTHER)).to.equal(`remote ${OTHER}`);
  });

  it('stand back where the network is asked first, until that fails', async () => {
    expect(await withShippedArtifacts(remote, artifacts, true)(TASKS)).to.equal(`remote ${TASKS}`);
    expect(await withShippedArtifacts(silent, artifacts, true)(TASKS)).to.equal(shipped);
    expect((await failureOf(withShippedArtifacts(silent, artifacts, true)(OTHER))).message).to.equal('no network');
  });

  it('do not hide that the caller has gone', async () => {
    const signal = AbortSignal.abort(new Error('gone'));
    const failure = await failureOf(withShippedArtifacts(silent, artifacts, true)(TASKS, signal));
    expect(failure.message).to.equal('gone');
  });
});
