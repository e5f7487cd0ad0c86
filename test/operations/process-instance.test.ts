// SPDX-License-Identifier: Apache-2.0
// Which processes are known to have ended: a wrong yes lets two daemons work on one infrastructure.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { describeInstance, hasEnded, instanceText } from '../../src/operations/index.js';
import { until } from '../support/waiting.js';

const MODULE = fileURLToPath(new URL('../../src/operations/process-instance.ts', import.meta.url));
const SAYS_ITS_TEXT = `
import { instanceText } from ${JSON.stringify(MODULE)};
console.log(instanceText('child', 'host of the child'));
setInterval(() => undefined, 1000);
`;

const stateOf = (pid: number): string => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
};

/** The text with another word in one place. */
const changed = (text: string, index: number, word: string): string =>
  text
    .split(' ')
    .map((old, place) => (place === index ? word : old))
    .join(' ');

describe('the instance of a process', () => {
  const children: ChildProcess[] = [];

  before(function () {
    if (!existsSync('/proc/self/stat')) this.skip();
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  const start = async (
    command: string,
    parameters: readonly string[],
  ): Promise<{ child: ChildProcess; text: string }> => {
    const child = spawn(command, parameters, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    await until(() => text.endsWith('\n'), 'the process to say its text', 60_000);
    return { child, text: text.trimEnd() };
  };
  const startNode = () => start(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', SAYS_ITS_TEXT]);

  it('is short, and says where it runs', () => {
    const text = instanceText('0f8e5d9c-4f0e-4d55-9a3c-9b1f9c1d2e3f', 'h'.repeat(300));
    expect(text.length).to.be.at.most(200);
    expect(describeInstance(instanceText('id', 'web1'))).to.equal(`process ${process.pid} on host web1`);
  });

  it('has not ended while it runs or is stopped, and has when it was killed', async () => {
    const { child, text } = await startNode();
    expect(hasEnded(text)).to.equal(false);
    child.kill('SIGSTOP');
    await until(() => stateOf(Number(child.pid)) === 'T', 'it to stop');
    expect(hasEnded(text)).to.equal(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(hasEnded(text)).to.equal(true);
  });

  it('has ended when nobody collects its end', async () => {
    // The shell becomes a program that knows nothing of its child.
    const { text } = await start('/bin/sh', ['-c', 'sleep 0 & echo $!; exec sleep 600']);
    const pid = Number(text);
    await until(() => stateOf(pid) === 'Z', 'the zombie');
    const startTime = readFileSync(`/proc/${pid}/stat`, 'latin1').split(' ')[21] ?? '';
    const zombie = changed(changed(instanceText('id', 'host'), 2, String(pid)), 3, startTime);
    expect(hasEnded(zombie)).to.equal(true);
  });

  it('has ended when its number belongs to another process now', () => {
    expect(hasEnded(changed(instanceText('id', hostname()), 3, '1'))).to.equal(true);
  });

  it('cannot be known to have ended when it ran elsewhere: another host, another start of it, another container', async () => {
    const { child, text } = await startNode();
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(hasEnded(text)).to.equal(true);
    for (const elsewhere of [changed(text, 1, 'feedfacefeedface'), changed(text, 1, '-'), changed(text, 3, '-')]) {
      expect(hasEnded(elsewhere), elsewhere).to.equal(false);
    }
  });

  it('is never believed when it is no such text', () => {
    const mine = instanceText('id', 'host');
    for (const text of ['', 'im1', 'im1#3', changed(mine, 2, '0'), changed(mine, 2, '-1'), changed(mine, 2, '1e9')]) {
      expect(hasEnded(text), text).to.equal(false);
    }
    expect(describeInstance('im1')).to.equal('im1');
  });
});
