// SPDX-License-Identifier: Apache-2.0
// What --check-config finds in configurations that are well formed.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkConfig, type FileProbes } from '../../src/config/check.js';
import { fileProbes, readTextFile } from '../../src/config/file-access.js';
import { loadConfig } from '../../src/config/load.js';

const goodMachine: FileProbes = {
  isReadableFile: () => true,
  isWritableDirectory: () => true,
  canMakeDirectory: () => true,
  isDirectory: () => true,
  isReadableByOthers: () => false,
};

const findingsOf = (lines: string, probes: Partial<FileProbes> = {}) => {
  const { config } = loadConfig({
    file: '/im.cfg',
    environment: {},
    readFile: () => `[im]\n${lines}`,
    installDir: '/opt/im',
    hostName: 'node7',
  });
  return checkConfig(config, { ...goodMachine, ...probes }).map(({ severity, option }) => `${severity} ${option}`);
};

describe('checkConfig', () => {
  it('finds nothing in the defaults on a good machine', () => {
    expect(findingsOf('')).to.deep.equal([]);
  });

  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['ACTIVATE_REST = no\nACTIVATE_XMLRPC = no', ['error ACTIVATE_REST']],
    ['REST_PORT = 8899', ['error XMLRCP_PORT']],
    ['REST_PORT = 8899\nREST_ADDRESS = 127.0.0.1\nXMLRCP_ADDRESS = 127.0.0.2', []],
    ['REST_PORT = 8899\nACTIVATE_XMLRPC = no', []],
    ['REST_PORT = 0\nXMLRCP_PORT = 0', []],
    ['REST_ROOT_PATH = im', ['error REST_ROOT_PATH']],
    ['SERVICE_URL = im.example.org', ['error SERVICE_URL']],
    ['SERVICE_URL = https://im.example.org/im/', []],
    ['DATA_DB = mysqll://u:p@h/d', ['error DATA_DB']],
    ['DATA_DB = oracle://u:p@h/d', ['error DATA_DB']],
    ['DATA_DB = sqlite://', ['error DATA_DB']],
    ['DATA_DB = mysql://u:p@ss/w@h:x/d', ['warning DATA_DB']],
    ['DATA_DB = mongodb://u:p@h1:27017,h2:27017/db?replicaSet=rs', []],
    ['DATA_DB = postgresql://u:p@h/d', []],
    ['PRIVATE_NET_MASKS = 10.0.0.0/8, 300.0.0.0/8', ['error PRIVATE_NET_MASKS']],
    ['TRUSTED_PROXIES = proxy.example', ['error TRUSTED_PROXIES']],
    ['FETCH_ALLOWED_NETS = 10.0.0.0/40', ['error FETCH_ALLOWED_NETS']],
    ['OIDC_ISSUERS = aai.egi.eu', ['error OIDC_ISSUERS']],
    ['OIDC_CLIENT_ID = x\nOIDC_ISSUERS = https://a', ['warning OIDC_CLIENT_ID']],
    ['OIDC_CLIENT_ID = x\nOIDC_CLIENT_SECRET = y', ['warning OIDC_CLIENT_ID']],
    ['FORCE_OIDC_AUTH = yes', ['error FORCE_OIDC_AUTH']],
    ['OIDC_ISSUERS = http://idp.example', ['warning OIDC_ISSUERS']],
    ['OIDC_ISSUERS = http://127.0.0.1:8080/oidc, http://localhost, http://[::1]/', []],
    ['OIDC_ISSUERS = http://idp.example\nVERIFI_SSL = no', ['warning VERIFI_SSL']],
    ['ADMIN_USER = {"username": "root"}', ['error ADMIN_USER']],
    ['ADMIN_USER = [{"username": "a", "password": "b"}, {"username": "c", "password": ""}]', ['error ADMIN_USER']],
    ['ADMIN_USER = {"username": "root", "password": "x"}', []],
    ['VAULT_URL = vault:8200', ['error VAULT_URL']],
    ['VAULT_ROLE = r', ['warning VAULT_URL']],
    ['SINGLE_SITE = yes', ['error SINGLE_SITE']],
    ['VERIFI_SSL = no', ['warning VERIFI_SSL']],
    ['VM_INFO_UPDATE_ERROR_GRACE_PERIOD = 10', ['warning VM_INFO_UPDATE_ERROR_GRACE_PERIOD']],
    ['MAX_SIMULTANEOUS_LAUNCHES_PER_CLOUD = 2', ['warning MAX_SIMULTANEOUS_LAUNCHES_PER_CLOUD']],
    ['REMOTE_CONF_DIR = im', ['error REMOTE_CONF_DIR']],
    [`NODE_NAME = ${'n'.repeat(201)}`, ['error NODE_NAME']],
  ];
  for (const [lines, findings] of cases) {
    it(`finds ${findings.join(', ') || 'nothing'} in ${lines.replaceAll('\n', '; ')}`, () => {
      expect(findingsOf(lines)).to.deep.equal(findings);
    });
  }

  it('finds files that TLS needs and that cannot be read, only where TLS is on', () => {
    const probes = { isReadableFile: () => false };
    expect(findingsOf('REST_SSL = yes', probes)).to.deep.equal([
      'error REST_SSL_KEYFILE',
      'error REST_SSL_CERTFILE',
      'warning REST_SSL_CA_CERTS',
    ]);
    expect(findingsOf('REST_SSL = yes\nACTIVATE_REST = no', probes)).to.deep.equal([]);
    expect(findingsOf('XMLRCP_SSL = yes', probes)).to.include('error XMLRCP_SSL_KEYFILE');
  });

  it('finds places that cannot be used', () => {
    expect(findingsOf('', { isWritableDirectory: () => false })).to.deep.equal(['error DATA_DB']);
    expect(findingsOf('', { canMakeDirectory: () => false })).to.deep.equal(['error LOG_FILE']);
    expect(findingsOf('LOG_FILE = -', { canMakeDirectory: () => false })).to.deep.equal([]);
    expect(findingsOf('USER_DB = /u', { isReadableByOthers: () => true })).to.deep.equal(['warning USER_DB']);
    expect(findingsOf('', { isDirectory: () => false })).to.deep.equal(['warning CONTEXTUALIZATION_DIR']);
    expect(findingsOf('USER_DB = /u', { isReadableFile: () => false })).to.deep.equal(['warning USER_DB']);
  });

  it('shows no password', () => {
    const { config } = loadConfig({
      environment: { IM_DATA_DB: 'mysql://u:canary@h:x/d' },
      readFile: () => undefined,
      installDir: '/opt/im',
      hostName: 'node7',
    });
    expect(JSON.stringify(checkConfig(config, goodMachine))).to.not.include('canary');
  });
});

