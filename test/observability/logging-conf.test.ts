// SPDX-License-Identifier: Apache-2.0
// logging.conf in the form of Python's fileConfig, as existing installations and the Helm chart have it.
import { createSocket } from 'node:dgram';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { createLogging } from '../../src/observability/logging/create-logging.js';
import { parsePythonLiteral } from '../../src/observability/logging/python-literal.js';
import { strftime } from '../../src/observability/logging/strftime.js';

let directory: string;
let time = new Date(2026, 10, 20, 8, 46, 40, 795);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'im-logging-conf-'));
  time = new Date(2026, 10, 20, 8, 46, 40, 795);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A log with the given logging.conf; without one that can be used it goes to standard output. */
function open(text: string) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const troubles: string[] = [];
  const logging = createLogging(
    { logLevel: 'INFO', logFile: '-', logFileMaxSize: 0, logFormat: 'text' },
    {
      now: () => time,
      stdout,
      stderr,
      hostName: 'node7',
      processId: 42,
      onTrouble: (message) => troubles.push(message),
      loggingConf: { path: '/etc/im/logging.conf', text },
    },
  );
  const read = (stream: PassThrough) => String(stream.read() ?? '');
  return { logging, troubles, out: () => read(stdout), err: () => read(stderr) };
}

/** The shipped file of the reference in shape: sections without empty lines between them, one handler for three loggers. */
const conf = (
  handler: string,
  format = '%(asctime)s - %(name)s - %(levelname)s - %(message)s',
  level = 'INFO',
) => `[loggers]
keys=root,InfrastructureManager,ConfManager,CloudConnector
[handlers]
keys=theHandler
[formatters]
keys=theFormatter
[logger_root]
level=ERROR
handlers=theHandler
[logger_InfrastructureManager]
level=INFO
handlers=theHandler
qualname=InfrastructureManager
propagate=0
[logger_ConfManager]
level=DEBUG
handlers=theHandler
qualname=ConfManager
propagate=0
[logger_CloudConnector]
level=ERROR
handlers=
qualname=CloudConnector
propagate=1
[handler_theHandler]
${handler}
level=${level}
formatter=theFormatter
[formatter_theFormatter]
format=${format}
datefmt=
`;

const STDOUT = 'class=StreamHandler\nargs=(sys.stdout,)';

