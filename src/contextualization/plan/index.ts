// SPDX-License-Identifier: Apache-2.0
// Door of the planning half: pure functions from documents and VMs to what the runner carries out.
export { checkDisabled } from './disabled.js';
export { electMaster } from './elect-master.js';
export { type ExternalAnsibleHost, externalAnsibleHosts } from './external-hosts.js';
export { isSelfConfiguring, makePlan, type PlanTools } from './make-plan.js';
export { type NodeName, vmName } from './names.js';
export { FIRST_ITEM_STEP } from './steps.js';
export { readUtilityFiles } from './utility-files.js';
export { decryptVault, encryptVault, isVaultText } from './vault.js';
