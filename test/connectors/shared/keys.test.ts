// SPDX-License-Identifier: Apache-2.0
// Generated SSH key pairs.
import { expect } from 'chai';
import ssh2 from 'ssh2';
import { generateSshKeyPair } from '../../../src/connectors/shared/keys.js';

describe('generateSshKeyPair', () => {
  it('gives a PKCS#1 private key and the matching OpenSSH public key without comment', async () => {
    const { privateKey, publicKey } = await generateSshKeyPair();
    expect(privateKey).to.match(/^-----BEGIN RSA PRIVATE KEY-----\n/);
    expect(publicKey).to.match(/^ssh-rsa [A-Za-z0-9+/]+=*$/);
    const parsed = ssh2.utils.parseKey(privateKey);
    if (parsed instanceof Error) throw parsed;
    expect(parsed.getPublicSSH().toString('base64')).to.equal(publicKey.split(' ')[1]);
  });
});
