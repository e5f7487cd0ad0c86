// SPDX-License-Identifier: Apache-2.0
// The journal forms of create and add: what was asked, and how far placement has come.
import type { JsonObject, JsonValue, Operation } from '../../domain/index.js';
import { badRequest, isJsonObject } from '../../domain/index.js';
import { deserializeRadl, type Radl, serializeRadl } from '../../radl/index.js';

/** Request of a create or an add. */
export interface LaunchRequestRecord {
  readonly document: Radl;
  readonly isContextualized: boolean;
  /** The client waits: a create that fails then leaves no infrastructure behind (core.md §14). */
  readonly isAsync: boolean;
  readonly serviceUrl: string;
}

/** As stored with the operation. */
export function encodeLaunchRequest(request: LaunchRequestRecord): JsonObject {
  return {
    document: serializeRadl(request.document),
    isContextualized: request.isContextualized,
    isAsync: request.isAsync,
    serviceUrl: request.serviceUrl,
  };
}

/** @throws ImError when the row is damaged */
export function decodeLaunchRequest(operation: Operation): LaunchRequestRecord {
  const { document, isContextualized, isAsync } = operation.request;
  if (typeof document !== 'string') {
    throw badRequest(`The request of operation ${operation.id} is damaged: it has no document.`);
  }
  return {
    document: deserializeRadl(document),
    isContextualized: isContextualized === true,
    isAsync: isAsync === true,
    serviceUrl: launchServiceUrl(operation),
  };
}

/** Base URL under which the client reached the service; empty when unknown. */
export function launchServiceUrl(operation: Operation): string {
  const { serviceUrl } = operation.request;
  return typeof serviceUrl === 'string' ? serviceUrl : '';
}

/** VMs of one deploy that one connector call launches. */
export interface UnitRecord {
  readonly systemName: string;
  readonly cloudId: string;
  readonly numbers: readonly number[];
}

/** As stored in the operation's progress once placement is done. */
export function encodeUnits(units: readonly UnitRecord[]): JsonObject {
  return { units: units.map(({ systemName, cloudId, numbers }) => ({ systemName, cloudId, numbers })) };
}

/** undefined: placement has not been done yet. */
export function decodeUnits(progress: JsonObject): readonly UnitRecord[] | undefined {
  const { units } = progress;
  if (!Array.isArray(units)) {
    return undefined;
  }
  return units.map((unit: JsonValue) => {
    const { systemName, cloudId, numbers } = isJsonObject(unit) ? unit : {};
    if (typeof systemName !== 'string' || typeof cloudId !== 'string' || !Array.isArray(numbers)) {
      throw badRequest('The progress of the operation is damaged: a launch unit cannot be read.');
    }
    return { systemName, cloudId, numbers: numbers.map(Number) };
  });
}
