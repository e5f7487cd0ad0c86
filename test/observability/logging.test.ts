// SPDX-License-Identifier: Apache-2.0
// The log: forms of lines, files and their rotation, standard output, closing.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import {
  createLogging,
  type LoggingConfig,
  type LoggingWorld,
} from '../../src/observability/logging/create-logging.js';
import { LogFileError } from '../../src/observability/sinks/file-sink.js';

const TIME = new Date(2026, 10, 20, 8, 46, 40, 795);

/** A log in the given form whose lines can be read. */
function open(config: Partial<LoggingConfig> = {}, world: Partial<LoggingWorld> = {}) {
  const stdout = new PassThrough();
  const troubles: string[] = [];
  const logging = createLogging(
    { logLevel: 'INFO', logFile: '-', logFileMaxSize: 0, logFormat: 'text', ...config },
    {
      now: () => TIME,
      stdout,
      stderr: new PassThrough(),
      hostName: 'node7',
      processId: 42,
      onTrouble: (message) => troubles.push(message),
      ...world,
    },
  );
  const chunks: string[] = [];
  stdout.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  const text = async (): Promise<string> => {
    await logging.close();
    return chunks.join('');
  };
  return { logging, text, troubles };
}

describe('text form', () => {
  it('is that of Python', async () => {
    const { logging, text } = open();
    logging.info('text');
    logging.named('ConfManager').warn('careful');
    logging.named('CloudConnector').error('wrong');
    expect(await text()).to.equal(
      '2026-11-20 08:46:40,795 - InfrastructureManager - INFO - text\n' +
        '2026-11-20 08:46:40,795 - ConfManager - WARNING - careful\n' +
        '2026-11-20 08:46:40,795 - CloudConnector - ERROR - wrong\n',
    );
  });

  it('appends fields, those of the parents too', async () => {
    const { logging, text } = open();
    const child = logging.child({ logger: 'CloudConnector', fields: { infId: 'a1' } });
    child.child({ fields: { opId: 'o1' } }).info('launched', { vmId: 3, reason: 'two words', reqId: undefined });
    expect(await text()).to.equal(
      '2026-11-20 08:46:40,795 - CloudConnector - INFO - launched [infId=a1 opId=o1 vmId=3 reason="two words"]\n',
    );
  });

  it('puts stacks on lines of their own', async () => {
    const { logging, text } = open();
    logging.error('failed', { error: new TypeError('why') });
    const [first, second, third] = (await text()).split('\n');
    expect(first).to.match(/ - ERROR - failed \[error="why"\]$/);
    expect(second).to.equal('  TypeError: why');
    expect(third).to.match(/^ {6}at /);
  });

  it('lets no message pass for another line or command a terminal', async () => {
    const { logging, text } = open();
    logging.info('a\n2026-11-20 08:46:40,795 - InfrastructureManager - INFO - forged\u001b[31m\rred');
    const lines = (await text()).trimEnd().split('\n');
    expect(lines).to.have.length(2);
    expect(lines[1]).to.match(/^ {2}2026.*forged\\x1b\[31m\\x0dred$/);
  });
});

describe('JSON form', () => {
  it('has one object per line, whose fixed names no field replaces', async () => {
    const { logging, text } = open({ logFormat: 'json' });
    logging.info('text\nmore', { infId: 'a1', level: 'x', msg: 'y', error: new Error('why') });
    const lines = (await text()).trimEnd().split('\n');
    expect(lines).to.have.length(1);
    const line: unknown = JSON.parse(lines[0] ?? '');
    expect(line).to.include({
      ts: TIME.toISOString(),
      level: 'INFO',
      logger: 'InfrastructureManager',
      msg: 'text\nmore',
      infId: 'a1',
      host: 'node7',
      pid: 42,
    });
    expect(line).to.have.nested.property('error.message', 'why');
  });
});

describe('logging', () => {
  it('leaves out what is below the level', async () => {
    const { logging, text } = open({ logLevel: 'WARNING' });
    logging.debug('no');
    logging.info('no');
    logging.warn('yes');
    logging.error('yes');
    expect((await text()).trimEnd().split('\n')).to.have.length(2);
  });

  it('shows no secret, in messages or fields', async () => {
    const { logging, text } = open({ logLevel: 'DEBUG' });
    logging.debug("password = 'CANARY'", {
      token: 'CANARY',
      url: 'mysql://u:CANARY@h/d',
      error: new Error('Bearer CANARY1'),
    });
    logging.child({ fields: { secret: 'CANARY' } }).info('Authorization: CANARY');
    expect(await text()).to.not.include('CANARY');
  });

  it('survives fields that cannot be read', async () => {
    const { logging, text } = open();
    const hostile = {
      get broken(): string {
        throw new Error('gotcha');
      },
    };
    logging.info('still here', { hostile });
    expect(await text()).to.match(/still here/);
  });

  it('writes out everything before it closes, and nothing after', async () => {
    const { logging, text } = open();
    for (let number = 0; number < 5000; number += 1) logging.info(`line ${number}`);
    const closing = text();
    logging.info('too late');
    const lines = (await closing).trimEnd().split('\n');
    expect(lines).to.have.length(5000);
    expect(lines.at(-1)).to.match(/line 4999$/);
    await logging.close();
  });

  it('goes on when the reader of the output has gone', async () => {
    const stdout = new PassThrough();
    const { logging, troubles } = open({}, { stdout });
    stdout.destroy();
    logging.info('lost');
    logging.info('lost too');
    await logging.close();
    expect(troubles).to.deep.equal(['Log lines are being lost: the output is closed']);
  });
});

describe('log file', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'im-log-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('is made with its directory, not for everybody, and appended to', async () => {
    const logFile = join(directory, 'a', 'b', 'im.log');
    for (const message of ['one', 'two']) {
      const { logging } = open({ logFile });
      logging.info(message);
      await logging.close();
    }
    expect(readFileSync(logFile, 'utf8').match(/one|two/g)).to.deep.equal(['one', 'two']);
    expect(statSync(logFile).mode & 0o007).to.equal(0);
  });

  it('has each line on disk as soon as it is logged', async () => {
    const logFile = join(directory, 'im.log');
    const { logging } = open({ logFile });
    logging.info('now');
    await new Promise((resolve) => setImmediate(resolve));
    expect(readFileSync(logFile, 'utf8')).to.include('now');
    await logging.close();
  });

  it('is put away when full, three old ones being kept', async () => {
    const logFile = join(directory, 'im.log');
    const { logging } = open({ logFile, logFileMaxSize: 200 });
    for (let number = 0; number < 20; number += 1) logging.info(`line ${String(number).padStart(2, '0')}`);
    await logging.close();
    const lastNumbers = ['.3', '.2', '.1', ''].map((suffix) => readFileSync(logFile + suffix, 'utf8').match(/\d\d\n/g));
    expect(lastNumbers.flat().join('')).to.equal('09\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n');
    expect(existsSync(`${logFile}.4`)).to.equal(false);
    for (const suffix of ['', '.1', '.2', '.3']) expect(statSync(logFile + suffix).size).to.be.at.most(200);
  });

  it('is opened again after it was moved away', async () => {
    const logFile = join(directory, 'im.log');
    const { logging } = open({ logFile });
    logging.info('old');
    await new Promise((resolve) => setImmediate(resolve));
    renameSync(logFile, `${logFile}.old`);
    logging.reopen();
    logging.info('new');
    await logging.close();
    expect(readFileSync(`${logFile}.old`, 'utf8')).to.include('old');
    expect(readFileSync(logFile, 'utf8')).to.include('new').and.not.include('old');
  });

  it('that cannot be opened is an error with the path and the remedy', () => {
    expect(() => open({ logFile: directory })).to.throw(LogFileError, /cannot be written.*Make its directory writable/);
  });

  it('that cannot be written loses lines, says so once, and owns up when it works again', async () => {
    const logFile = join(directory, 'im.log');
    const { logging, troubles } = open({ logFile });
    rmSync(logFile);
    mkdirSync(logFile);
    logging.reopen();
    logging.info('lost');
    logging.info('lost');
    await new Promise((resolve) => setImmediate(resolve));
    rmSync(logFile, { recursive: true });
    logging.reopen();
    logging.info('back');
    await logging.close();
    expect(troubles).to.have.length(1);
    expect(readFileSync(logFile, 'utf8')).to.match(/^\(2 log lines were lost: .*\)\n.*back\n$/);
  });
});
