// SPDX-License-Identifier: Apache-2.0
// How the effective configuration comes about: files, environment, aliases, errors.
import { expect } from 'chai';
import { ConfigError } from '../../src/config/config-error.js';
import { type LoadRequest, loadConfig } from '../../src/config/load.js';

type Files = Readonly<Record<string, string>>;

/** Loads with the given files and environment on an imaginary machine. */
function load(files: Files, environment: Readonly<Record<string, string>> = {}, rest: Partial<LoadRequest> = {}) {
  return loadConfig({
    environment,
    readFile: (path) => files[path],
    installDir: '/opt/im',
    hostName: 'node7',
    ...rest,
  });
}

const inFile = (lines: string, environment: Readonly<Record<string, string>> = {}) =>
  load({ '/etc/im/im.cfg': `[im]\n${lines}` }, environment);

function problemsOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error('expected a ConfigError');
}

describe('configuration without any source', () => {
  const { config, warnings, filesRead } = load({});

  it('has the built-in defaults', () => {
    expect(config.restPort).to.equal(8800);
    expect(config.xmlrpcPort).to.equal(8899);
    expect(config.dataDb).to.equal('sqlite:///etc/im/inf.dat');
    expect(config.maxSimultaneousLaunches).to.equal(1);
    expect(config.verifySsl).to.equal(true);
    expect(config.activateRest).to.equal(true);
    expect(config.activateXmlrpc).to.equal(true);
    expect(config.privateNetMasks).to.have.length(7);
    expect(config.adminUsers).to.deep.equal([]);
    expect(config.oidcScopes).to.deep.equal([]);
    expect(config.openNebula.ttsUrl).to.equal('https://localhost:8443');
    expect({ warnings, filesRead }).to.deep.equal({ warnings: [], filesRead: [] });
  });

  it('computes the defaults that depend on the machine', () => {
    expect(config.nodeName).to.equal('node7');
    expect(config.contextualizationDir).to.equal('/opt/im/contextualization');
    expect(config.recipesDir).to.equal('/opt/im/contextualization/AnsibleRecipes');
    expect(config.runtimeBundleDir).to.equal('/opt/im/var/runtime');
    expect(config.secretsKeyFile).to.equal('/etc/im/im-secrets.key');
  });

  it('cannot be changed', () => {
    expect(Object.isFrozen(config)).to.equal(true);
    expect(Object.isFrozen(config.openNebula)).to.equal(true);
    expect(Object.isFrozen(config.privateNetMasks)).to.equal(true);
  });
});

describe('choice of im.cfg', () => {
  const files = {
    '/a.cfg': '[im]\nREST_PORT = 1\n',
    '/b.cfg': '[im]\nREST_PORT = 2\n',
    '/p/etc/im.cfg': '[im]\nREST_PORT = 3\n',
    '/etc/im/im.cfg': '[im]\nREST_PORT = 4\n',
  };

  it('takes --config, then IM_CFG, then $IM_PATH/etc/im.cfg, then /etc/im/im.cfg', () => {
    const environment = { IM_CFG: '/b.cfg', IM_PATH: '/p' };
    expect(load(files, environment, { file: '/a.cfg' }).config.restPort).to.equal(1);
    expect(load(files, environment).config.restPort).to.equal(2);
    expect(load(files, { IM_PATH: '/p' }).config.restPort).to.equal(3);
    expect(load(files, {}).config.restPort).to.equal(4);
    expect(load(files, { IM_PATH: '/elsewhere' }).config.restPort).to.equal(4);
    expect(load(files, {}).filesRead).to.deep.equal(['/etc/im/im.cfg']);
  });

  it('takes IM_PATH for the directory of the program', () => {
    expect(load({}, { IM_PATH: '/p' }).config.contextualizationDir).to.equal('/p/contextualization');
  });

  it('insists on a file that was named', () => {
    expect(problemsOf(() => load({}, {}, { file: '/gone.cfg' }))).to.deep.equal([
      'Configuration file /gone.cfg, named by --config, does not exist.',
    ]);
    expect(problemsOf(() => load({}, { IM_CFG: '/gone.cfg' }))).to.deep.equal([
      'Configuration file /gone.cfg, named by the environment variable IM_CFG, does not exist.',
    ]);
  });

  it('says why a file cannot be read', () => {
    const readFile = () => {
      throw new Error('permission denied');
    };
    expect(problemsOf(() => load({}, {}, { readFile }))).to.deep.equal([
      'Configuration file /etc/im/im.cfg cannot be read: permission denied.',
    ]);
  });
});

