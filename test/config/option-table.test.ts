// SPDX-License-Identifier: Apache-2.0
// The option table itself, and that im.cfg and the documentation say what it says.
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { loadConfig } from '../../src/config/load.js';
import { allOptions, imOptions, openNebulaOptions, removedOptions } from '../../src/config/option-table.js';
import { renderCfg } from '../../src/config/render-cfg.js';
import { renderDocs } from '../../src/config/render-docs.js';
import { parseIni } from '../../src/util/ini.js';

const fileAt = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

// configuration.md §2 to §5: every option that the seed names or that is newer.
const SPECIFIED = `
  DATA_DB USER_DB ADMIN_USER MAX_SIMULTANEOUS_LAUNCHES MAX_VM_FAILS DELAY_BETWEEN_VM_RETRIES VM_INFO_UPDATE_FREQUENCY
  VM_INFO_UPDATE_ERROR_GRACE_PERIOD WAIT_RUNNING_VM_TIMEOUT WAIT_SSH_ACCCESS_TIMEOUT WAIT_PUBLIC_IP_TIMEOUT BOOT_MODE
  INF_CACHE_TIME STATIC_FILES_DIR DEFAULT_VM_MEMORY DEFAULT_VM_MEMORY_UNIT DEFAULT_VM_CPUS DEFAULT_VM_CPU_ARCH
  DEFAULT_VM_NAME DEFAULT_DOMAIN VERIFI_SSL PRIVATE_NET_MASKS CONTEXTUALIZATION_DIR RECIPES_DIR RECIPES_DB_FILE
  MAX_CONTEXTUALIZATION_TIME REMOTE_CONF_DIR PLAYBOOK_RETRIES CHECK_CTXT_PROCESS_INTERVAL
  CONFMAMAGER_CHECK_STATE_INTERVAL UPDATE_CTXT_LOG_INTERVAL ANSIBLE_INSTALL_TIMEOUT VM_NUM_USE_CTXT_DIST
  MAX_SSH_ERRORS SSH_REVERSE_TUNNELS ACTIVATE_REST REST_PORT REST_ADDRESS REST_SSL REST_SSL_KEYFILE REST_SSL_CERTFILE
  REST_SSL_CA_CERTS REST_ROOT_PATH REST_MAX_BLOCKING_CALLS REST_BLOCKING_CALL_TIMEOUT ENABLE_CORS CORS_ORIGIN
  ACTIVATE_XMLRPC XMLRCP_PORT XMLRCP_ADDRESS XMLRCP_SSL XMLRCP_SSL_KEYFILE XMLRCP_SSL_CERTFILE XMLRCP_SSL_CA_CERTS
  VMINFO_JSON OIDC_ISSUERS OIDC_AUDIENCE OIDC_CLIENT_ID OIDC_CLIENT_SECRET OIDC_SCOPES OIDC_GROUPS OIDC_GROUPS_CLAIM
  OIDC_ADMIN_GROUPS FORCE_OIDC_AUTH VAULT_URL VAULT_PATH VAULT_MOUNT_POINT VAULT_ROLE VM_TAG_USERNAME VM_TAG_INF_ID
  VM_TAG_IM_URL VM_TAG_IM OAIPMH_REPO_BASE_IDENTIFIER_URL OAIPMH_REPO_NAME OAIPMH_REPO_DESCRIPTION
  OAIPMH_REPO_ADMIN_EMAIL SINGLE_SITE SINGLE_SITE_TYPE SINGLE_SITE_AUTH_HOST SINGLE_SITE_IMAGE_URL_PREFIX LOG_LEVEL
  LOG_FILE LOG_FILE_MAX_SIZE TEMPLATE_CONTEXT TEMPLATE_OTHER IMAGE_UNAME TTS_URL
`
  .trim()
  .split(/\s+/);

/** REST_PORT -> restport: what field and option name have in common whatever the spelling of abbreviations. */
const bare = (name: string): string => name.replaceAll('_', '').toLowerCase();

