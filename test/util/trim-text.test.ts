// SPDX-License-Identifier: Apache-2.0
// Trimming that no text can make slow: a pattern in their place would not end within the time limit of the tests.
import { expect } from 'chai';
import { readVaultItem } from '../../src/auth/vault/vault-item.js';
import { trimBothOf, trimEndOf } from '../../src/util/trim-text.js';

describe('trimming', () => {
  it('takes off the character, and nothing else', () => {
    for (const [text, both, end] of [
      ['', '', ''],
      ['/', '', ''],
      ['//a/b//', 'a/b', '//a/b'],
      ['a', 'a', 'a'],
    ] as const) {
      expect(trimBothOf(text, '/')).to.equal(both);
      expect(trimEndOf(text, '/')).to.equal(end);
    }
  });

  it('takes one look at texts that are made to take long', () => {
    const path = `${'/'.repeat(1_000_000)}x${'/'.repeat(1_000_000)}y`;
    expect(trimBothOf(path, '/')).to.have.length(1_000_002);
    const target = readVaultItem(
      { type: 'Vault', host: `https://vault/${'/'.repeat(500_000)}x`, token: 't', path },
      's',
    );
    expect(target).to.have.property('mount', 'credentials');
  });
});
