// SPDX-License-Identifier: Apache-2.0
// Sealed texts: only the right key opens them, only at their place, and only unchanged.
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { createSealer } from '../../src/store/index.js';

describe('Sealer', () => {
  const key = randomBytes(32);
  const sealer = createSealer([key]);

  it('opens what it sealed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, context) => {
        expect(sealer.open(sealer.seal(text, context), context)).to.equal(text);
      }),
    );
  });

  it('seals the same text differently each time and shows nothing of it', () => {
    const [first, second] = [sealer.seal('visible-secret', 'c'), sealer.seal('visible-secret', 'c')];
    expect(first).not.to.equal(second);
    expect(Buffer.from(first.split('.')[2]!, 'base64').includes('visible')).to.equal(false);
  });

  it('opens nothing at another place', () => {
    expect(() => sealer.open(sealer.seal('text', 'vms/info/a/0'), 'vms/info/a/1')).to.throw(/damaged or was moved/);
  });

  it('notices each changed byte', () => {
    const [format, id, body] = sealer.seal('text', 'c').split('.');
    const bytes = Buffer.from(body!, 'base64');
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Buffer.from(bytes);
      changed[index] = changed[index]! ^ 1;
      expect(() => sealer.open([format, id, changed.toString('base64')].join('.'), 'c')).to.throw(/damaged/);
    }
    expect(() => sealer.open(`${format}.${id}.`, 'c')).to.throw(/damaged/);
    expect(() => sealer.open('', 'c')).to.throw(/not a sealed text/);
  });

  it('opens texts of older keys and seals with the first one', () => {
    const newKey = randomBytes(32);
    const rotated = createSealer([newKey, key]);
    expect(rotated.open(sealer.seal('old', 'c'), 'c')).to.equal('old');
    expect(createSealer([newKey]).open(rotated.seal('new', 'c'), 'c')).to.equal('new');
    expect(() => sealer.open(rotated.seal('new', 'c'), 'c')).to.throw(/sealed with the key .* not loaded/);
  });

  it('refuses keys of another length', () => {
    expect(() => createSealer([randomBytes(16)])).to.throw(/32 bytes, not 16/);
  });
});
