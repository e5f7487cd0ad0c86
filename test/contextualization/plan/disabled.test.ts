// SPDX-License-Identifier: Apache-2.0
// Tests when documents switch the configuration off (contextualization.md §2, radl.md D3).
import { expect } from 'chai';
import { checkDisabled } from '../../../src/contextualization/plan/index.js';
import { parseRadl } from '../../../src/radl/index.js';

const VMS = [
  { number: 0, systemName: 'front' },
  { number: 1, systemName: 'wn' },
  { number: 2, systemName: 'wn' },
];

function check(text: string): { isInfrastructureDisabled: boolean; disabledVms: number[] } {
  const { isInfrastructureDisabled, disabledVms } = checkDisabled(
    parseRadl(`system front ()\nsystem wn ()\n${text}`),
    VMS,
  );
  return { isInfrastructureDisabled, disabledVms: [...disabledVms] };
}

describe('checkDisabled', () => {
  const enabled = { isInfrastructureDisabled: false, disabledVms: [] };
  const body = '(\n@begin\n- tasks: []\n@end\n)';

  it('finds nothing disabled without any section', () => {
    expect(check('')).to.deep.equal(enabled);
  });

  it('takes an empty contextualize as disabling', () => {
    expect(check('contextualize ()').isInfrastructureDisabled).to.equal(true);
  });

  it('does not take a contextualize with options only as disabling', () => {
    expect(check("contextualize ( option ansible_version = '8.0' )")).to.deep.equal(enabled);
  });

  it('is disabled when no item uses Ansible', () => {
    const text = `configure front ${body}\ncontextualize ( system front configure front with cloud_init )`;
    expect(check(text).isInfrastructureDisabled).to.equal(true);
  });

  it('is not disabled when one of several items uses Ansible', () => {
    const text = `configure front ${body}\ncontextualize (\n system front configure front with cloud_init\n system wn configure front\n)`;
    expect(check(text)).to.deep.equal(enabled);
  });

  it('leaves out the VMs of a system with an empty configure', () => {
    expect(check('configure wn ()')).to.deep.equal({ isInfrastructureDisabled: false, disabledVms: [1, 2] });
  });

  it('is disabled when all systems have an empty configure', () => {
    expect(check('configure wn ()\nconfigure front ()')).to.deep.equal({
      isInfrastructureDisabled: true,
      disabledVms: [0, 1, 2],
    });
  });

  it('does not call an infrastructure without VMs disabled', () => {
    expect(checkDisabled(parseRadl('system front ()\nconfigure front ()'), []).isInfrastructureDisabled).to.equal(
      false,
    );
  });
});