describe('logging.conf', () => {
  it('gives each logger its level and the handler its own', async () => {
    const { logging, out, troubles } = open(conf(STDOUT));
    logging.debug('no: below the logger');
    logging.info('one');
    logging.named('ConfManager').debug('no: below the handler');
    logging.named('ConfManager').info('two');
    logging.named('CloudConnector').warn('no: below the logger');
    logging.named('CloudConnector').error('three, by the handler of the root');
    await logging.close();
    expect(troubles).to.deep.equal([]);
    expect(out()).to.equal(
      '2026-11-20 08:46:40,795 - InfrastructureManager - INFO - one\n' +
        '2026-11-20 08:46:40,795 - ConfManager - INFO - two\n' +
        '2026-11-20 08:46:40,795 - CloudConnector - ERROR - three, by the handler of the root\n',
    );
  });

  it('writes a line once although a logger and the root have the same handler', async () => {
    const { logging, out } = open(conf(STDOUT).replaceAll('propagate=0', 'propagate=1'));
    logging.info('one');
    await logging.close();
    expect(out().trimEnd().split('\n')).to.have.length(1);
  });

  it('has the attributes of Python and the name of the host', async () => {
    const form = '%(hostname)s|%(process)d|%(threadName)s|%(levelname)-8s|%(msecs)03d|%(nothing)s|100%%|%(message)s';
    const { logging, out } = open(conf(STDOUT, form));
    logging.info('one', { infId: 'a1' });
    await logging.close();
    expect(out()).to.equal('node7|42|MainThread|INFO    |795||100%|one [infId=a1]\n');
  });

  it('rotates files by size', async () => {
    const path = join(directory, 'im.log');
    const { logging } = open(conf(`class=logging.handlers.RotatingFileHandler\nargs=('${path}', 'w', 100, 2)`));
    for (let number = 0; number < 6; number += 1) logging.info(`line ${number}`);
    await logging.close();
    expect(readFileSync(path, 'utf8')).to.include('line 5');
    expect(readFileSync(`${path}.2`, 'utf8')).to.include('line 3');
    expect(existsSync(`${path}.3`)).to.equal(false);
  });

  it('rotates files by time and keeps as many as told', async () => {
    const path = join(directory, 'im.log');
    const { logging } = open(
      conf(`class=logging.handlers.TimedRotatingFileHandler\nargs=('${path}', 'H', 1)\nkwargs={'backupCount': 2}`),
    );
    for (let hour = 0; hour < 5; hour += 1) {
      logging.info(`hour ${hour}`);
      await new Promise((resolve) => setImmediate(resolve));
      time = new Date(time.getTime() + 3_600_000);
    }
    await logging.close();
    expect(readdirSync(directory).sort()).to.deep.equal(['im.log', 'im.log.2026-11-20_10', 'im.log.2026-11-20_11']);
    expect(readFileSync(path, 'utf8')).to.include('hour 4');
  });

  it('sends to syslog over UDP with priority and final zero', async () => {
    const server = createSocket('udp4');
    await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
    const received = new Promise<string>((resolve) => server.once('message', (message) => resolve(message.toString())));
    const handler = `class=logging.handlers.SysLogHandler\nargs=(('127.0.0.1', ${server.address().port}),)`;
    const { logging } = open(conf(handler, '%(hostname)s - %(message)s'));
    logging.error('over there');
    await logging.close();
    expect(await received).to.equal('<11>node7 - over there\0');
    server.close();
  });

  it('shows no secret either', async () => {
    const { logging, out } = open(conf(STDOUT));
    logging.info('password = CANARY');
    await logging.close();
    expect(out())
      .to.match(/password = \*+/)
      .and.not.include('CANARY');
  });

  const unusable: readonly (readonly [string, string, RegExp])[] = [
    ['an empty file', '', /Section \[formatters\] is missing\./],
    ['a handler of an unknown class', conf('class=SMTPHandler\nargs=()'), /Class SMTPHandler of .* is not supported/],
    ['arguments that are code', conf('class=StreamHandler\nargs=(__import__("os").system("x"),)'), /is not understood/],
    ['a file that cannot be opened', conf("class=FileHandler\nargs=('/proc/nothing/im.log',)"), /cannot be written/],
    ['an unknown level', conf(STDOUT, '%(message)s', 'LOUD'), /Level "LOUD" of \[handler_theHandler\] is not known/],
    ['a missing handler', conf(STDOUT).replace('handlers=theHandler', 'handlers=other'), /Handler other of/],
    ['a local socket', conf("class=SysLogHandler\nargs=('/dev/log',)"), /local sockets are not supported/],
  ];
  for (const [what, text, reason] of unusable) {
    it(`with ${what} is reported, and the LOG_ options count`, async () => {
      const { logging, out, troubles } = open(text);
      logging.info('still here');
      await logging.close();
      expect(troubles).to.have.length(1);
      expect(troubles[0])
        .to.match(/^\/etc\/im\/logging\.conf is not used: /)
        .and.match(reason);
      expect(out()).to.include('still here');
    });
  }
});

describe('parsePythonLiteral', () => {
  it('reads what logging.conf has', () => {
    expect(parsePythonLiteral("('/var/log/im/im.log', 'w', 10485760, 3)")).to.deep.equal([
      '/var/log/im/im.log',
      'w',
      10485760,
      3,
    ]);
    expect(parsePythonLiteral("(('host', 514),)")).to.deep.equal([['host', 514]]);
    expect(parsePythonLiteral('(sys.stdout,)')).to.deep.equal([{ name: 'sys.stdout' }]);
    expect(parsePythonLiteral('()')).to.deep.equal([]);
    expect(parsePythonLiteral("('only')")).to.equal('only');
    expect(parsePythonLiteral("{'a': None, 'b': [True, -1.5]}")).to.deep.equal(
      new Map<string, unknown>([
        ['a', null],
        ['b', [true, -1.5]],
      ]),
    );
    expect(parsePythonLiteral('"a\\n\\"b\\""')).to.equal('a\n"b"');
  });

  it('refuses everything else', () => {
    for (const text of ['', '(', '(1', '1 2', 'f(x)', '{1: 2}', '@', '('.repeat(100)]) {
      expect(() => parsePythonLiteral(text), text).to.throw(SyntaxError);
    }
  });
});

describe('strftime', () => {
  it('has the forms of Python', () => {
    const at = new Date(2026, 0, 5, 13, 4, 9, 7);
    expect(strftime(at, '%Y-%m-%d %H:%M:%S %y %b %B %a %A %I%p %f %% %Q')).to.equal(
      '2026-01-05 13:04:09 26 Jan January Mon Monday 01PM 007000 % %Q',
    );
    expect(strftime(at, '%F %T')).to.equal('2026-01-05 13:04:09');
  });
});