describe('precedence', () => {
  it('is environment over file over default', () => {
    const { config, origins } = inFile('REST_PORT = 1\nXMLRCP_PORT = 2\n', { IM_REST_PORT: '3' });
    expect([config.restPort, config.xmlrpcPort, config.maxVmFails]).to.deep.equal([3, 2, 3]);
    expect([...origins.values()].sort()).to.deep.equal(['/etc/im/im.cfg line 3', 'environment variable IM_REST_PORT']);
  });

  it('lets DATA_DB win over DB_URL with a warning that shows neither', () => {
    const { config, warnings } = inFile('DATA_DB = mysql://a:canary1@h/d\nDB_URL = mysql://b:canary2@h/d\n');
    expect(config.dataDb).to.equal('mysql://a:canary1@h/d');
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.match(/^DATA_DB and DB_URL are the same option; the value of DATA_DB counts/);
    expect(warnings[0]).to.not.match(/canary/);
  });

  it('lets an alias in the environment win over the canonical name in the file', () => {
    expect(inFile('DATA_DB = /file.db\n', { IM_DB_URL: '/environment.db' }).config.dataDb).to.equal('/environment.db');
  });

  it('takes the correct spellings of misspelt options', () => {
    const { config, warnings } = inFile(
      'VERIFY_SSL = no\nXMLRPC_PORT = 1\nWAIT_SSH_ACCESS_TIMEOUT = 2\nCONFMANAGER_CHECK_STATE_INTERVAL = 3\n',
    );
    expect(config.verifySsl).to.equal(false);
    expect([config.xmlrpcPort, config.waitSshAccessTimeout, config.confManagerCheckStateInterval]).to.deep.equal([
      1, 2, 3,
    ]);
    expect(warnings).to.deep.equal([]);
  });
});