describe('file access', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'im-config-'));
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  it('reads files, tells missing ones from unreadable ones, and refuses huge ones', () => {
    const path = join(directory, 'im.cfg');
    writeFileSync(path, 'text');
    expect(readTextFile(path)).to.equal('text');
    expect(readTextFile(join(directory, 'gone'))).to.equal(undefined);
    expect(readTextFile(join(path, 'below'))).to.equal(undefined);
    expect(() => readTextFile(directory)).to.throw();
    writeFileSync(path, Buffer.alloc(2 * 1024 * 1024));
    expect(() => readTextFile(path)).to.throw(/larger/);
  });

  it('probes the real file system', () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    expect(fileProbes.isReadableFile(file)).to.equal(true);
    expect(fileProbes.isReadableFile(directory)).to.equal(false);
    chmodSync(file, 0o640);
    expect(fileProbes.isReadableByOthers(file)).to.equal(false);
    chmodSync(file, 0o644);
    expect(fileProbes.isReadableByOthers(file)).to.equal(true);
    expect(fileProbes.isDirectory(directory)).to.equal(true);
    expect(fileProbes.isDirectory(file)).to.equal(false);
    expect(fileProbes.isWritableDirectory(directory)).to.equal(true);
    expect(fileProbes.isWritableDirectory(join(directory, 'gone'))).to.equal(false);
    expect(fileProbes.canMakeDirectory(join(directory, 'a', 'b', 'c'))).to.equal(true);
    expect(fileProbes.canMakeDirectory(join(file, 'below'))).to.equal(false);
  });

  it('notices a directory without permission, except as root, who needs none', () => {
    const locked = join(directory, 'locked');
    mkdirSync(locked);
    chmodSync(locked, 0o500);
    expect(fileProbes.isWritableDirectory(locked)).to.equal(process.getuid?.() === 0);
  });
});
