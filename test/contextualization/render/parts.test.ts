// SPDX-License-Identifier: Apache-2.0
// Tests the small parts of the renderer: banners, JSON layout, cutting, failure classes, blocks, task sources.
import { expect } from 'chai';
import { cutMiddle, printableAscii } from '../../../src/contextualization/render/ascii.js';
import { banner, timeLine } from '../../../src/contextualization/render/banner.js';
import {
  blockBegin,
  callAnsible,
  classifyFailure,
  classifyText,
  isRetryable,
  pauseBeforeAttempt,
  stepEnd,
  stoppedLine,
  taskBegin,
  taskFailed,
  taskSucceeded,
} from '../../../src/contextualization/render/index.js';
import { jsonBlock, jsonLine } from '../../../src/contextualization/render/json-text.js';
import { pythonText } from '../../../src/contextualization/render/python-text.js';
import { isHandledByBlock } from '../../../src/contextualization/render/task-source.js';

describe('banner', () => {
  it('fills up with stars, at least three', () => {
    expect(banner('PLAY RECAP')).to.equal(`\nPLAY RECAP ${'*'.repeat(69)}\n`);
    expect(banner('x'.repeat(100))).to.equal(`\n${'x'.repeat(100)} ***\n`);
  });
});

describe('time line', () => {
  it('shows the local time of the master with microseconds and a trailing blank', () => {
    expect(timeLine('2026-11-20T09:35:41.975637Z', 0)).to.equal('Friday 20 November 2026  09:35:41.975637 \n');
    expect(timeLine('2026-12-31T23:30:00.5Z', 60)).to.equal('Friday 01 January 2027  00:30:00.500000 \n');
    expect(timeLine('2026-03-01T00:10:00Z', -300)).to.equal('Saturday 28 February 2026  19:10:00.000000 \n');
  });

  it('is empty for what is no time', () => {
    for (const text of ['', 'yesterday', '2026-13-45T99:99:99Z', '2026-11-20T09:35:41+01:00']) {
      expect(timeLine(text, 0), text).to.equal('');
    }
  });
});

describe('JSON layout', () => {
  it('sorts keys and separates like Python', () => {
    expect(jsonLine({ b: [1, 'x'], a: { d: null, c: true } })).to.equal('{"a": {"c": true, "d": null}, "b": [1, "x"]}');
    expect(jsonBlock({ b: [1], a: {} })).to.equal('{\n    "a": {},\n    "b": [\n        1\n    ]\n}');
  });

  it('escapes what is not printable ASCII, surrogate pairs and DEL too', () => {
    expect(jsonLine('é\n\u007f😀"')).to.equal('"\\u00e9\\n\\u007f\\ud83d\\ude00\\""');
  });

  it('cuts long texts but stays JSON', () => {
    const text: unknown = JSON.parse(jsonLine({ a: 'x'.repeat(100_000) }));
    expect(text)
      .to.have.property('a')
      .that.match(/^x+\[\.\.\. 67232 bytes left out \.\.\.\]x+$/);
  });

  it('bounds the depth', () => {
    let value: unknown = 1;
    for (let depth = 0; depth < 5000; depth += 1) value = [value];
    expect(jsonLine(value)).to.contain('[... nested too deep ...]');
  });
});

describe('text from nodes', () => {
  it('loses all but printable ASCII, tabs and line ends', () => {
    expect(printableAscii('a\r\n\u001b[31mé\tb\0')).to.equal('a\n[31m\tb');
  });

  it('loses its middle when it is too long', () => {
    expect(cutMiddle('aaaabbbb', 4)).to.equal('aa[... 4 bytes left out ...]bb');
    expect(cutMiddle('aaa', 3)).to.equal('aaa');
    expect(cutMiddle('aaaab', 3)).to.equal('aa[... 2 bytes left out ...]b');
  });
});

describe('labels of loop items', () => {
  it('look as in Python', () => {
    expect(pythonText('a')).to.equal('a');
    expect(pythonText({ a: [1, true, null], b: "it's" })).to.equal(`{'a': [1, True, None], 'b': "it's"}`);
  });
});

