// SPDX-License-Identifier: Apache-2.0
// Decides whether the documents switch the configuration off, for all VMs or for some (contextualization.md §2).
import { type Configure, itemTool, type Radl } from '../../radl/index.js';
import type { ConfigurableVm, DisabledCheck } from '../contract.js';

/** What of a VM this check looks at. */
type VmOfSystem = Pick<ConfigurableVm, 'number' | 'systemName'>;

/**
 * Which VMs take no part in the configuration, and whether there is nothing to configure at all (contextualization.md §2):
 * `contextualize ()` without options (radl.md D3), items of which none uses Ansible, or all systems with an empty `configure`.
 */
export function checkDisabled(radl: Radl, vms: readonly VmOfSystem[]): DisabledCheck {
  const disabledVms = new Set(
    vms.filter((vm) => isEmptyConfigure(radl.getConfigure(vm.systemName))).map((vm) => vm.number),
  );
  const allVmsDisabled = vms.length > 0 && disabledVms.size === vms.length;
  return { isInfrastructureDisabled: allVmsDisabled || isContextualizeDisabling(radl), disabledVms };
}

/** `configure X ()` or a body of blanks; a mere reference says nothing. */
function isEmptyConfigure(configure: Configure | undefined): boolean {
  if (configure === undefined || configure.isReference) return false;
  return configure.recipe === null || configure.recipe.trim() === '';
}

function isContextualizeDisabling(radl: Radl): boolean {
  const { items, options } = radl.contextualize;
  if (items === undefined) return false;
  if (items.length === 0) return options === undefined || options.isEmpty;
  return !items.some((item) => itemTool(item) === 'Ansible');
}
