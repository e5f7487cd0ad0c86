// SPDX-License-Identifier: Apache-2.0
// The journal form of an update: the document with everything that reading it again needs, so that nothing is fetched twice.
import { badRequest, type JsonObject, type Operation } from '../domain/index.js';

/** Request of an update. */
export interface UpdateRequest {
  /** See storeTosca. */
  readonly form: string;
  /** As the user sent it, for the revision. */
  readonly text: string;
  readonly isContextualized: boolean;
  readonly serviceUrl: string;
}

/** As stored with the operation. */
export function encodeUpdateRequest({ form, text, isContextualized, serviceUrl }: UpdateRequest): JsonObject {
  return { form, text, isContextualized, serviceUrl };
}

/** @throws ImError when the row is damaged */
export function decodeUpdateRequest({ id, request }: Operation): UpdateRequest {
  const { form, text, isContextualized, serviceUrl } = request;
  if (typeof form !== 'string' || typeof text !== 'string') {
    throw badRequest(`The request of operation ${id} is damaged: it has no document.`);
  }
  return {
    form,
    text,
    isContextualized: isContextualized === true,
    serviceUrl: typeof serviceUrl === 'string' ? serviceUrl : '',
  };
}
