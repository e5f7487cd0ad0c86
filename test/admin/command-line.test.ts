// SPDX-License-Identifier: Apache-2.0
// What im-admin makes of its arguments.
import { expect } from 'chai';
import { parseAdminCommandLine } from '../../src/admin/command-line.js';
import { COMMANDS } from '../../src/admin/commands/index.js';
import { AdminHouse } from './admin-house.js';

const parse = (...args: readonly string[]) => parseAdminCommandLine(args, COMMANDS);

describe('the command line of im-admin', () => {
  it('finds commands of one and of two words, with options anywhere behind them', () => {
    const one = parse('purge', '2026-01-01', '--dry-run');
    expect(one).to.include({ kind: 'run' });
    if (one.kind !== 'run') throw new Error('no run');
    expect(one.command.name).to.equal('purge');
    expect([...one.args.flags]).to.deep.equal(['dry-run']);
    const two = parse('operations', 'list', '--state', 'failed', 'some-id');
    if (two.kind !== 'run') throw new Error('no run');
    expect(two.command.name).to.equal('operations list');
    expect(two.args.words).to.deep.equal(['some-id']);
    expect(two.args.values.get('state')).to.equal('failed');
  });

  it('takes --config before and behind the command; behind wins', () => {
    expect(parse('--config', '/a', 'doctor')).to.include({ configFile: '/a' });
    expect(parse('--config=/a', 'doctor')).to.include({ configFile: '/a' });
    expect(parse('--config', '/a', 'doctor', '--config', '/b')).to.include({ configFile: '/b' });
    expect(parse('--config')).to.include({ kind: 'usage-error' });
  });

  it('refuses what it does not know and says what was meant', () => {
    const message = (...args: readonly string[]): string => {
      const request = parse(...args);
      return request.kind === 'usage-error' ? request.message : request.kind;
    };
    expect(message('leftover')).to.contain('Did you mean leftovers?');
    expect(message('operations')).to.equal('operations needs one of: list, show, cancel, retry.');
    expect(message('purge')).to.contain('Usage: im-admin purge [OPTION]... DATE');
    expect(message('purge', 'a', 'b')).to.contain('too much: b');
    expect(message('backup', '--fast', 'x')).to.contain("'--fast'");
  });

  it('has a help for the program and for each command', async () => {
    expect(parse()).to.deep.equal({ kind: 'help' });
    expect(parse('help', 'operations', 'show')).to.have.nested.property('command.name', 'operations show');
    const house = await AdminHouse.make();
    try {
      const { out, status } = await house.run('--help');
      expect(status).to.equal(0);
      for (const { name, summary } of COMMANDS) {
        expect(out.join('\n')).to.contain(name).and.to.contain(summary);
        expect((await house.run(...name.split(' '), '--help')).out.join('\n')).to.contain(`Usage: im-admin ${name}`);
      }
      expect(await house.run('nonsense')).to.include({ status: 2 });
    } finally {
      await house.demolish();
    }
  });
});
