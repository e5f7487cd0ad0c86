// SPDX-License-Identifier: Apache-2.0
// Door of the manager room: binds the use cases to one environment.
import { adoptVm } from './adopt.js';
import { alterVm } from './alter-vm.js';
import { cloudImages, cloudQuotas } from './clouds.js';
import { setDesiredState } from './desired-state.js';
import { destroyInfrastructure } from './destroy.js';
import type { ManagerEnvironment } from './environment.js';
import { estimate } from './estimate.js';
import { createChangeFeed } from './events/change-feed.js';
import { followInfrastructure } from './events/infrastructure-events.js';
import { followInfrastructures } from './events/list-events.js';
import { exportInfrastructure } from './export.js';
import { failureBundle } from './failure-bundle.js';
import { infrastructureFailures } from './failures.js';
import { createIdempotentUseCases } from './idempotency.js';
import { importInfrastructure } from './import.js';
import { infrastructureContMsg, infrastructureRadl, listVms } from './infrastructure-reads.js';
import { leftovers, sweepLeftovers } from './leftovers.js';
import { listInfrastructures } from './list.js';
import { listInfrastructurePage } from './list-page.js';
import type { InfrastructureManager } from './manager.js';
import { cancelOperation, getOperation, listOperations } from './operation-list.js';
import { changeOwners, owners } from './owners.js';
import { powerInfrastructure, powerVm } from './power.js';
import { reconfigure } from './reconfigure.js';
import { removeResources } from './remove-resources.js';
import { restoreRevision } from './restore.js';
import { getRevision, listRevisions } from './revisions.js';
import { createSnapshot } from './snapshot.js';
import { explainedState, infrastructureState } from './state.js';
import { stats } from './stats.js';
import { infrastructureOutputs, infrastructureTosca } from './tosca-reads.js';
import { vmCommand } from './vm-command.js';
import { vmContMsg, vmInfo, vmProperty } from './vm-info.js';

export type { DeploymentDocument, ToscaText } from './deployment-document.js';
export type { BootMode, ManagerEnvironment, ManagerSettings, ToscaTools } from './environment.js';
export { operationData, stateData } from './events/event-data.js';
export { createInfrastructureTokens } from './infrastructure-tokens.js';
export type {
  AddResult,
  Call,
  DesiredState,
  DesiredStatePlan,
  ExplainedState,
  FailureReport,
  InfrastructureManager,
  InfrastructureState,
  ListPage,
  ManagerEvent,
  OperationSummary,
  PageRequest,
  PropertyValue,
  RestorePlan,
  RevisionDocument,
  RevisionSummary,
  StatsRow,
} from './manager.js';
export { createUpdatePlanner } from './plan-update.js';

/** The use cases over one environment. */
export function createManager(environment: ManagerEnvironment): InfrastructureManager {
  const feed = createChangeFeed(environment);
  return {
    version: () => environment.settings.version,
    listInfrastructures: (call, filter) => listInfrastructures(environment, call, filter),
    listInfrastructurePage: (call, request) => listInfrastructurePage(environment, call, request),
    ...createIdempotentUseCases(environment),
    listVms: (call, id) => listVms(environment, call, id),
    infrastructureState: (call, id) => infrastructureState(environment, call, id),
    explainedState: (call, id) => explainedState(environment, call, id),
    infrastructureRadl: (call, id) => infrastructureRadl(environment, call, id),
    infrastructureTosca: (call, id) => infrastructureTosca(environment, call, id),
    infrastructureOutputs: (call, id) => infrastructureOutputs(environment, call, id),
    infrastructureContMsg: (call, id, isHeaderOnly) => infrastructureContMsg(environment, call, id, isHeaderOnly),
    infrastructureFailures: (call, id) => infrastructureFailures(environment, call, id),
    failureBundle: (call, id) => failureBundle(environment, call, id),
    listOperations: (call, id, limit) => listOperations(environment, call, id, limit),
    getOperation: (call, id, operationId) => getOperation(environment, call, id, operationId),
    cancelOperation: (call, id, operationId) => cancelOperation(environment, call, id, operationId),
    listRevisions: (call, id) => listRevisions(environment, call, id),
    getRevision: (call, id, number) => getRevision(environment, call, id, number),
    restoreRevision: (call, id, number, options) => restoreRevision(environment, call, id, number, options),
    setDesiredState: (call, id, state, options) => setDesiredState(environment, call, id, state, options),
    followInfrastructure: (call, id, after) => followInfrastructure(environment, feed, call, id, after),
    followInfrastructures: (call, after) => followInfrastructures(environment, feed, call, after),
    adoptVm: (call, id, machine) => adoptVm(environment, call, id, machine),
    leftovers: (call) => leftovers(environment, call),
    sweepLeftovers: (call, deleted) => sweepLeftovers(environment, call, deleted),
    removeResources: (call, id, vmIds, options) => removeResources(environment, call, id, vmIds, options),
    destroyInfrastructure: (call, id, options) => destroyInfrastructure(environment, call, id, options),
    startInfrastructure: (call, id) => powerInfrastructure(environment, call, id, 'start'),
    stopInfrastructure: (call, id) => powerInfrastructure(environment, call, id, 'stop'),
    reconfigure: (call, id, document, vmList) => reconfigure(environment, call, id, document, vmList),
    vmInfo: (call, id, vmId) => vmInfo(environment, call, id, vmId),
    vmProperty: (call, id, vmId, property) => vmProperty(environment, call, id, vmId, property),
    vmCommand: (call, id, vmId, step) => vmCommand(environment, call, id, vmId, step),
    vmContMsg: (call, id, vmId) => vmContMsg(environment, call, id, vmId),
    alterVm: (call, id, vmId, document) => alterVm(environment, call, id, vmId, document),
    startVm: (call, id, vmId) => powerVm(environment, call, id, vmId, 'start-vm'),
    stopVm: (call, id, vmId) => powerVm(environment, call, id, vmId, 'stop-vm'),
    rebootVm: (call, id, vmId) => powerVm(environment, call, id, vmId, 'reboot-vm'),
    createSnapshot: (call, id, vmId, disk, imageName, isAutoDelete) =>
      createSnapshot(environment, call, id, vmId, { disk, imageName, isAutoDelete }),
    owners: (call, id) => owners(environment, call, id),
    changeOwners: (call, id, newItems, options) => changeOwners(environment, call, id, newItems, options),
    exportInfrastructure: (call, id, options) => exportInfrastructure(environment, call, id, options),
    importInfrastructure: (call, text) => importInfrastructure(environment, call, text),
    cloudImages: (call, cloudId, filters) => cloudImages(environment, call, cloudId, filters),
    cloudQuotas: (call, cloudId) => cloudQuotas(environment, call, cloudId),
    estimate: (call, document) => estimate(environment, call, document),
    stats: (call, range) => stats(environment, call, range),
  };
}