describe('failure classes', () => {
  const transient: readonly (readonly [string, string])[] = [
    ['E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1 (apt)', 'package-lock'],
    [
      'E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?',
      'package-lock',
    ],
    ['Failed to lock apt for exclusive operation: Failed to lock directory /var/lib/apt/lists/', 'package-lock'],
    ['yum lockfile is held by another process', 'package-lock'],
    ['System management is locked by the application with pid 7 (zypper).', 'package-lock'],
    ['Failed to connect to the host via ssh: ssh: connect to host 10.0.0.1 port 22: Connection refused', 'ssh'],
    ['Data could not be sent to remote host "10.0.0.1".', 'ssh'],
    ['ERROR! Unknown error when attempting to call Galaxy at https://galaxy.ansible.com: timed out', 'galaxy'],
  ];

  it('tells what may pass by itself', () => {
    for (const [text, expected] of transient) expect(classifyText(text), text).to.equal(expected);
    expect(isRetryable('ssh') && isRetryable('package-lock') && isRetryable('galaxy')).to.equal(true);
    expect(classifyFailure('unreachable', {})).to.equal('unreachable');
  });

  it('takes everything else for final', () => {
    for (const text of [
      'non-zero return code',
      'Shared connection to 10.0.0.1 closed.',
      'Request failed: <urlopen error [Errno 111] Connection refused>',
      'Connection reset by peer',
      '- sorry, user.role was not found on galaxy.ansible.com.',
      'No package matching foo is available',
    ]) {
      expect(classifyText(text), text).to.equal('task');
    }
    expect(isRetryable('task')).to.equal(false);
  });

  it('reads the texts of modules wherever they stand', () => {
    const lock = 'Could not get lock /var/lib/dpkg/lock';
    expect(classifyFailure('failed', { msg: 'apt failed', stderr: lock })).to.equal('package-lock');
    expect(classifyFailure('failed', { msg: 'MODULE FAILURE', module_stderr: lock })).to.equal('package-lock');
    expect(classifyFailure('failed', { stdout: `${'x'.repeat(1_000_000)}${lock}` })).to.equal('package-lock');
  });

  it('of a loop is that of the item that fails for good', () => {
    const item = (msg: string, failed = true) => ({ failed, msg });
    const lock = item('Could not get lock /var/lib/dpkg/lock');
    expect(classifyFailure('failed', { results: [item('fine', false), lock] })).to.equal('package-lock');
    expect(classifyFailure('failed', { results: [lock, item('no')] })).to.equal('task');
  });

  it('does not get stuck on hostile texts', () => {
    for (const part of ['Connection closed ', 'Unable to acquire ', 'Could not get ', 'galaxy ']) {
      expect(classifyFailure('failed', { msg: part.repeat(500_000) })).to.equal('task');
    }
  });
});

describe('blocks of a VM log', () => {
  it('are those of a step that went well', () => {
    const text =
      blockBegin('common_front') +
      callAnsible() +
      taskSucceeded('common_front') +
      taskBegin('server_front') +
      callAnsible() +
      taskSucceeded('server_front') +
      stepEnd();
    expect(text).to.equal(
      'Contextualization agent output processed successfullyGenerate and copy the ssh key\nSleeping 0 secs.\nLaunch task: common_front\nCall Ansible\nTask common_front finished successfully\nSleeping 0 secs.\nLaunch task: server_front\nCall Ansible\nTask server_front finished successfully\nProcess finished\n',
    );
  });

  it('tell the try of a task that failed, and the pause before the next', () => {
    expect(taskFailed('a_wn', 1, 3)).to.equal('ERROR executing playbook (1/1)\nERROR executing task a_wn: (1/3)\n');
    expect([1, 2, 3, 4].map(pauseBeforeAttempt)).to.deep.equal([0, 5, 20, 45]);
    expect(taskBegin('a_wn', pauseBeforeAttempt(2))).to.equal('Sleeping 5 secs.\nLaunch task: a_wn\n');
  });

  it('tell the infrastructure what a VM did not run', () => {
    expect(stoppedLine(3, 4, ['a_wn'], ['b_wn', 'c_wn'])).to.equal('VM 3: step 4 (a_wn) failed; not run: b_wn, c_wn');
    expect(stoppedLine(3, 4, ['a_wn'], [])).to.equal('VM 3: step 4 (a_wn) failed');
  });
});

describe('isHandledByBlock', () => {
  const indented = `- hosts: all
  tasks:
    - name: alone
      command: /bin/false
    - name: block
      block:
        - name: inside
          command: /bin/false
        - command: /bin/false
          ignore_errors: yes
        - block:
            - name: deeper
              command: /bin/false
      rescue:
        - name: in rescue
          command: /bin/false
    - block:
        - name: ignored block
          command: /bin/false
      ignore_errors: true
`;
  const dense = `- hosts:
  - all
  tasks:
  - block:
    - name: inside
      command: /bin/false
    always:
    - name: always
      debug: null
  - name: after
    command: /bin/false
`;

  /** Line of the task, from 1. */
  const handled = (text: string, needle: string): boolean => {
    const lines = text.split('\n');
    return isHandledByBlock(lines, lines.findIndex((line) => line.includes(needle)) + 1);
  };

  it('finds rescue and always around a task, also from deeper blocks', () => {
    expect(handled(indented, 'name: inside')).to.equal(true);
    expect(handled(indented, 'name: deeper')).to.equal(true);
    expect(handled(dense, 'name: inside')).to.equal(true);
  });

  it('is not misled by blocks beside the task, its own ignore_errors or that of its block', () => {
    expect(handled(indented, 'name: alone')).to.equal(false);
    expect(handled(indented, '- command: /bin/false')).to.equal(false);
    expect(handled(indented, 'name: in rescue')).to.equal(false);
    expect(handled(indented, 'name: ignored block')).to.equal(false);
    expect(handled(dense, 'name: after')).to.equal(false);
    expect(handled(dense, 'name: always')).to.equal(false);
  });

  it('finds nothing outside the text', () => {
    expect(isHandledByBlock([], 1)).to.equal(false);
    expect(isHandledByBlock(['- a: 1'], 0)).to.equal(false);
    expect(isHandledByBlock(['- a: 1'], 7)).to.equal(false);
  });
});
