// SPDX-License-Identifier: Apache-2.0
// A deployment document as it reaches a use case, and how a TOSCA one becomes RADL with the caller's rights.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Caller, ImError } from '../domain/index.js';
import { Radl } from '../radl/index.js';
import {
  alignTosca,
  explainedText,
  type InfrastructureView,
  parseTosca,
  type ToscaDocument,
  type ToscaEnvironment,
  ToscaError,
  type TranslationResult,
  toscaToRadl,
} from '../tosca/index.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call } from './manager.js';

/** The text of a TOSCA document. It is read after the caller is known, since reading it fetches what it refers to. */
export interface ToscaText {
  readonly kind: 'tosca';
  readonly text: string;
}

/** What users deploy. */
export type DeploymentDocument = Radl | ToscaText;

/** What reading documents needs. */
export type DocumentSurroundings = Pick<ManagerEnvironment, 'tosca' | 'newId' | 'randomText'>;

/** A document as RADL; TOSCA ones keep their own form too. */
export interface ReadDocument {
  readonly radl: Radl;
  readonly tosca?: ToscaDocument;
}

/**
 * Reads a document without the machines of any infrastructure.
 *
 * @param stored the document of the infrastructure that it is for, if there is one
 * @throws ImError `invalid-document`
 */
export async function readDocument(
  environment: ManagerEnvironment,
  call: Call,
  caller: Caller,
  document: DeploymentDocument,
  stored?: ToscaDocument,
): Promise<ReadDocument> {
  // Reading a large document and checking it cost up to a second each: others have their turn between.
  if (document instanceof Radl) {
    await nextTurn();
    return { radl: document };
  }
  const read = await readTosca(environment, call, caller, document.text);
  const tosca =
    stored === undefined
      ? read
      : await withToscaErrors(() => alignTosca(stored, read, toscaEnvironment(environment, call, caller)));
  const { radl } = await translateTosca(environment, call, tosca);
  return { radl, tosca };
}

/** Parses and validates a TOSCA document. @throws ImError `invalid-document` with all its problems */
export async function readTosca(
  environment: DocumentSurroundings,
  call: Pick<Call, 'signal'>,
  caller: Pick<Caller, 'items'>,
  text: string,
): Promise<ToscaDocument> {
  const document = await withToscaErrors(() => parseTosca(text, toscaEnvironment(environment, call, caller)));
  await nextTurn();
  return document;
}

/** Surroundings of reading documents for a caller. */
export function toscaEnvironment(
  { tosca, newId, randomText }: DocumentSurroundings,
  call: Pick<Call, 'signal'>,
  caller: Pick<Caller, 'items'>,
): ToscaEnvironment {
  return {
    fetch: (url) => tosca.fetchText(url, call.signal),
    types: tosca.types,
    credentials: caller.items.map(({ type = '', token }) => ({ type, ...(token !== undefined && { token }) })),
    ...(tosca.allowedRepository !== '' && { allowedRepository: tosca.allowedRepository }),
    randomText,
    documentId: newId(),
  };
}

/** The RADL that a document asks for, and for an update the machines that it no longer wants. */
export async function translateTosca(
  { tosca }: Pick<ManagerEnvironment, 'tosca'>,
  call: Pick<Call, 'signal'>,
  document: ToscaDocument,
  infrastructure?: InfrastructureView,
): Promise<TranslationResult> {
  const result = await withToscaErrors(() =>
    toscaToRadl(document, { fetch: (url) => tosca.fetchText(url, call.signal) }, infrastructure),
  );
  await nextTurn();
  return result;
}

/** Problems of documents are the client's. */
export async function withToscaErrors<T>(step: () => T | Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof ToscaError)) {
      throw error;
    }
    throw new ImError('invalid-document', explainedText(error), {
      cause: error,
      details: { problems: error.problems },
    });
  }
}
