// SPDX-License-Identifier: Apache-2.0
// All options together: the one place from which the parser, the help, im.cfg and the documentation are made.
import type { OptionDefinition } from './option.js';
import { cloudOptions } from './options/clouds.js';
import { contextualizationOptions } from './options/contextualization.js';
import { defaultVmOptions } from './options/default-vm.js';
import { identityOptions } from './options/identity.js';
import { loggingOptions } from './options/logging.js';
import { maintenanceOptions } from './options/maintenance.js';
import { openNebulaOptions } from './options/opennebula.js';
import { publicationOptions } from './options/publication.js';
import { restOptions } from './options/rest.js';
import { serviceOptions } from './options/service.js';
import { xmlrpcOptions } from './options/xmlrpc.js';

/** The options of section `[im]` by the name of their field in `Config`. */
export const imOptions = {
  ...serviceOptions,
  ...defaultVmOptions,
  ...cloudOptions,
  ...contextualizationOptions,
  ...restOptions,
  ...xmlrpcOptions,
  ...identityOptions,
  ...publicationOptions,
  ...maintenanceOptions,
  ...loggingOptions,
};

export { openNebulaOptions };

/** Options of one subject, for people to read. */
export interface OptionGroup {
  readonly title: string;
  readonly options: readonly OptionDefinition<unknown>[];
}

/** All options in the order in which im.cfg and the documentation show them. */
export const optionGroups: readonly OptionGroup[] = [
  { title: 'Data, users and limits', options: Object.values(serviceOptions) },
  { title: 'Default virtual machine', options: Object.values(defaultVmOptions) },
  { title: 'Clouds', options: Object.values(cloudOptions) },
  { title: 'Contextualization', options: Object.values(contextualizationOptions) },
  { title: 'REST API', options: Object.values(restOptions) },
  { title: 'XML-RPC API', options: Object.values(xmlrpcOptions) },
  { title: 'OpenID Connect, Vault and single site', options: Object.values(identityOptions) },
  { title: 'Tags and OAI-PMH', options: Object.values(publicationOptions) },
  { title: 'Retention and backups', options: Object.values(maintenanceOptions) },
  { title: 'Logging', options: Object.values(loggingOptions) },
  { title: 'OpenNebula', options: Object.values(openNebulaOptions) },
];

/** All options. */
export const allOptions: readonly OptionDefinition<unknown>[] = optionGroups.flatMap((group) => group.options);

/** An option that old files hold and that has no effect any more. */
export interface RemovedOption {
  readonly names: readonly string[];
  /** Completes "Option X ...". */
  readonly reason: string;
}

/** Options that are accepted with a warning (configuration.md §2.1, §2.6). */
export const removedOptions: readonly RemovedOption[] = [
  { names: ['DATA_FILE'], reason: 'was removed long ago and is ignored; name the database with DATA_DB' },
  { names: ['OIDC_USER_INFO_PATH'], reason: 'has no effect; the issuer says where its user information is' },
  {
    names: ['OIDC_INSTROSPECT_PATH', 'OIDC_INTROSPECT_PATH'],
    reason: 'has no effect; the issuer says where it introspects tokens',
  },
];
