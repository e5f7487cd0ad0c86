// SPDX-License-Identifier: Apache-2.0
// What im-admin makes of its arguments.
import { expect } from 'chai';
import { parseAdminCommandLine } from '../../src/admin/command-line.js';
import { COMMANDS } from '../../src/admin/commands/index.js';
import { commandHelp } from '../../src/admin/help.js';
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

  for (const command of COMMANDS) {
    describe(command.name, () => {
      const help = commandHelp(command);

      it('says what it is for, all its options, its exit statuses and an example', () => {
        expect(command.summary).to.match(/^[a-z].*[^.]$/);
        expect(help).to.contain(`Usage: im-admin ${command.name}`);
        for (const { name, value, help: text } of command.options) {
          expect(text).to.match(/\w/);
          expect(help)
            .to.contain(`--${name}${value === undefined ? '' : ` ${value}`} `)
            .and.to.contain(text);
        }
        for (const name of ['--config FILE', '--help']) expect(help).to.contain(name);
        expect(command.failure).to.match(/^[a-z].*[^.]$/);
        expect(help).to.contain(`Exit status: 0 done, 1 ${command.failure}, 2 wrong command line or configuration.`);
        expect(help).to.contain('Example:\n  im-admin ');
      });

      it('has examples that it takes, and one for each option with a value', () => {
        const used = new Set<string>();
        for (const example of command.examples) {
          const [program, ...args] = example.split(' ');
          expect(program).to.equal('im-admin');
          const request = parse(...args);
          if (request.kind !== 'run') throw new Error(`${example}: ${request.kind}`);
          expect(request.command.name).to.equal(command.name);
          for (const name of [...request.args.flags, ...request.args.values.keys()]) used.add(name);
        }
        const withValue = command.options.filter(({ value }) => value !== undefined).map(({ name }) => name);
        expect(withValue.filter((name) => !used.has(name))).to.deep.equal([]);
      });

      it('ends with 2 when its words or options are wrong', async () => {
        const house = await AdminHouse.make();
        try {
          const words = command.name.split(' ');
          expect(await house.run(...words, '--no-such-option')).to.include({ status: 2 });
          const many = Array.from({ length: command.wordCount.max + 1 }, () => 'word');
          expect(await house.run(...words, ...many)).to.include({ status: 2 });
          if (command.wordCount.min > 0) expect(await house.run(...words)).to.include({ status: 2 });
        } finally {
          await house.demolish();
        }
      });
    });
  }

  it('ends with 2 for values that cannot be meant, with 1 for what is not there', async () => {
    const house = await AdminHouse.make();
    try {
      await house.open();
      const cases: readonly (readonly [number, readonly string[]])[] = [
        [2, ['purge', 'soon']],
        [2, ['operations', 'list', '--state', 'sleeping']],
        [2, ['operations', 'list', '--limit', 'many']],
        [2, ['export', 'all']],
        [2, ['leftovers', '--delete', 'x']],
        [2, ['adopt', 'unknown', 'machine', '--type', 'EC2']],
        [1, ['adopt', 'unknown', 'machine']],
        [1, ['abandon', 'unknown']],
        [1, ['export', 'unknown']],
        [1, ['leftovers', 'unknown']],
        [1, ['forget-host-key', 'unknown']],
        [1, ['operations', 'list', 'unknown']],
        [1, ['operations', 'show', 'unknown']],
        [1, ['operations', 'cancel', 'unknown']],
        [1, ['operations', 'retry', 'unknown']],
        [1, ['import', 'unknown']],
        [1, ['restore', 'unknown']],
        [0, ['doctor', '--help']],
      ];
      for (const [expected, args] of cases) {
        const { status, text } = await house.run(...args);
        expect(status, `${args.join(' ')}: ${text}`).to.equal(expected);
        expect(text, 'a reason that is no fault of the program')
          .to.match(/\w/)
          .and.not.match(/is not (defined|a function)/);
      }
    } finally {
      await house.demolish();
    }
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
