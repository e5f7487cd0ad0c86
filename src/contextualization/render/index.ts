// SPDX-License-Identifier: Apache-2.0
// Door of the rendering half: from the event stream of Ansible to the log text that clients parse.
export { createEventRenderer, type EventRendererOptions } from './event-renderer.js';
export { failureReport } from './failure-report.js';
export { classifyFailure, classifyText, type FailureClass, isRetryable } from './failures.js';
export { hintFor } from './hints.js';
export {
  blockBegin,
  callAnsible,
  pauseBeforeAttempt,
  stepBegin,
  stepEnd,
  stoppedLine,
  taskBegin,
  taskFailed,
  taskSucceeded,
} from './log-blocks.js';
export { createLogLimit, type LogLimit } from './log-limit.js';
