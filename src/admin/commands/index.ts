// SPDX-License-Identifier: Apache-2.0
// All commands of im-admin, in the order of its help.
import type { AdminCommand } from '../command.js';
import { abandon } from './abandon.js';
import { adopt } from './adopt.js';
import { backup } from './backup.js';
import { doctor } from './doctor.js';
import { exportCommand } from './export.js';
import { forgetHostKey } from './forget-host-key.js';
import { hashPasswordCommand } from './hash-password.js';
import { importCommand } from './import.js';
import { leftovers } from './leftovers.js';
import { migrate } from './migrate.js';
import { operationsCancel } from './operations-cancel.js';
import { operationsList } from './operations-list.js';
import { operationsRetry } from './operations-retry.js';
import { operationsShow } from './operations-show.js';
import { purge } from './purge.js';
import { restore } from './restore.js';
import { rotateKeyCommand } from './rotate-key.js';

export const COMMANDS: readonly AdminCommand[] = [
  doctor,
  migrate,
  backup,
  restore,
  exportCommand,
  importCommand,
  leftovers,
  abandon,
  adopt,
  forgetHostKey,
  hashPasswordCommand,
  operationsList,
  operationsShow,
  operationsCancel,
  operationsRetry,
  purge,
  rotateKeyCommand,
];
