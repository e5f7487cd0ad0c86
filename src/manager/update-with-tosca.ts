// SPDX-License-Identifier: Apache-2.0
// Use case: change an infrastructure towards a TOSCA document: remove what it no longer wants, add what is missing, else configure again
// (rest-api.md §9.7, tosca.md §9).

import type { Caller, Infrastructure } from '../domain/index.js';
import { storeTosca } from '../tosca/index.js';
import { serviceUrlOf } from './access.js';
import { readTosca } from './deployment-document.js';
import type { ManagerEnvironment } from './environment.js';
import type { AddResult, Call } from './manager.js';
import { type Once, onceMark } from './once.js';
import { neededResultOf } from './outcome.js';
import { compare } from './plan-update.js';
import { encodeUpdateRequest } from './update-request.js';

/**
 * Reads the document and hands it over: how much it changes is found out in the operation, when it is its turn. A document that is wrong
 * as things are now is refused at once, with all its problems.
 */
export async function updateWithTosca(
  environment: ManagerEnvironment,
  call: Call,
  caller: Caller,
  infrastructure: Infrastructure,
  text: string,
  { isContextualized }: { readonly isContextualized: boolean },
  once?: Once,
): Promise<AddResult> {
  const document = await readTosca(environment, call, caller, text);
  await compare(environment, caller, infrastructure, document, call.signal);
  const form = storeTosca(document, { types: environment.tosca.types });
  const accepted = await environment.engine.accept({
    kind: 'update',
    infrastructureId: infrastructure.id,
    caller: caller.owners[0].username,
    credentials: caller.items,
    request: {
      ...encodeUpdateRequest({ form, text, isContextualized, serviceUrl: serviceUrlOf(environment, call) }),
      ...onceMark(once),
    },
    ...(once !== undefined && { id: once.id }),
  });
  const { vmNumbers } = await neededResultOf(accepted);
  return { vmNumbers: Array.isArray(vmNumbers) ? vmNumbers.map(Number) : [] };
}