describe('values', () => {
  it('are booleans in the words of ConfigParser', () => {
    for (const word of ['1', 'yes', 'True', 'ON']) expect(inFile(`REST_SSL = ${word}`).config.restSsl).to.equal(true);
    for (const word of ['0', 'no', 'False', 'OFF']) expect(inFile(`REST_SSL = ${word}`).config.restSsl).to.equal(false);
  });

  it('are lists with trimmed pieces and no empty ones', () => {
    expect(inFile('OIDC_SCOPES =').config.oidcScopes).to.deep.equal([]);
    expect(inFile('OIDC_SCOPES = a , b,,c ').config.oidcScopes).to.deep.equal(['a', 'b', 'c']);
  });

  it('may hold a lone % and use %% and %(name)s', () => {
    expect(inFile('DATA_DB = mysql://u:p%40x@h/db').config.dataDb).to.equal('mysql://u:p%40x@h/db');
    expect(inFile('DEFAULT_DOMAIN = a%%b').config.defaultDomain).to.equal('a%b');
    const text = '[DEFAULT]\nbase = /srv\n[im]\nLOG_FILE = %(BASE)s/log\nUSER_DB = %(log_file)s.users\n';
    const { config } = load({ '/etc/im/im.cfg': text });
    expect(config.logFile).to.equal('/srv/log');
    expect(config.userDb).to.equal('/srv/log.users');
  });

  it('of the section [DEFAULT] reach both sections', () => {
    const { config } = load({ '/etc/im/im.cfg': '[DEFAULT]\nREST_PORT = 5\nIMAGE_UNAME = me\n[im]\n' });
    expect([config.restPort, config.openNebula.imageUname]).to.deep.equal([5, 'me']);
  });

  it('of administrators are an object, an array, or nothing', () => {
    const one = [{ username: 'a', password: 'b' }];
    expect(inFile('ADMIN_USER = {"username": "a", "password": "b"}').config.adminUsers).to.deep.equal(one);
    expect(inFile('ADMIN_USER = [\n  {"username": "a", "password": "b"}\n  ]').config.adminUsers).to.deep.equal(one);
    for (const nothing of ['', '{}', '[]']) {
      expect(inFile(`ADMIN_USER = ${nothing}`).config.adminUsers).to.deep.equal([]);
    }
  });

  it('of administrator groups are JSON', () => {
    const { config } = inFile('OIDC_ADMIN_GROUPS = [{"issuer":"https://idp/","group":"g"}]');
    expect(config.oidcAdminGroups).to.deep.equal([{ issuer: 'https://idp/', group: 'g' }]);
  });

  it('of mirrors are pairs of URLs', () => {
    const { config } = inFile('URL_MIRRORS = https://a/?x=1=https://b/, http://c/=https://d/e');
    expect(config.urlMirrors).to.deep.equal([
      { prefix: 'https://a/?x=1', replacement: 'https://b/' },
      { prefix: 'http://c/', replacement: 'https://d/e' },
    ]);
  });

  it('of the log level are Python names, anything else is WARNING', () => {
    const level = (word: string) => inFile(`LOG_LEVEL = ${word}`).config.logLevel;
    expect(['debug', 'WARN', 'FATAL', 'nonsense', ''].map(level)).to.deep.equal([
      'DEBUG',
      'WARNING',
      'CRITICAL',
      'WARNING',
      'INFO',
    ]);
  });

  it('of the memory unit may be written as in the manuals', () => {
    expect(inFile('DEFAULT_VM_MEMORY_UNIT = GiB').config.defaultVmMemoryUnit).to.equal('G');
  });

  it('that are empty stand for the default where an option cannot do without', () => {
    const { config } = inFile('DATA_DB =\nDEFAULT_VM_NAME =\nLOG_FILE =\n[OpenNebula]\nTEMPLATE_OTHER =\n');
    expect(config.dataDb).to.equal('sqlite:///etc/im/inf.dat');
    expect(config.defaultVmName).to.equal('vnode-#N#');
    expect(config.logFile).to.equal('');
    expect(config.openNebula.templateOther).to.equal('');
  });

  it('follow the options on which they depend', () => {
    const { config } = inFile('CONTEXTUALIZATION_DIR = /c\nDATA_DB = sqlite:////data/im.db\n');
    expect(config.recipesDir).to.equal('/c/AnsibleRecipes');
    expect(config.recipesDbFile).to.equal('/c/recipes_ansible.db');
    expect(config.secretsKeyFile).to.equal('/data/im-secrets.key');
    expect(inFile('DATA_DB = mysql://h/d').config.secretsKeyFile).to.equal('/etc/im/im-secrets.key');
  });
});

describe('environment', () => {
  it('reaches the section [OpenNebula]', () => {
    const { config } = load({}, { IM_OPENNEBULA_IMAGE_UNAME: 'me' });
    expect(config.openNebula.imageUname).to.equal('me');
  });

  it('counts an empty variable as absent', () => {
    expect(inFile('REST_PORT = 5', { IM_REST_PORT: '' }).config.restPort).to.equal(5);
  });

  it('may name a file with the value', () => {
    const files = { '/run/secret': 'mysql://u:p@h/d\n' };
    expect(load(files, { IM_DATA_DB_FILE: '/run/secret' }).config.dataDb).to.equal('mysql://u:p@h/d');
    expect(problemsOf(() => load({}, { IM_DATA_DB_FILE: '/gone' }))).to.deep.equal([
      'File /gone, named by the environment variable IM_DATA_DB_FILE, does not exist.',
    ]);
  });

  it('takes IM_LOG_FILE and IM_RECIPES_DB_FILE for options, not for files with values', () => {
    const { config } = load({}, { IM_LOG_FILE: '/l', IM_RECIPES_DB_FILE: '/r' });
    expect([config.logFile, config.recipesDbFile]).to.deep.equal(['/l', '/r']);
  });

  it('warns when a value is given both directly and by a file', () => {
    const { config, warnings } = load({ '/f': '/b' }, { IM_DATA_DB: '/a', IM_DATA_DB_FILE: '/f' });
    expect(config.dataDb).to.equal('/a');
    expect(warnings).to.deep.equal(['IM_DATA_DB is set both directly and by a file; the file is ignored.']);
  });

  it('sets up the single site of one host', () => {
    const { config } = load({}, { IM_SINGLE_SITE_ONE_HOST: 'one.example' });
    expect(config.singleSite).to.equal(true);
    expect(config.singleSiteType).to.equal('OpenNebula');
    expect(config.singleSiteAuthHost).to.equal('http://one.example:2633');
    expect(config.singleSiteImageUrlPrefix).to.equal('one://one.example/');
    expect(config.openNebula.ttsUrl).to.equal('https://one.example:8443');
  });

  it('is not fooled by the service links of Kubernetes', () => {
    const { config, warnings } = load({}, { IM_REST_PORT: 'tcp://10.0.0.1:8800' });
    expect(config.restPort).to.equal(8800);
    expect(warnings).to.have.length(1);
  });

  it('warns of a variable that is nearly an option, and of no other', () => {
    const { warnings } = load({}, { IM_REST_PROT: '1', IM_TEST_PEERS: 'all', IM_URL: 'x' });
    expect(warnings).to.deep.equal([
      'Unknown environment variable IM_REST_PROT is ignored. Did you mean IM_REST_PORT?',
    ]);
  });
});

