// SPDX-License-Identifier: Apache-2.0
// Door of the operations room.

export { encodeConfigureRequest } from './configure/trigger.js';
export type { NewOperation } from './context.js';
export { type AcceptedOperation, OperationEngine } from './engine.js';
export type {
  ConnectorSource,
  OperationEnvironment,
  OperationMetrics,
  OperationSettings,
  PlanUpdate,
  UpdatePlan,
} from './environment.js';
export { mergeRequest } from './launch/prepare.js';
export { encodeLaunchRequest } from './launch/request.js';
export { PartsBySystem, vmDocument, withConfiguration } from './launch/vm-document.js';
export { logLine } from './log-line.js';
export { NodeClaim } from './node-claim.js';
export { describeInstance, hasEnded, instanceText } from './process-instance.js';
export { Refresher } from './refresher.js';
export { machinesOf } from './removal/release.js';
