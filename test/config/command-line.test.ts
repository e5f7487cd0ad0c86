// SPDX-License-Identifier: Apache-2.0
// The command line, and what --help, --version and --print-config print.
import { expect } from 'chai';
import { parseCommandLine } from '../../src/config/command-line.js';
import { describeConfig } from '../../src/config/describe.js';
import { helpText, versionText } from '../../src/config/help.js';
import { loadConfig } from '../../src/config/load.js';
import { allOptions } from '../../src/config/option-table.js';
import { parseIni } from '../../src/util/ini.js';

describe('parseCommandLine', () => {
  it('runs without arguments, and with a file', () => {
    expect(parseCommandLine([])).to.deep.equal({ kind: 'run' });
    expect(parseCommandLine(['--config', '/a'])).to.deep.equal({ kind: 'run', configFile: '/a' });
    expect(parseCommandLine(['--config=/a'])).to.deep.equal({ kind: 'run', configFile: '/a' });
  });

  it('checks and prints, in any order of the arguments', () => {
    expect(parseCommandLine(['--check-config', '--config', '/a'])).to.deep.equal({
      kind: 'check-config',
      configFile: '/a',
    });
    expect(parseCommandLine(['--config', '/a', '--print-config'])).to.deep.equal({
      kind: 'print-config',
      configFile: '/a',
    });
  });

  it('knows help and version', () => {
    expect(parseCommandLine(['-h'])).to.deep.equal({ kind: 'help' });
    expect(parseCommandLine(['--nonsense', '--help'])).to.deep.equal({ kind: 'help' });
    expect(parseCommandLine(['--version'])).to.deep.equal({ kind: 'version' });
    expect(versionText('3.0.0')).to.equal('IM 3.0.0');
  });

  it('refuses what it does not know, with the nearest option', () => {
    expect(parseCommandLine(['--confg', 'x'])).to.deep.equal({
      kind: 'usage-error',
      message: 'Unknown option --confg. Did you mean --config? Try --help.',
    });
    expect(parseCommandLine(['start'])).to.deep.equal({
      kind: 'usage-error',
      message: 'Unknown argument start. Try --help.',
    });
  });

  it('refuses --config without a file', () => {
    for (const args of [['--config'], ['--config='], ['--config', '']]) {
      expect(parseCommandLine(args)).to.have.property('kind', 'usage-error');
    }
  });

  it('is described by the help', () => {
    for (const option of ['--config', '--check-config', '--print-config', '--version', '-h, --help']) {
      expect(helpText).to.include(option);
    }
  });
});

describe('describeConfig', () => {
  const load = (lines: string) =>
    loadConfig({
      file: '/im.cfg',
      environment: { IM_REST_PORT: '1' },
      readFile: () => lines,
      installDir: '/opt/im',
      hostName: 'node7',
    });
  const secrets =
    '[im]\nDATA_DB = mysql://im:canary1@db/im\nOIDC_CLIENT_SECRET = canary2\n' +
    'ADMIN_USER = {"username": "a", "password": "canary3"}\nVAULT_URL = https://canary4@vault/\n';

  it('shows every option and no secret', () => {
    const text = describeConfig(load(secrets).config);
    expect(text).to.not.match(/canary/);
    expect(text).to.include('DATA_DB = mysql://im:********@db/im');
    expect(parseIni(text).entries.map((entry) => entry.name)).to.have.members(allOptions.map((option) => option.name));
  });

  it('does not show a secret that is not there', () => {
    expect(describeConfig(load('[im]\n').config)).to.match(/^OIDC_CLIENT_SECRET =$/m);
  });

  it('says where a value comes from', () => {
    const { config, origins } = load('[im]\nXMLRCP_PORT = 2\n');
    const text = describeConfig(config, origins);
    expect(text).to.include('# environment variable IM_REST_PORT\nREST_PORT = 1\n');
    expect(text).to.include('# /im.cfg line 2\nXMLRCP_PORT = 2\n');
    expect(text).to.include('# default\nBOOT_MODE = 0\n');
  });

  it('can be read again as an im.cfg with the same result', () => {
    const { config } = load('[im]\nDEFAULT_DOMAIN = 50%%\n[OpenNebula]\nTEMPLATE_CONTEXT = a = 1\n  b = 2\n');
    expect(load(describeConfig(config)).config).to.deep.equal(config);
  });
});