describe('mistakes', () => {
  it('are all reported at once, with option, value, file and line', () => {
    expect(
      problemsOf(() => inFile('REST_PORT = 88x\nREST_SSL = maybe\nBOOT_MODE = 3\n', { IM_MAX_VM_FAILS: '0' })),
    ).to.have.members([
      'Option REST_PORT must be a whole number from 0 to 65535, not "88x" (/etc/im/im.cfg line 2).',
      'Option REST_SSL must be one of 1, yes, true, on, 0, no, false, off, not "maybe" (/etc/im/im.cfg line 3).',
      'Option BOOT_MODE must be a whole number from 0 to 2, not "3" (/etc/im/im.cfg line 4).',
      'Option MAX_VM_FAILS must be a whole number not smaller than 1, not "0" (environment variable IM_MAX_VM_FAILS).',
    ]);
  });

  it('in secrets are reported without the secret', () => {
    const [problem] = problemsOf(() => inFile('ADMIN_USER = [{"username": "a", "password": "canary"}]]'));
    expect(problem).to.match(/^Option ADMIN_USER must be a JSON object/);
    expect(problem).to.not.include('canary');
  });

  it('in an overridden value do not matter', () => {
    expect(inFile('REST_PORT = x', { IM_REST_PORT: '1' }).config.restPort).to.equal(1);
  });

  it('in interpolation name the option', () => {
    expect(problemsOf(() => inFile('LOG_FILE = %(nothing)s/x'))).to.deep.equal([
      'Option LOG_FILE must be without %(nothing)s, because there is no option nothing (/etc/im/im.cfg line 2).',
    ]);
    expect(problemsOf(() => inFile('LOG_FILE = %(user_db)s\nUSER_DB = %(log_file)s'))[0]).to.match(/circle/);
  });

  it('in names are warned of with the nearest name', () => {
    const { warnings } = inFile('REST_PROT = 1\nQUITE_ELSEWHERE = 2\n');
    expect(warnings).to.deep.equal([
      'Unknown option in the IM config file. Ignoring it: REST_PROT (/etc/im/im.cfg line 2). Did you mean REST_PORT?',
      'Unknown option in the IM config file. Ignoring it: QUITE_ELSEWHERE (/etc/im/im.cfg line 3).',
    ]);
  });

  it('in the names of sections are warned of', () => {
    const { warnings } = load({ '/etc/im/im.cfg': '[IM]\nREST_PORT = 1\n[other]\nX = 1\n' });
    expect(warnings).to.deep.equal(['Section [IM] of /etc/im/im.cfg is ignored; did you mean [im]?']);
  });
});

describe('removed options', () => {
  it('are accepted with a warning', () => {
    const { warnings } = inFile('DATA_FILE = /x\nOIDC_INSTROSPECT_PATH = "/introspect"\n', { IM_DATA_FILE: '/y' });
    expect(warnings).to.have.length(3);
    expect(warnings[0]).to.match(/^Option DATA_FILE was removed long ago/);
  });
});
