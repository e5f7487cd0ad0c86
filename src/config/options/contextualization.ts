// SPDX-License-Identifier: Apache-2.0
// Options of how virtual machines are configured (configuration.md §2.3).
import { join } from 'node:path';
import { active, boolean, derived, integer, text } from '../option.js';

export const contextualizationOptions = {
  contextualizationDir: text({
    name: 'CONTEXTUALIZATION_DIR',
    unit: 'path',
    default: derived('<install>/contextualization', (context) => join(context.installDir, 'contextualization')),
    emptyMeansDefault: true,
    help: 'Directory with the files that go to the machines which configure the others.',
  }),
  recipesDir: text({
    name: 'RECIPES_DIR',
    unit: 'path',
    default: derived('CONTEXTUALIZATION_DIR/AnsibleRecipes', (context) =>
      join(context.contextualizationDir, 'AnsibleRecipes'),
    ),
    emptyMeansDefault: true,
    help: 'Directory with the Ansible recipes that documents can include (utils/).',
  }),
  recipesDbFile: text({
    name: 'RECIPES_DB_FILE',
    unit: 'path',
    default: derived('CONTEXTUALIZATION_DIR/recipes_ansible.db', (context) =>
      join(context.contextualizationDir, 'recipes_ansible.db'),
    ),
    emptyMeansDefault: true,
    help: 'SQLite file with the recipes of the applications that documents can ask for. It may be missing.',
  }),
  runtimeBundleDir: text({
    name: 'RUNTIME_BUNDLE_DIR',
    unit: 'path',
    default: derived('<install>/var/runtime', (context) => join(context.installDir, 'var', 'runtime')),
    emptyMeansDefault: true,
    help: 'Directory with the Ansible runtime that is pushed to machines which have none.',
  }),
  maxContextualizationTime: integer({
    name: 'MAX_CONTEXTUALIZATION_TIME',
    unit: 'seconds',
    default: 7200,
    min: 1,
    help: 'Longest time that one configuration may take, unless the document sets another.',
  }),
  remoteConfDir: text({
    name: 'REMOTE_CONF_DIR',
    unit: 'path',
    default: '/var/tmp/.im',
    emptyMeansDefault: true,
    help: 'Directory on the virtual machines for the files of the configuration.',
  }),
  playbookRetries: integer({
    name: 'PLAYBOOK_RETRIES',
    unit: 'attempts',
    default: 1,
    min: 1,
    help: 'Attempts to run a playbook before it counts as failed.',
    shipped: active('3'),
  }),
  checkCtxtProcessInterval: integer({
    name: 'CHECK_CTXT_PROCESS_INTERVAL',
    unit: 'seconds',
    default: 10,
    min: 1,
    help: 'How often it is checked that a configuration process still runs.',
  }),
  confManagerCheckStateInterval: integer({
    name: 'CONFMAMAGER_CHECK_STATE_INTERVAL',
    aliases: ['CONFMANAGER_CHECK_STATE_INTERVAL'],
    unit: 'seconds',
    default: 5,
    min: 1,
    help: 'How often the configuration manager looks at the state of the virtual machines that it waits for.',
  }),
  updateCtxtLogInterval: integer({
    name: 'UPDATE_CTXT_LOG_INTERVAL',
    unit: 'seconds',
    default: 20,
    help: 'How often the configuration log of a virtual machine is fetched. 0 or less: only at the end.',
  }),
  ansibleInstallTimeout: integer({
    name: 'ANSIBLE_INSTALL_TIMEOUT',
    unit: 'seconds',
    default: 500,
    min: 1,
    help: 'Time that putting Ansible onto the master virtual machine may take.',
    shipped: active('900'),
  }),
  vmNumUseCtxtDist: integer({
    name: 'VM_NUM_USE_CTXT_DIST',
    unit: 'virtual machines',
    default: 30,
    min: 0,
    help:
      'With more virtual machines than this each runs its recipes itself, with the same Ansible and plan, instead of being ' +
      'configured by the master. Files that a recipe looks up are then those of the machine itself.',
  }),
  maxSshErrors: integer({
    name: 'MAX_SSH_ERRORS',
    unit: 'errors',
    default: 5,
    min: 0,
    help: 'SSH failures in a row that a running configuration survives.',
  }),
  sshReverseTunnels: boolean({
    name: 'SSH_REVERSE_TUNNELS',
    default: true,
    help: 'Reaches virtual machines without a public address through SSH tunnels that they open themselves.',
  }),
  ctxtProcessPerVm: boolean({
    name: 'CTXT_PROCESS_PER_VM',
    default: false,
    help: 'Runs one Ansible process for each virtual machine, as grycap/im does, for recipes that depend on it.',
  }),
  ctxtIncremental: boolean({
    name: 'CTXT_INCREMENTAL',
    default: false,
    help:
      'After adding virtual machines configures only the new ones and those whose plan has changed. False: configures ' +
      'all of them again.',
  }),
};
