// SPDX-License-Identifier: Apache-2.0
// No secret in what is logged: canaries in every place where secrets live, and time that stays linear.
import { expect } from 'chai';
import fc from 'fast-check';
import { isSecretKey, LONGEST_TEXT, redactText, redactValue } from '../../src/observability/redaction.js';
import { MASK } from '../../src/util/mask-url.js';

const PEM = '-----BEGIN RSA PRIVATE KEY-----\nCANARY\nCANARY/+=\n-----END RSA PRIVATE KEY-----';
const JWT = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJDQU5BUlkifQ.CANARYCANARY';

describe('redactText', () => {
  const hidden: readonly (readonly [string, string])[] = [
    [
      'token of an infrastructure',
      `printed im-infrastructure.9f450b9a-e4c5-41f1-8d55-02fc00000001.${'CANARY-_'.repeat(5)}CAN`,
    ],
    ['token of a machine', 'printed im-call-home.CANARYCANARYCANARYCANARYCANARYCANARYCANARYC'],
    ['RADL password', "disk.0.os.credentials.password = 'CANARY' and\ncpu.count = 1"],
    ['RADL new password', "disk.0.os.credentials.new.password='CANARY'"],
    ['RADL private key', `disk.0.os.credentials.private_key = '${PEM}' and`],
    ['RADL private key that is no PEM', "disk.0.os.credentials.private_key = 'CANARY\nCANARY' and"],
    ['RADL proxy', "net_interface.0.proxy_host = 'CANARY' and net_interface.0.proxy_key = 'CANARY'"],
    ['authorization line', 'id = one; type = OpenNebula; username = u; password = CANARY CANARY; host = h'],
    ['authorization line with quotes', `type = 'EC2'; username = 'u'; password = 'CANARY "x" CANARY'; host = h`],
    ['authorization items', 'type = IM; token = CANARY\\nid = x; type = EC2; password = CANARY\\nid = y'],
    ['authorization proxy', `type = X; proxy = ${PEM.replaceAll('\n', '\\\\n')}; host = h`],
    ['JSON', '{"username": "u", "password": "CANARY", "access_token": "CANARY"}'],
    ['JSON with escaped quotes', '{"password": "CANARY\\"CANARY"}'],
    ['JSON inside JSON', '{"body": "{\\"password\\": \\"CANARY\\", \\"x\\": 1}"}'],
    ['YAML', 'password: CANARY\nother: x'],
    ['Python dictionary', "{'password': 'CANARY', 'private_key': 'CANARY'}"],
    ['query string', 'GET /x?access_token=CANARY&y=1'],
    ['URL', 'mysql://im:CANARY@db/im'],
    ['header', 'Authorization: Basic Q0FOQVJZ:CANARY, CANARY'],
    ['IM header', 'Authorization: id = im; type = InfrastructureManager; username = CANARY; x = CANARY'],
    ['header in JSON', '{"Authorization": "Bearer CANARY", "x": 1}'],
    ['cookie', 'Set-Cookie: session=CANARY; Path=/'],
    ['bearer token', 'used Bearer CANARY.canary-1 for it'],
    ['JWT', `token was ${JWT.replaceAll('CANARYCANARY', 'CANARYCANARY')} indeed`],
    ['PEM', `the key\n${PEM}\nis there`],
    ['PEM without end', '-----BEGIN OPENSSH PRIVATE KEY-----\nCANARY\nCANARY'],
    ['second PEM', `${PEM} and ${PEM}`],
    ['AWS secret', 'aws_secret_access_key = CANARY'],
    ['value without end', "password = 'CANARY CANARY"],
    ['shell variable', 'IM_OIDC_CLIENT_SECRET=CANARY node main.js'],
  ];
  for (const [what, text] of hidden) {
    it(`hides: ${what}`, () => {
      const redacted = redactText(text);
      expect(redacted).to.not.include('CANARY');
      expect(redacted).to.not.include('Q0FOQVJZ');
      expect(redacted).to.not.include('Q0FOQVJZIn0');
      expect(redacted).to.include(MASK);
    });
  }

  it('keeps what stands around', () => {
    expect(redactText("a.password = 'x' and b = 1")).to.equal(`a.password = '${MASK}' and b = 1`);
    expect(redactText('password = x y; host = h')).to.equal(`password = ${MASK}; host = h`);
    expect(redactText('{"token":"x","host":"h"}')).to.equal(`{"token":"${MASK}","host":"h"}`);
    expect(redactText(`a ${PEM} b`)).to.match(/^a -----BEGIN .* b$/s);
  });

  it('leaves ordinary texts alone', () => {
    const texts = [
      'Creating new Inf ID: 9d0cd4bc-6cb4-11f0-8c1c-0242ac110002 by micafer.',
      'Error launching the VMs of type front to cloud ID docker of type Docker.',
      'Basic authentication is required, or Bearer authentication.',
      'GET http://127.0.0.1:8800/infrastructures 200',
      'OIDC auth Token expired.',
      '',
    ];
    for (const text of texts) expect(redactText(text)).to.equal(text);
  });

  it('is the same when done twice', () => {
    for (const [, text] of hidden) expect(redactText(redactText(text))).to.equal(redactText(text));
  });

  it('cuts what is too long to look at', () => {
    const redacted = redactText(`${'x'.repeat(LONGEST_TEXT)}password=CANARY`);
    expect(redacted).to.not.include('CANARY');
    expect(redacted).to.match(/\.\.\. \(15 more characters\)$/);
  });

  it('comes to an end with texts made to keep it busy (a quadratic pattern would meet the time limit of the test)', () => {
    const pieces = ['password=', "'", '-----BEGIN PRIVATE KEY-----', 'a://b:', 'eyJ', 'Bearer ', 'token', ' ', '\\'];
    pieces.push('https://', '-----BEGIN ', 'password = ;', "token='", 'a.', 'eyJaaaaaaaaaa.');
    for (const piece of pieces) {
      expect(redactText(piece.repeat(Math.floor(LONGEST_TEXT / piece.length)))).to.be.a('string');
    }
  });

  it('takes any text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(redactText(text)).to.be.a('string');
      }),
    );
  });
});