describe('the option table', () => {
  it('has every option of the specification', () => {
    const names = new Set(allOptions.map((option) => option.name));
    expect(SPECIFIED.filter((name) => !names.has(name))).to.deep.equal([]);
    const removed = removedOptions.flatMap((option) => option.names);
    expect(removed).to.include.members(['DATA_FILE', 'OIDC_USER_INFO_PATH', 'OIDC_INSTROSPECT_PATH']);
  });

  it('has each name and alias once', () => {
    const names = allOptions.flatMap((option) => [option.name, ...option.aliases]);
    names.push(...removedOptions.flatMap((option) => option.names));
    expect(names).to.have.length(new Set(names).size);
  });

  it('leaves IM_<OPTION>_FILE without two meanings', () => {
    const names = new Set(allOptions.flatMap((option) => [option.name, ...option.aliases]));
    expect([...names].filter((name) => names.has(`${name}_FILE`))).to.deep.equal([]);
    for (const reserved of ['PATH', 'CFG']) expect(names.has(reserved)).to.equal(false);
  });

  it('names the fields of Config after the options', () => {
    const others = new Map([['adminUsers', 'ADMIN_USER']]);
    for (const [field, option] of [...Object.entries(imOptions), ...Object.entries(openNebulaOptions)]) {
      const candidates = [option.name, ...option.aliases, others.get(field) ?? ''].map(bare);
      expect(candidates, field).to.include(field === 'adminUsers' ? 'adminuser' : field.toLowerCase());
    }
  });

  it('says something about every option', () => {
    for (const option of allOptions) expect(option.help, option.name).to.match(/^[A-Z"].{15,}[.)]$/s);
  });

  it('reads back what it writes, for every default', () => {
    for (const option of allOptions) {
      if (option.default.kind !== 'fixed') continue;
      expect(option.parse(option.format(option.default.value)), option.name).to.deep.equal(option.default.value);
    }
  });
});

describe('etc/im.cfg', () => {
  const text = fileAt('etc/im.cfg');
  const load = (cfg: string) =>
    loadConfig({
      file: '/im.cfg',
      environment: {},
      readFile: (path) => (path === '/im.cfg' ? cfg : undefined),
      installDir: '/opt/im',
      hostName: 'node7',
    });

  it('is what the table makes (run scripts/generate-config-docs.ts after changing an option)', () => {
    expect(text === renderCfg()).to.equal(true);
  });

  it('can be read without a warning and sets what the shipped file always set', () => {
    const { config, warnings, origins } = load(text);
    expect(warnings).to.deep.equal([]);
    expect(config.maxSimultaneousLaunches).to.equal(5);
    expect(config.playbookRetries).to.equal(3);
    expect(config.ansibleInstallTimeout).to.equal(900);
    expect(config.vmTagUsername).to.equal('IM_USER');
    expect(config.vmTagInfId).to.equal('IM_INFRA_ID');
    expect(config.oidcIssuers).to.deep.equal(['https://aai.egi.eu/auth/realms/egi']);
    expect(config.openNebula.templateOther).to.equal('GRAPHICS = [type="vnc",listen="0.0.0.0",keymap="es"]');
    expect(config.openNebula.imageUname).to.equal('oneadmin');
    expect(origins.size).to.equal(9);
  });

  it('holds every option once, each with a value that is accepted when its # is removed', () => {
    const uncommented = text.replace(/^#(?=[A-Z][A-Z0-9_]* =)/gm, '');
    const { entries, warnings, errors } = parseIni(uncommented);
    expect({ warnings, errors }).to.deep.equal({ warnings: [], errors: [] });
    expect(entries.map((entry) => `${entry.section} ${entry.name}`)).to.have.members(
      allOptions.map((option) => `${option.section} ${option.name}`),
    );
    expect(load(uncommented).warnings).to.deep.equal([]);
  });

  it('shows the default where a commented line is no example', () => {
    const { config } = load(text.replace(/^#(?=[A-Z][A-Z0-9_]* =)/gm, ''));
    const defaults = load('').config;
    const examples = new Set(
      Object.values(imOptions)
        .filter((option) => option.shipped)
        .map((option) => option.name),
    );
    const differing = Object.entries(imOptions)
      .filter(([, option]) => !examples.has(option.name))
      .filter(([field]) => {
        const [set, unset] = [config, defaults].map((side) => JSON.stringify(new Map(Object.entries(side)).get(field)));
        return set !== unset;
      });
    expect(differing.map(([field]) => field)).to.deep.equal([]);
  });
});

describe('docs/configuration.md', () => {
  const text = fileAt('docs/configuration.md');

  it('is what the table makes (run scripts/generate-config-docs.ts after changing an option)', () => {
    expect(text === renderDocs()).to.equal(true);
  });

  it('describes every option and every alias', () => {
    for (const option of allOptions) {
      for (const name of [option.name, ...option.aliases]) expect(text, name).to.include(`\`${name}\``);
    }
  });
});
