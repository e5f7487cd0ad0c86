// SPDX-License-Identifier: Apache-2.0
// Tests the rendering of event streams, on a recording of a real Ansible and on made-up events (contextualization.md §13.3).
import { expect } from 'chai';
import fc from 'fast-check';
import { parseEvent } from '../../../src/contextualization/render/ansible-event.js';
import { EVERYTHING, EVERYTHING_SOURCES, event, HOST_NAMES, render, SYNTAX_ERROR, task } from './streams.js';

const [H0, H1] = ['10.0.0.1_0', '10.0.0.2_1'];
const TIME = 'Friday 20 November 2026  09:35:41.975637 \n';

describe('event renderer on a recording', () => {
  const rendered = render(EVERYTHING, 4, { sources: EVERYTHING_SOURCES });
  const text = rendered.texts.get(0) ?? '';
  /** What follows the banner and the time line of a task. */
  const block = (name: string): string => {
    const after = text.split(`TASK [${name}] `)[1] ?? text.split(`RUNNING HANDLER [${name}] `)[1] ?? '';
    return after.split(/\n\n/)[0]?.split('\n').slice(2).join('\n') ?? '';
  };

  it('begins with a blank line and the banner of the play, which names this VM only', () => {
    expect(text.slice(0, 164)).to.equal(`\nPLAY [10.0.0.1_0] ${'*'.repeat(62)}\n\nTASK [say who] ${'*'.repeat(65)}\n`);
  });

  it('has a time line with a trailing blank under each TASK banner', () => {
    const banners = text.match(/^TASK \[.*\n.*\n/gm) ?? [];
    expect(banners.length).to.be.greaterThan(20);
    for (const lines of banners) expect(lines).to.match(/\nFriday 20 November 2026 {2}\d\d:\d\d:\d\d\.\d{6} \n$/);
  });

  it('shows debug results over several lines with sorted keys', () => {
    expect(block('debug')).to.equal(
      'ok: [10.0.0.1_0] => {\n    "changed": false,\n    "msg": "hello from 10.0.0.1_0"\n}',
    );
    expect(block('numbers')).to.contain('"i": 1,\n        "l": [],\n        "m": {},\n        "n": null\n');
  });

  it('shows ok, changed and skipped hosts on one line', () => {
    expect(block('say who')).to.equal('ok: [10.0.0.1_0]');
    expect(block('skip')).to.equal('skipping: [10.0.0.1_0]');
    expect(block('fails on the second')).to.equal('changed: [10.0.0.1_0]');
    expect(block('restart it')).to.equal('changed: [10.0.0.1_0]');
  });

  it('shows an ignored failure with its JSON on one line', () => {
    const [fatal, ignoring] = block('fail on purpose').split('\n');
    expect(fatal).to.match(/^fatal: \[10\.0\.0\.1_0\]: FAILED! => \{"changed": true, "cmd": \["\/bin\/false"\], /);
    expect(fatal).to.not.match(/_ansible|invocation|"failed"|"action"/);
    expect(ignoring).to.equal('...ignoring');
  });

  it('shows the items of loops', () => {
    expect(block('loop')).to.equal('changed: [10.0.0.1_0] => (item=a)\nchanged: [10.0.0.1_0] => (item=b)');
    expect(block('loop skip')).to.equal('skipping: [10.0.0.1_0] => (item=a) \nchanged: [10.0.0.1_0] => (item=b)');
    expect(block('loop bad')).to.match(
      /^changed: \[10\.0\.0\.1_0\] => \(item=a\)\nfailed: \[10\.0\.0\.1_0\] \(item=b\) => \{.*"rc": 1.*\}\n\.\.\.ignoring$/,
    );
    expect(block('loop debug')).to.match(/^ok: \[10\.0\.0\.1_0\] => \(item=\{'x': 1\}\) => \{\n/);
  });

  it('shows includes with the path of the file', () => {
    const path = '/var/tmp/.im/example/included.yml';
    expect(block('include_tasks')).to.equal(`ok: [10.0.0.1_0]\nincluded: ${path} for 10.0.0.1_0`);
    expect(block('include loop')).to.contain(`included: ${path} for 10.0.0.1_0 => (item=2)`);
  });

  it('does not call a failure ignored that a rescue handles', () => {
    expect(block('bad in block')).to.match(/^fatal: .*\}$/);
    expect(block('rescued')).to.contain('ok: [10.0.0.1_0]');
  });

  it('names the host of a delegated task', () => {
    expect(block('delegated')).to.equal('changed: [10.0.0.1_0 -> 10.0.0.2_1]');
  });

  it('tells the last line of an exception before the failure', () => {
    expect(block('module that dies').split('\n')[0]).to.equal(
      "An exception occurred during task execution. To see the full traceback, use -vvv. The error was: ModuleNotFoundError: No module named 'selinux'",
    );
  });

  it('shows warnings wrapped', () => {
    expect(block('warning')).to.equal(
      '[WARNING]: Module remote_tmp /home/imuser/.ansible/tmp did not exist and was\ncreated with a mode of 0700, this may cause issues\n[DEPRECATION WARNING]: Old things\nchanged: [10.0.0.1_0]',
    );
  });

  it('hides what no_log hides', () => {
    expect(block('no log')).to.contain('"censored": "the output has been hidden');
  });

  it('keeps to printable ASCII', () => {
    expect(block('not ASCII')).to.contain('"msg": "h\\u00e9llo \\u001b[31m"');
    expect([...rendered.texts.values()].join('')).to.match(/^[\x20-\x7e\n\t]*$/);
  });

  it('cuts the middle out of huge texts and says so', () => {
    expect(block('big')).to.match(/"msg": "x{16384}\[\.\.\. 7232 bytes left out \.\.\.\]x{16384}"/);
  });

  it('knows handlers where the strategy tells them', () => {
    expect(text).to.contain('\nRUNNING HANDLER [handle it] ****');
  });

  it('keeps the name of a play that has one, and foreign hosts of one that has none', () => {
    expect(text).to.contain('\nPLAY [the second play] ***');
    expect(text).to.contain('\nPLAY [10.0.0.1_0,all] ***');
  });

  it('ends with one line of counts for this VM and a blank line', () => {
    expect(text.slice(text.indexOf('\nPLAY RECAP'))).to.equal(
      `\nPLAY RECAP ${'*'.repeat(69)}\n10.0.0.1_0                 : ok=29   changed=10   unreachable=0    failed=0   \n\n`,
    );
  });

  it('stops the text of a failed VM at its failure', () => {
    expect(rendered.texts.get(1)).to.match(
      /TASK \[fails on the second\] .*\n.*\nfatal: \[10\.0\.0\.2_1\]: FAILED! => .*\n\nPLAY RECAP/,
    );
  });

  it('shows an unreachable VM', () => {
    expect(rendered.texts.get(2)).to.contain(
      'fatal: [10.0.0.3_2]: UNREACHABLE! => {"changed": false, "msg": "Failed to',
    );
  });

  it('gives the result of each VM and what may be tried again', () => {
    expect([...rendered.results]).to.deep.equal([
      [0, 'ok'],
      [1, 'failed'],
      [2, 'unreachable'],
    ]);
    expect(rendered.retryable).to.deep.equal([2]);
  });

  it('says the same however the stream is cut', () => {
    expect(render(EVERYTHING, 4, { sources: EVERYTHING_SOURCES }, 1)).to.deep.equal(rendered);
    expect(render(EVERYTHING, 4, { sources: EVERYTHING_SOURCES }, 7)).to.deep.equal(rendered);
  });

  it('renders time lines in the time zone of the master', () => {
    const { texts } = render(EVERYTHING, 4, { timeZoneOffsetMinutes: 14 * 60 });
    expect(texts.get(0)).to.match(/\nSaturday 21 November 2026 {2}02:/);
  });
});

describe('event renderer', () => {
  it('gives Ansible’s own errors to all VMs, which have failed', () => {
    const { texts, results, retryable } = render(SYNTAX_ERROR, 4);
    expect(texts.get(2)).to.match(/^ERROR: We were unable to read either as JSON nor YAML/);
    expect(texts.get(0)).to.equal(texts.get(2));
    expect([...results.values()]).to.deep.equal(['failed', 'failed', 'failed']);
    expect(retryable).to.deep.equal([]);
  });

  it('shows the error of a playbook without plays as the reference does', () => {
    const { texts } = render(['ERROR! A playbook must contain at least one play: /x/common_wn_task.yml'], 4);
    expect(texts.get(0)).to.equal('ERROR: A playbook must contain at least one play: /x/common_wn_task.yml\n');
  });

  it('shows the banner of a task before its result when there is one VM', () => {
    const lines = [event.play(H0), event.start('slow')];
    expect(render(lines, 0, { task: task([0]) }).texts.get(0)).to.equal(
      `\nPLAY [10.0.0.1_0] ${'*'.repeat(62)}\n\nTASK [slow] ${'*'.repeat(68)}\n${TIME}`,
    );
  });

  it('does not repeat a banner that was shown', () => {
    const lines = [event.play(H0), event.start('slow'), event.result('ok', 'slow', H0, { changed: true })];
    const text = render(lines, 0, { task: task([0]) }).texts.get(0);
    expect(text?.split('TASK [slow]')).to.have.length(2);
    expect(text).to.match(/changed: \[10\.0\.0\.1_0\]\n$/);
  });

  it('gives results of hosts outside the task to all of its VMs, and their failures too', () => {
    const lines = [
      event.play(`${H0},all`),
      event.result('ok', 'ping', H0),
      event.result('failed', 'ping', 'other_7', { msg: 'no' }),
      event.stats({ [H0]: { ok: 1 }, other_7: { failures: 1 } }),
    ];
    const { texts, results } = render(lines, 2, { task: task([0]) });
    expect(texts.get(0)).to.contain('ok: [10.0.0.1_0]\nfatal: [other_7]: FAILED! => {"msg": "no"}\n');
    expect(texts.get(0)).to.contain('other_7                    : ok=0');
    expect(results.get(0)).to.equal('failed');
  });

  it('repeats no banner for the batches of a play with serial, and fails the VMs of batches not begun', () => {
    const all = [...HOST_NAMES.values()].join();
    const lines = [
      event.play(all, 'one'),
      event.result('ok', 'first', H0),
      event.result('ok', 'first', H1),
      event.play(all, 'two'),
      event.result('failed', 'second', H0, { msg: 'no' }),
      event.play(all, 'two'),
      event.stats({ [H0]: { ok: 1, failures: 1 }, [H1]: { ok: 1 } }),
    ];
    const { texts, results } = render(lines, 2);
    expect(texts.get(0)?.match(/PLAY \[10/g)).to.have.length(2);
    expect([...results.values()]).to.deep.equal(['failed', 'failed', 'failed']);
  });

  it('lets one failure be the failure of all where the recipe says so', () => {
    const lines = [
      event.play('x'),
      event.result('failed', 'a', H0, { msg: 'no' }),
      event.result('ok', 'a', H1),
      event.stats({ [H0]: { failures: 1 }, [H1]: { ok: 1 } }),
    ];
    const together = render(lines, 2, { task: task([0, 1], { failsTogether: true }) });
    expect([...together.results.values()]).to.deep.equal(['failed', 'failed']);
    const apart = render(lines, 2, { task: task([0, 1]) });
    expect([...apart.results.values()]).to.deep.equal(['failed', 'ok']);
  });

  it('believes no VM when the process failed without a reason in the counts', () => {
    const lines = [event.play('x'), event.result('ok', 'a', H0), event.stats({ [H0]: { ok: 1 } })];
    expect(render(lines, 250, { task: task([0]) }).results.get(0)).to.equal('failed');
    expect(render(lines.slice(0, 2), 137, { task: task([0]) }).results.get(0)).to.equal('failed');
  });

  it('is content with a process that had nothing to do', () => {
    expect(render([event.play('x'), event.stats({})], 0).results.get(1)).to.equal('ok');
  });

  it('takes a failure at the very end that the counts do not know for an ignored one', () => {
    const lines = [event.play('x'), event.result('failed', 'a', H0, { msg: 'no' }), event.stats({ [H0]: { ok: 1 } })];
    expect(render(lines, 0, { task: task([0]) }).texts.get(0)).to.contain('"no"}\n...ignoring\n\nPLAY RECAP');
  });

  it('tries again what failed for a lock or for the connection, and nothing else', () => {
    const failed = (result: Record<string, unknown>): readonly number[] =>
      render([event.play('x'), event.result('failed', 'a', H0, result), event.stats({ [H0]: { failures: 1 } })], 2, {
        task: task([0]),
      }).retryable;
    expect(failed({ msg: 'Could not get lock /var/lib/dpkg/lock-frontend' })).to.deep.equal([0]);
    expect(failed({ msg: 'non-zero return code', stderr: 'no such file' })).to.deep.equal([]);
  });

  it('forgets the class of an ignored failure', () => {
    const lines = [
      event.play('x'),
      event.result('failed', 'a', H0, { msg: 'Could not get lock /var/lib/dpkg/lock' }),
      event.result('ok', 'b', H0),
      event.result('failed', 'c', H0, { msg: 'no' }),
      event.stats({ [H0]: { failures: 1 } }),
    ];
    expect(render(lines, 2, { task: task([0]) }).retryable).to.deep.equal([]);
  });

  it('bounds what a single result can write', () => {
    const result = { _ansible_verbose_always: true, list: Array.from({ length: 5000 }, () => 'y'.repeat(100)) };
    const text = render([event.play('x'), event.result('ok', 'a', H0, result)], 0).texts.get(0) ?? '';
    expect(text.length).to.be.lessThan(70_000);
    expect(text).to.match(/\[\.\.\. \d+ bytes left out \.\.\.\]/);
  });

  it('writes a name over one line', () => {
    const lines = [event.play('x'), event.result('ok', 'a\nTASK [b] ***\nok: [c]', H0)];
    expect(render(lines, 0).texts.get(0)).to.contain('TASK [a TASK [b] *** ok: [c]] ***');
  });

  it('never throws, whatever the lines hold, and keeps to ASCII', () => {
    const names = ['v2_playbook_on_play_start', 'v2_runner_on_ok', 'v2_runner_on_failed', 'v2_playbook_on_stats', 'x'];
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .tuple(
          fc.constantFrom(...names),
          fc.dictionary(fc.constantFrom('hosts', 'task', 'play', 'stats'), fc.jsonValue()),
        )
        .map(([name, rest]) => JSON.stringify({ _event: name, ...rest })),
      fc.jsonValue().map((result) => event.result('ok', 'a', H0, { results: result, warnings: result, msg: result })),
    );
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 8 }), fc.integer({ min: 0, max: 255 }), (lines, exitCode) => {
        const { texts, results } = render(lines, exitCode, { task: task([0, 1]) });
        expect([...texts.values()].join('')).to.match(/^[\x20-\x7e\n\t]*$/);
        expect([...results.keys()]).to.deep.equal([0, 1]);
      }),
      { numRuns: 300 },
    );
  });

  it('does not read events that are too long, and says how long they were', () => {
    const line = `{"_event":"v2_runner_on_ok","x":"${'y'.repeat(17 * 1024 * 1024)}"}`;
    expect(parseEvent(line)).to.deep.equal({
      kind: 'plain',
      text: `[... an event of ${line.length} bytes left out ...]`,
    });
  });
});
