// SPDX-License-Identifier: Apache-2.0
// Tests what a failed process tells for the failure report, the advice, the report's text, and the bound of the logs.
import { expect } from 'chai';
import type { RenderedChunk } from '../../../src/contextualization/contract.js';
import {
  createEventRenderer,
  createLogLimit,
  failureReport,
  hintFor,
} from '../../../src/contextualization/render/index.js';
import { describeBadEnd } from '../../../src/contextualization/runner/bad-end.js';
import { event, HOST_NAMES, task } from './streams.js';

const [H0, H1, H2] = ['10.0.0.1_0', '10.0.0.2_1', '10.0.0.3_2'];

describe('the failures that a renderer tells', () => {
  const failuresOf = (lines: readonly string[], exitCode: number) => {
    const renderer = createEventRenderer({ task: task([0, 1, 2]), hostNames: HOST_NAMES });
    renderer.feed(lines);
    return Object.fromEntries(renderer.end(exitCode).failures);
  };

  it('are the last failure of each VM, with the ends of its messages; what was ignored is none', () => {
    const failures = failuresOf(
      [
        event.play('p'),
        event.result('failed', 'ignored one', H0, { msg: 'not this' }),
        event.result('ok', 'next', H0),
        event.result('failed', 'compile', H1, {
          msg: 'non-zero return code',
          stderr: `${'x'.repeat(1000)}\nfirst\n\nlast \u001b[31merror\n`,
        }),
        event.result('failed', 'loop', H2, {
          msg: 'One or more items failed',
          results: [{}, { failed: true, msg: 'this item' }],
        }),
        event.stats({ [H0]: { ok: 2 }, [H1]: { failures: 1 }, [H2]: { failures: 1 } }),
      ],
      2,
    );
    expect(Object.keys(failures)).to.deep.equal(['1', '2']);
    expect(failures[1]?.recipeTask).to.equal('compile');
    expect(failures[1]?.host).to.equal(H1);
    expect(failures[1]?.lines[0]).to.equal('non-zero return code');
    expect(failures[1]?.lines.slice(-2)).to.deep.equal(['first', 'last [31merror']);
    for (const line of failures[1]?.lines ?? []) expect(line.length).to.be.lessThan(400);
    expect(failures[2]?.lines).to.deep.equal(['this item']);
  });

  it('are what Ansible itself said when no task failed', () => {
    const failures = failuresOf(["ERROR! the role 'web' was not found", 'somewhere'], 1);
    expect(failures[0]).to.deep.equal({ host: H0, lines: ["ERROR! the role 'web' was not found", 'somewhere'] });
    expect(hintFor(failures[0]?.lines ?? [])).to.contain('ansible.roles.');
  });
});

describe('the end of a process', () => {
  it('is told when a signal or the want of memory brought it', () => {
    const memory = /memory .* used up .*OOM killer/;
    expect(describeBadEnd({ kind: 'exited', code: 2, isMemoryExhausted: false })).to.deep.equal([]);
    expect(describeBadEnd({ kind: 'exited', code: 0, isMemoryExhausted: true })).to.deep.equal([]);
    expect(describeBadEnd({ kind: 'exited', code: -9, isMemoryExhausted: false })).to.deep.equal([
      'ERROR: Ansible was ended by signal 9 (SIGKILL).',
    ]);
    expect(describeBadEnd({ kind: 'exited', code: -9, isMemoryExhausted: true })[1]).to.match(memory);
    expect(describeBadEnd({ kind: 'lost', isMemoryExhausted: true })[1]).to.match(memory);
    expect(hintFor(describeBadEnd({ kind: 'exited', code: -9, isMemoryExhausted: true }))).to.contain('memory.size');
  });
});

describe('the failure report', () => {
  it('names phase, machine, task, the last lines and the advice', () => {
    const text = failureReport(
      [
        {
          phase: 'step',
          step: 4,
          vm: 1,
          task: 'a_wn',
          recipeTask: 'compile',
          host: H1,
          lines: ['l1', 'l2'],
          hint: 'mend it',
        },
        { phase: 'content', lines: ['no such role'] },
      ],
      3,
    );
    expect(text.split('\n')).to.deep.equal([
      'Failure report: 5 failures.',
      `  1. VM 1 (${H1}): running the recipes, step 4, a_wn, task "compile"`,
      '       l1',
      '       l2',
      '     Hint: mend it',
      '  2. the infrastructure: installing roles and collections',
      '       no such role',
      '  ... and 3 more; the logs of the machines have them.',
    ]);
  });
});

describe('the bound of a log', () => {
  const write = (pieces: readonly string[], limit: number): { readonly text: string; readonly pieces: string[] } => {
    const bound = createLogLimit(limit);
    const chunks: RenderedChunk[] = pieces.flatMap((text) => bound.take([{ vm: 1, text }]));
    return {
      text: [...chunks, ...bound.end()].map(({ text }) => text).join(''),
      pieces: chunks.map(({ text }) => text),
    };
  };
  const lines = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `line ${index}\n`);

  it('lets everything pass that fits, as it comes', () => {
    expect(write(lines(10), 1000)).to.deep.equal({ text: lines(10).join(''), pieces: lines(10) });
  });

  it('keeps beginning and end of what does not, with a mark that counts what is missing', () => {
    const all = lines(1000).join('');
    const { text } = write(lines(1000), 400);
    const [, head = '', count = '', tail = ''] =
      /^([\s\S]*)\[\.\.\. (\d+) bytes left out \.\.\.\]\n([\s\S]*)$/.exec(text) ?? [];
    expect(all.startsWith(head)).to.equal(true);
    expect(all.endsWith(tail)).to.equal(true);
    expect(head.length + Number(count) + tail.length).to.equal(all.length);
    expect(head.length).to.be.within(280, 300);
    expect(tail.length).to.equal(100);
  });

  it('bounds one huge piece too', () => {
    expect(write(['x'.repeat(10_000)], 400).text).to.equal(`[... 9900 bytes left out ...]\n${'x'.repeat(100)}`);
  });
});
