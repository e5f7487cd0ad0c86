// SPDX-License-Identifier: Apache-2.0
// Tests the Ansible Vault format (contextualization.md §11.4).
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { decryptVault, encryptVault, isVaultText } from '../../../src/contextualization/plan/index.js';

const VECTOR = `$ANSIBLE_VAULT;1.1;AES256
33353065313536363364623662356661306539643532636130373965353663333563656335623231
3838346238616135376332366633653731396661656436660a353863313764306361376463613138
35336532643637346263633061363433396362373539653139613839643236613639336433616264
3335323632343231340a636366326338613335343537643136383730336537336237626333666136
37376235623264323631333730633362653734653866313933323362326439663565
`;
const CLEAR = '- tasks:\n  - debug: msg=hello\n';
const FAILED = 'Decryption failed (no vault secrets were found that could decrypt)';

describe('Ansible Vault', () => {
  it('decrypts the test vector', () => {
    expect(decryptVault(VECTOR, 'sesame')).to.equal(CLEAR);
  });

  it('reads format 1.2 with a label, and CR LF line ends', () => {
    const labelled = VECTOR.replace('1.1;AES256', '1.2;AES256;dev').replaceAll('\n', '\r\n');
    expect(decryptVault(labelled, 'sesame')).to.equal(CLEAR);
  });

  it('encrypts the test vector again when given its salt', () => {
    const salt = Buffer.from('350e15663db6b5fa0e9d52ca079e56c35cec5b21884b8aa57c26f3e719faed6f', 'hex');
    expect(encryptVault(CLEAR, 'sesame', () => salt)).to.equal(VECTOR);
  });

  it('reads what it wrote, for any length and non-ASCII text', () => {
    for (const text of ['', 'x', 'a'.repeat(15), 'b'.repeat(16), 'ñ€𝒳\n'.repeat(100)]) {
      expect(decryptVault(encryptVault(text, 'contraseña', randomBytes), 'contraseña')).to.equal(text);
    }
  });

  it('refuses a wrong password with the text of the reference', () => {
    expect(() => decryptVault(VECTOR, 'wrong')).to.throw(FAILED);
  });

  it('refuses damaged texts the same way', () => {
    for (const damaged of [
      VECTOR.replace('3335306531', '3335306532'),
      VECTOR.slice(0, 200),
      VECTOR.replace('AES256', 'AES'),
      '$ANSIBLE_VAULT;1.1;AES256\nzz',
      '$ANSIBLE_VAULT;1.1;AES256',
    ]) {
      expect(() => decryptVault(damaged, 'sesame')).to.throw(FAILED);
    }
  });

  it('knows a Vault text by its first line', () => {
    expect(isVaultText(VECTOR)).to.equal(true);
    expect(isVaultText(CLEAR)).to.equal(false);
  });
});
