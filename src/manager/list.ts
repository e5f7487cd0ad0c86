// SPDX-License-Identifier: Apache-2.0
// Use case: the infrastructures of a caller, with the optional search by regular expression in Python's syntax (rest-api.md §9.1).
import { createContext, Script } from 'node:vm';
import { badRequest, errorText } from '../domain/index.js';
import { printRadl, visibleRadl } from '../radl/index.js';
import { type JavaScriptPattern, javaScriptPattern } from '../util/python-pattern.js';
import { admit } from './access.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call } from './manager.js';

/** Longest time that one expression may search in one document: expressions come from clients and can be made to run for ever. */
const SEARCH_TIMEOUT_MS = 100;

/** Ids, newest first; with `filter` only those whose RADL or TOSCA text matches. */
export async function listInfrastructures(
  environment: ManagerEnvironment,
  call: Call,
  filter?: string,
): Promise<readonly string[]> {
  const caller = await admit(environment, call, 'read', 'people-and-nodes');
  const { onlyInfrastructure } = caller;
  const ids =
    onlyInfrastructure === undefined
      ? await environment.store.listInfrastructureIds(caller.isAdmin ? {} : { ownedBy: caller.owners })
      : [onlyInfrastructure];
  if (filter === undefined || filter === '') {
    return ids;
  }
  const matches = searcher(filter);
  const found: string[] = [];
  for (const id of ids) {
    call.signal.throwIfAborted();
    const infrastructure = await environment.store.getInfrastructure(id);
    const tosca = infrastructure?.extra.TOSCA;
    if (
      infrastructure !== undefined &&
      (matches(printRadl(visibleRadl(infrastructure.radl))) || (typeof tosca === 'string' && matches(tosca)))
    ) {
      found.push(id);
    }
  }
  return found;
}

/** Searches with a time limit, which only a script run in a context of its own can have. */
function searcher(filter: string): (text: string) => boolean {
  const pattern = javaScriptPattern(filter);
  checkExpression(pattern);
  const sandbox = createContext({ ...pattern, text: '' });
  const script = new Script('new RegExp(source, flags).test(text)');
  return (text) => {
    sandbox.text = text;
    try {
      return script.runInContext(sandbox, { timeout: SEARCH_TIMEOUT_MS }) === true;
    } catch (error) {
      throw badRequest(`The filter takes too long to search with: ${errorText(error)}`);
    }
  };
}

function checkExpression({ source, flags }: JavaScriptPattern): void {
  try {
    new RegExp(source, flags);
  } catch (error) {
    throw badRequest(errorText(error), { cause: error });
  }
}
