// SPDX-License-Identifier: Apache-2.0
// A document to RADL: fetches what the translation reads, then translates.
import type { ToscaDocument } from './document.js';
import type { ToscaEnvironment } from './environment.js';
import type { InfrastructureView } from './infrastructure.js';
import { fetchSources } from './sources.js';
import { type TranslationResult, translate } from './translate.js';

/**
 * The RADL that a document asks for, and the machines that it no longer wants.
 *
 * @param infrastructure for updates: its machines count against what is wanted
 * @throws ToscaError with a plain text when something cannot be fetched or translated
 */
export async function toscaToRadl(
  document: ToscaDocument,
  environment: Pick<ToscaEnvironment, 'fetch' | 'rules'>,
  infrastructure?: InfrastructureView,
): Promise<TranslationResult> {
  const { template } = document;
  const sources = await fetchSources(template, environment);
  return translate({ template, sources, infrastructure, followsReference: environment.rules === 'reference' });
}
