// SPDX-License-Identifier: Apache-2.0
// Which credential of a call serves a stored VM (auth.md §7).
import { expect } from 'chai';
import { chooseCredential } from '../../../src/connectors/shared/choose-credential.js';
import type { CloudCredential } from '../../../src/domain/index.js';
import { cloud } from '../support.js';

const at = (id: string, server: string, port = -1): CloudCredential => cloud('T', { id, server, port });
const chosen = (stored: CloudCredential, offered: readonly CloudCredential[]): string | undefined =>
  chooseCredential(stored, offered)?.id;

describe('chooseCredential', () => {
  it('prefers the exact host over a host that contains it, whatever the ids', () => {
    expect(chosen(at('a', 'one.org'), [at('a', 'clone.org'), at('b', 'one.org')])).to.equal('b');
  });

  it('falls back to a host that contains the stored one', () => {
    expect(chosen(at('a', 'one.org'), [at('b', 'www.one.org')])).to.equal('b');
  });

  it('prefers the stored port on one host', () => {
    expect(chosen(at('a', 'h', 1), [at('a', 'h', 2), at('b', 'h', 1)])).to.equal('b');
  });

  it('tells two accounts of one server apart by their ids', () => {
    expect(chosen(at('b', 'h'), [at('a', 'h'), at('b', 'h')])).to.equal('b');
    expect(chosen(at('c', 'h'), [at('a', 'h'), at('b', 'h')])).to.equal('a');
  });

  it('takes the id, else the first, for types without host', () => {
    expect(chosen(at('b', ''), [at('a', ''), at('b', '')])).to.equal('b');
    expect(chosen(at('c', ''), [at('a', ''), at('b', '')])).to.equal('a');
  });

  it('never answers with another account of the server', () => {
    const account = (id: string, extra: Readonly<Record<string, string>>) => cloud('T', { id, server: 'h', extra });
    const stored = account('a', { auth_version: '2.0_password', tenant: 'one' });
    const other = account('a', { auth_version: '2.0_password', tenant: 'two' });
    expect(chosen(stored, [other])).to.equal(undefined);
    const corrected = account('b', { auth_version: '3.x_password', tenant: 'one' });
    expect(chosen(stored, [other, corrected])).to.equal('b');
    expect(chosen(account('a', {}), [other])).to.equal('a');
  });

  it('never answers with another server', () => {
    expect(chosen(at('a', 'one.org'), [at('a', 'two.org')])).to.equal(undefined);
  });

  it('compares unix sockets by their path, in both spellings', () => {
    const socket = (id: string, server: string, path: string) => cloud('T', { id, protocol: 'unix', server, path });
    expect(
      chosen(socket('a', 'var', '/run/docker.sock'), [
        socket('x', '', '/other'),
        socket('b', '', '/var/run/docker.sock'),
      ]),
    ).to.equal('b');
    expect(chosen(socket('a', '', '/one'), [at('a', '')])).to.equal(undefined);
  });
});