describe('isSecretKey', () => {
  it('knows secrets in every spelling', () => {
    const keys = ['password', 'adminPassword', 'access_token', 'clientSecret', 'private_key', 'privateKey', 'sshKey'];
    keys.push('Authorization', 'disk.0.os.credentials.private_key', 'API-Key', 'proxy', 'set-cookie', 'IM_AUTH_TOKEN');
    for (const key of keys) expect(isSecretKey(key), key).to.equal(true);
  });

  it('lets others be', () => {
    for (const key of ['infId', 'vmId', 'username', 'key', 'publicKey', 'launchId', 'keyPairName', 'passed']) {
      expect(isSecretKey(key), key).to.equal(false);
    }
  });
});

describe('redactValue', () => {
  it('hides by key and by content, at any depth', () => {
    const value = {
      password: 'CANARY',
      items: [{ type: 'Docker', token: 'CANARY' }, "x.password = 'CANARY'"],
      headers: new Map([['Authorization', 'CANARY']]),
      credentials: { secret: { inner: 'CANARY' } },
    };
    expect(JSON.stringify(redactValue(value))).to.not.include('CANARY');
    expect(redactValue({ password: '', token: undefined, secret: true })).to.deep.equal({
      password: '',
      token: undefined,
      secret: true,
    });
  });

  it('keeps what errors say', () => {
    const cause = Object.assign(new Error('password = CANARY'), { code: 'ECONNREFUSED' });
    const shown = redactValue(new TypeError('no', { cause }));
    expect(shown).to.have.property('name', 'TypeError');
    expect(shown).to.have.property('stack');
    expect(shown).to.have.nested.property('cause.code', 'ECONNREFUSED');
    expect(JSON.stringify(shown)).to.not.include('CANARY');
  });

  it('makes JSON of anything, without end', () => {
    const circle: Record<string, unknown> = {
      big: 1n,
      nan: Number.NaN,
      when: new Date(0),
      bytes: Buffer.from('CANARY'),
    };
    circle.self = circle;
    circle.fn = () => {};
    circle.many = Array.from({ length: 1000 }, (_, index) => index);
    const text = JSON.stringify(redactValue(circle));
    expect(text).to.include('"big":"1"').and.include('"when":"1970-01-01T00:00:00.000Z"').and.include('<6 bytes>');
    expect(text.length).to.be.below(20_000);
  });
});
