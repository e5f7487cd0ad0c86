// SPDX-License-Identifier: Apache-2.0
// Names and tags of machines (core.md §24.4, §24.5).
import { expect } from 'chai';
import { instanceName } from '../../../src/connectors/shared/instance-name.js';
import { dockerNetworkName, providerNetworkName } from '../../../src/connectors/shared/network-names.js';
import { instanceTags, type TagSettings } from '../../../src/connectors/shared/tags.js';
import { parseRadl, type System } from '../../../src/radl/index.js';

const system = (features: string): System => parseRadl(`system my_sys (${features})`).systems[0]!;

describe('instanceName', () => {
  it('prefers instance_name, then the image name, then the system name', () => {
    expect(instanceName(system("instance_name = 'Front_End' and disk.0.image.name = 'img'"))).to.equal('front-end');
    expect(instanceName(system("disk.0.image.name = 'My_Image'"))).to.equal('my-image');
    expect(instanceName(system(''))).to.equal('my-sys');
  });

  it('appends the suffix that makes it unique', () => {
    expect(instanceName(system(''), 'abc')).to.equal('my-sys-abc');
  });
});

describe('network names', () => {
  it('hold the infrastructure id in the spelling of the provider', () => {
    expect(providerNetworkName('inf', 'net')).to.equal('im-inf-net');
    expect(dockerNetworkName('inf', 'net')).to.equal('im_inf_net');
  });
});

describe('instanceTags', () => {
  const settings: TagSettings = {
    vmTagUsername: 'IM_USER',
    vmTagInfId: 'IM_INFRA_ID',
    vmTagImUrl: 'IM_URL',
    vmTagIm: 'IM',
  };
  const values = { username: 'ana', infrastructureId: 'inf', serviceUrl: '' };
  const tags = (features: string) => Object.fromEntries(instanceTags(system(features), values, settings));

  it('adds the configured tags whose value is known', () => {
    expect(tags('')).to.deep.equal({ IM_USER: 'ana', IM_INFRA_ID: 'inf', IM: 'es.upv.grycap.im' });
  });

  it('keeps what the user set', () => {
    expect(tags("instance_tags = 'IM_USER=me, k=v'")).to.include({ IM_USER: 'me', k: 'v' });
  });

  it('takes the first two pieces of an entry and passes over entries without value', () => {
    expect(tags("instance_tags = 'b=x=y,broken,=z'")).to.deep.equal({
      b: 'x',
      IM_USER: 'ana',
      IM_INFRA_ID: 'inf',
      IM: 'es.upv.grycap.im',
    });
  });

  it('adds nothing for options that name no tag', () => {
    const none = { vmTagUsername: '', vmTagInfId: '', vmTagImUrl: '', vmTagIm: '' };
    expect([...instanceTags(system(''), values, none)]).to.deep.equal([]);
  });
});
