// SPDX-License-Identifier: Apache-2.0
// Door of the rendering half: from the event stream of Ansible to the log text that clients parse.
export { createEventRenderer, type EventRendererOptions } from './event-renderer.js';
export { classifyFailure, classifyText, type FailureClass, isRetryable } from './failures.js';
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
