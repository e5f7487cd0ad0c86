// SPDX-License-Identifier: Apache-2.0
// Deployment documents of calls: RADL text, and TOSCA as an extension. RADL in JSON stays refused, as recorded (xmlrpc-api.md §3).
import type { DeploymentDocument } from '../../manager/manager.js';
import { parseRadl, Radl } from '../../radl/index.js';
import type { DocumentForm } from '../document-screen.js';

// As a key of the document itself: at the beginning of a line, or first in flow style or JSON.
const TOSCA_KEY = /^(?:\s*\{\s*)?["']?tosca_definitions_version["']?\s*:/m;

/** The language of a text. */
export const formOf = (text: string): DocumentForm => (TOSCA_KEY.test(text) ? 'tosca' : 'radl');

/**
 * Reads a document; an empty text is an empty one. TOSCA is read later, with the rights of the caller.
 * @throws RadlError
 */
export function readDocument(text: string): DeploymentDocument {
  if (text.trim() === '') return Radl.empty();
  if (formOf(text) === 'tosca') return { kind: 'tosca', text };
  return parseRadl(text);
}
