// SPDX-License-Identifier: Apache-2.0
// The door of the TOSCA room: documents to RADL, updates of running infrastructures, and outputs.
export type { ToscaDocument } from './document.js';
export type { CredentialItem, FetchFailure, ReadEnvironment, ToscaEnvironment } from './environment.js';
export { fetchFailure } from './environment.js';
export type { Path, Place, ToscaProblem } from './error.js';
export { explainedText, ToscaError } from './error.js';
export type { CloudView, InfrastructureView, VmView } from './infrastructure.js';
export type { JsonObject, JsonValue } from './json.js';
export { alignTosca, mergeTosca } from './merge.js';
export type { EvaluatedOutputs } from './outputs.js';
export { evaluateOutputs } from './outputs.js';
export { parseTosca } from './parse.js';
export { readShippedArtifacts, withShippedArtifacts } from './shipped-artifacts.js';
export type { ShippedTexts } from './shipped-types.js';
export { readShippedTypes, ShippedTypes } from './shipped-types.js';
export type { LoadEnvironment } from './stored.js';
export { loadStoredTosca, serializeTosca, storeTosca } from './stored.js';
export { toscaToRadl } from './to-radl.js';
export type { TranslationResult } from './translate.js';
