// SPDX-License-Identifier: Apache-2.0
// Which story each kind of operation tells.
import type { OperationKind } from '../domain/index.js';
import { alterVm } from './alter-vm.js';
import { configure } from './configure/handler.js';
import type { OperationHandler } from './context.js';
import { launch } from './launch/handler.js';
import { powerInfrastructure, powerVm } from './power.js';
import { reconfigure } from './reconfigure.js';
import { destroy } from './removal/destroy.js';
import { release } from './removal/release.js';
import { remove } from './removal/remove.js';
import { snapshot } from './snapshot.js';
import { update } from './update.js';

/** Handler of every kind. */
export const HANDLERS: Readonly<Record<OperationKind, OperationHandler>> = {
  create: launch,
  add: launch,
  update,
  restore: update,
  remove,
  destroy,
  configure,
  reconfigure,
  start: powerInfrastructure('start'),
  stop: powerInfrastructure('stop'),
  'start-vm': powerVm('start'),
  'stop-vm': powerVm('stop'),
  'reboot-vm': powerVm('reboot'),
  'alter-vm': alterVm,
  snapshot,
  release,
};
