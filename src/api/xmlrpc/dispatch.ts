// SPDX-License-Identifier: Apache-2.0
// From the text of a request to the text of its answer: the method is found, called, and its outcome written.
import { errorText, ImError } from '../../domain/index.js';
import { RadlError } from '../../radl/index.js';
import type { Logger } from '../../util/logger.js';
import { CallAborted, createCall } from '../call.js';
import { Arguments } from './arguments.js';
import type { XmlRpcDependencies } from './dependencies.js';
import { formOf } from './document.js';
import { checkArity, unknownMethod, XmlRpcFault } from './fault.js';
import type { MethodContext } from './method.js';
import { methods } from './methods.js';
import { readMethodCall } from './reader.js';
import { writeFault, writeResult } from './writer.js';

/** One request. */
export interface DispatchRequest {
  readonly text: string;
  readonly requestId: string;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/** Its answer. */
export interface DispatchAnswer {
  readonly xml: string;
  /** Name of the method, for metrics and logs; `unknown` for what is none. */
  readonly method: string;
}

/**
 * Answers a request, whatever it is.
 * @throws CallAborted when the client has gone and nobody waits for the answer
 */
export async function dispatch(request: DispatchRequest, dependencies: XmlRpcDependencies): Promise<DispatchAnswer> {
  let name = 'unknown';
  try {
    const { method: called, parameters } = readMethodCall(request.text);
    const method = methods.get(called);
    if (!method) throw unknownMethod(called);
    name = method.name;
    checkArity(called, method.signature, parameters.length);
    const document = method.documentAt === undefined ? undefined : parameters[method.documentAt];
    if (typeof document === 'string') await dependencies.screen?.check(formOf(document), document, request.signal);
    const context: MethodContext = {
      manager: dependencies.manager,
      args: new Arguments(parameters),
      isVmInfoJson: dependencies.settings.vmInfoJson,
      call: (items) => createCall({ items, requestId: request.requestId, serviceUrl: '', signal: request.signal }),
    };
    return { xml: writeResult(true, await method.run(context)), method: name };
  } catch (error) {
    if (error instanceof CallAborted) throw error;
    if (error instanceof XmlRpcFault) return { xml: writeFault(error.message), method: name };
    return { xml: writeResult(false, failureText(error, name, request)), method: name };
  }
}

function failureText(error: unknown, method: string, { requestId, logger }: DispatchRequest): string {
  if (error instanceof RadlError || (error instanceof ImError && error.code !== 'internal')) return error.message;
  logger.error(`${method} failed unexpectedly: ${errorText(error)}`, { error });
  return `Internal error. The log of the service has the details under request ${requestId}.`;
}
