// SPDX-License-Identifier: Apache-2.0
// The shared concrete step: one candidate per accepted image.
import { expect } from 'chai';
import { imageCandidates, parseImageUrl } from '../../../src/connectors/shared/image-candidates.js';
import { parseRadl, printSystem, type System } from '../../../src/radl/index.js';
import { cloud } from '../support.js';

const system = (features: string): System => parseRadl(`system s (${features})`).systems[0]!;
const here = cloud('Test', { server: 'srv', port: 1234 });
const rules = {
  refusal: ({ scheme }: { scheme: string }) => (scheme === 'tst' ? undefined : 'wrong scheme'),
  complete: () => {},
};

describe('parseImageUrl', () => {
  it('splits scheme, authority and path', () => {
    expect(parseImageUrl('DOCKER://reg:5000/a/b:1')).to.include({
      scheme: 'docker',
      authority: 'reg:5000',
      path: '/a/b:1',
    });
    expect(parseImageUrl('docker:///x')).to.include({ authority: '', path: '/x' });
    expect(parseImageUrl('debian:12')).to.include({ scheme: '', authority: '', path: 'debian:12' });
  });
});

describe('imageCandidates', () => {
  it('writes image and provider on each accepted candidate, in order', () => {
    const { candidates, refusals } = imageCandidates(
      system("disk.0.image.url = ['tst://a', 'oth://b', 'tst://c'] and provider.host = 'old'"),
      here,
      rules,
    );
    expect(candidates.map((candidate) => candidate.system.features.getText('disk.0.image.url'))).to.deep.equal([
      'tst://a',
      'tst://c',
    ]);
    const { features } = candidates[0]!.system;
    expect(features.getText('provider.type')).to.equal('Test');
    expect(features.getText('provider.host')).to.equal('srv');
    expect(features.getNumber('provider.port')).to.equal(1234);
    expect(refusals).to.deep.equal(['image oth://b: wrong scheme']);
  });

  it('leaves host and port away when the cloud has none', () => {
    const { candidates } = imageCandidates(system("disk.0.image.url = 'tst://a'"), cloud('Test'), rules);
    expect(candidates[0]!.system.features.names()).to.not.include.members(['provider.host']);
    expect(candidates[0]!.system.features.names()).to.not.include.members(['provider.port']);
  });

  it('does not change the given system', () => {
    const given = system("disk.0.image.url = 'tst://a'");
    const before = printSystem(given);
    imageCandidates(given, here, rules);
    expect(printSystem(given)).to.equal(before);
  });

  it('says why a system without image has no candidate', () => {
    const { candidates, refusals } = imageCandidates(system(''), here, rules);
    expect(candidates).to.deep.equal([]);
    expect(refusals.join()).to.contain('disk.0.image.url');
  });
});
