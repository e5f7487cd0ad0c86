// SPDX-License-Identifier: Apache-2.0
// The quickstart shows each change of state and each new line of the log once.
import { expect } from 'chai';
import { Progress, splitLog, tail } from '../../scripts/quickstart/progress.js';

const STARS = '*'.repeat(75);
const contmsg = (infrastructure: string, ...machines: readonly (readonly [number, string])[]): string =>
  infrastructure + machines.map(([id, log]) => `VM ${id}:\n${log}\n${STARS}\n`).join('');
const states = (state: string, ...vms: readonly (readonly [string, string])[]) => ({ state, vmStates: new Map(vms) });

describe('the parts of a contextualization log', () => {
  it('are the infrastructure and one per machine', () => {
    const parts = splitLog(contmsg('Select master VM\n', [0, 'a\nb'], [2, 'c']));
    expect(parts.infrastructure).to.equal('Select master VM\n');
    expect([...parts.machines]).to.deep.equal([
      ['0', 'a\nb'],
      ['2', 'c'],
    ]);
  });

  it('are only the infrastructure as long as no machine has a log', () => {
    expect(splitLog('Select master VM\n').infrastructure).to.equal('Select master VM\n');
    expect(splitLog('').machines.size).to.equal(0);
  });
});

describe('the progress of an infrastructure', () => {
  it('names each machine and the infrastructure when their state changes, and nothing otherwise', () => {
    const progress = new Progress();
    expect(progress.newStates(states('pending', ['0', 'pending']))).to.deep.equal([
      'VM 0: pending',
      'infrastructure: pending',
    ]);
    expect(progress.newStates(states('pending', ['0', 'pending']))).to.deep.equal([]);
    expect(progress.newStates(states('running', ['0', 'running'], ['1', 'pending']))).to.deep.equal([
      'VM 0: running',
      'VM 1: pending',
      'infrastructure: running',
    ]);
  });

  it('names a machine that is gone', () => {
    const progress = new Progress();
    progress.newStates(states('running', ['0', 'running']));
    expect(progress.newStates(states('running'))).to.deep.equal(['VM 0: gone']);
  });

  it('shows whole lines of the infrastructure once', () => {
    const progress = new Progress();
    expect(progress.newLogLines('one\ntw')).to.deep.equal(['one']);
    expect(progress.newLogLines('one\ntwo\nthree\n')).to.deep.equal(['two', 'three']);
    expect(progress.newLogLines('one\ntwo\nthree\n')).to.deep.equal([]);
  });

  it('shows of the machines what tells how far they are, without the stars of banners', () => {
    const log = 'Launch task: main_wn\n\nTASK [Packages] ******\nok: [h]\nfatal: [h]: FAILED! => {}\n';
    expect(new Progress().newLogLines(contmsg('', [1, log]))).to.deep.equal([
      'VM 1 | Launch task: main_wn',
      'VM 1 | TASK [Packages]',
      'VM 1 | fatal: [h]: FAILED! => {}',
    ]);
  });

  it('starts again with a log that was emptied for a new run', () => {
    const progress = new Progress();
    progress.newLogLines('first run, line one\nfirst run, line two\n');
    expect(progress.newLogLines('second run\n')).to.deep.equal(['second run']);
  });
});

describe('the tail of a log', () => {
  it('is its last lines', () => {
    expect(tail('a\nb\nc\n', 2)).to.equal('b\nc');
    expect(tail('a\n', 5)).to.equal('a');
  });
});
