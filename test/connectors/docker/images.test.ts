// SPDX-License-Identifier: Apache-2.0
// Getting images: registries with ports, digests, failures, images that are there already (docker.md §3, §7 numbers 12 and 13).
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { launchAll, launchRequest, memoryLedger } from '../support.js';
import { connectDocker, docker, leftoversOf, requireEngine, sweep } from './engine.js';
import { type ImageRegistry, startRegistry } from './image-registry.js';

describe('Docker images', function () {
  this.timeout(60_000);
  let infrastructureId: string;
  let registry: ImageRegistry | undefined;

  before(function () {
    return requireEngine(this);
  });

  beforeEach(() => {
    infrastructureId = randomUUID();
  });

  afterEach(async () => {
    await registry?.close();
    registry = undefined;
    await sweep(infrastructureId);
  });

  /** Launches a node from an image that has no shell in it: whatever the image, the launch fails, but how far it came tells. */
  const launch = async (image: string): Promise<string> => {
    const connector = connectDocker();
    const request = await launchRequest({
      connector,
      infrastructureId,
      resources: memoryLedger(infrastructureId, connector.cloud),
      radl: `network priv (outbound = 'no')
system node (net_interface.0.connection = 'priv' and disk.1.mount_path = '/d' and disk.0.image.url = 'docker://${image}')`,
    });
    const [outcome] = await launchAll(connector, request);
    return outcome?.ok === false ? outcome.message : 'launched';
  };

  it('are pulled from a registry with port, once (13)', async () => {
    registry = await startRegistry(true);
    const image = `${registry.host}/team/img:2`;
    try {
      expect(await launch(image)).to.match(/^Error (creating|starting) the Container/);
      expect(registry.pulls).to.not.have.length(0);
      const pulls = registry.pulls.length;
      expect(await docker('image', 'inspect', '-f', '{{.Id}}', image)).to.match(/^sha256:/);
      expect(await launch(image)).to.match(/^Error (creating|starting) the Container/);
      expect(registry.pulls).to.have.length(pulls);
      await registry.close();
      expect(await launch(image)).to.match(/^Error (creating|starting) the Container/);
    } finally {
      await docker('image', 'rm', '-f', image);
    }
  });

  it('are pulled by digest', async () => {
    registry = await startRegistry(true);
    const image = `${registry.host}/team/img@${registry.digest}`;
    try {
      expect(await launch(image)).to.match(/^Error (creating|starting) the Container/);
    } finally {
      await docker('image', 'rm', '-f', image);
    }
  });

  it('that the registry does not have fail the launch before anything is made (12)', async () => {
    registry = await startRegistry(true);
    expect(await launch(`${registry.host}/team/img:no-such-tag`)).to.match(/^Error pulling the image: ./);
    expect(await leftoversOf(infrastructureId)).to.deep.equal([]);
  });

  it('whose content is missing fail the launch with the reason from the progress stream', async () => {
    registry = await startRegistry(false);
    expect(await launch(`${registry.host}/team/img:2`)).to.match(/^Error pulling the image: ./);
    expect(await leftoversOf(infrastructureId)).to.deep.equal([]);
  });

  it('of a registry that cannot be reached fail the launch', async () => {
    expect(await launch('localhost:1/team/img:2')).to.match(/^Error pulling the image: .*localhost:1/);
    expect(await leftoversOf(infrastructureId)).to.deep.equal([]);
  });
});
