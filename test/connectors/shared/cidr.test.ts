// SPDX-License-Identifier: Apache-2.0
// Choice of address ranges: the table of common.md A4.
import { expect } from 'chai';
import { DEFAULT_CIDR_PATTERN, pickCidr } from '../../../src/connectors/shared/cidr.js';
import { parseCidr } from '../../../src/util/ip.js';

const used = (...texts: string[]) => texts.map((text) => parseCidr(text)!);

describe('pickCidr', () => {
  it('takes the first range of the default pattern', () => {
    expect(pickCidr(DEFAULT_CIDR_PATTERN, [])).to.equal('10.0.1.0/24');
  });

  it('passes over used ranges', () => {
    expect(pickCidr(DEFAULT_CIDR_PATTERN, used('10.0.1.0/24'))).to.equal('10.0.2.0/24');
  });

  it('expands several wildcards from left to right', () => {
    expect(pickCidr('10.*.*.0/24', [])).to.equal('10.1.1.0/24');
    expect(pickCidr('10.*.*.0/24', used('10.1.1.0/24'))).to.equal('10.1.2.0/24');
    expect(pickCidr('10.*.*.0/24', used('10.1.0.0/16'))).to.equal('10.2.1.0/24');
  });

  it('gives nothing when everything is taken', () => {
    expect(pickCidr('192.168.*.0/24', used('192.168.0.0/16'))).to.equal(undefined);
  });

  it('leaves a range without wildcard to the user', () => {
    expect(pickCidr('10.2.0.0/24', used('10.2.0.0/24'))).to.equal('10.2.0.0/24');
  });

  it('sees overlaps in both directions', () => {
    expect(pickCidr(DEFAULT_CIDR_PATTERN, used('10.0.1.128/25'))).to.equal('10.0.2.0/24');
  });

  it('begins after the start and wraps around, using each of 253 values once', () => {
    expect(pickCidr(DEFAULT_CIDR_PATTERN, [], 127)).to.equal('10.0.128.0/24');
    const taken = used(...Array.from({ length: 127 }, (_, index) => `10.0.${128 + index}.0/24`));
    expect(pickCidr(DEFAULT_CIDR_PATTERN, taken, 127)).to.equal('10.0.1.0/24');
    const allButLast = [...taken, ...used(...Array.from({ length: 126 }, (_, index) => `10.0.${1 + index}.0/24`))];
    expect(pickCidr(DEFAULT_CIDR_PATTERN, allButLast, 127)).to.equal(undefined);
  });

  it('gives nothing for a pattern that makes no range', () => {
    expect(pickCidr('10.0.*.0/99', [])).to.equal(undefined);
  });
});
