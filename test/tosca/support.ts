// SPDX-License-Identifier: Apache-2.0
// Builders for TOSCA tests: an environment without network, documents out of their nodes, infrastructures out of their machines.
import { fileURLToPath } from 'node:url';
import { parseRadl, printRadl } from '../../src/radl/index.js';
import {
  type InfrastructureView,
  parseTosca,
  readShippedTypes,
  type ToscaEnvironment,
  ToscaError,
  toscaToRadl,
  type VmView,
} from '../../src/tosca/index.js';

/** The shipped types, read once. */
export const types = readShippedTypes(fileURLToPath(new URL('../../tosca/types', import.meta.url)));

/** Where documents of these tests import the custom types from. */
export const TYPES_URL = 'https://raw.githubusercontent.com/grycap/tosca/main/custom_types.yaml';

/** A failure as the fetch room reports it. */
class NotFound extends Error {
  readonly reason = 'Not Found';
  readonly body = '404: Not Found';
}

/** An environment that answers the given URLs only, and tells which ones were asked for. */
export function environment(
  files: Readonly<Record<string, string>> = {},
  options: Partial<ToscaEnvironment> = {},
): ToscaEnvironment & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    fetch: async (url) => {
      asked.push(url);
      const text = Object.hasOwn(files, url) ? files[url] : undefined;
      if (text === undefined) throw new NotFound(url);
      return text;
    },
    types,
    credentials: [],
    randomText: (length) => 'r'.repeat(length),
    documentId: '12345678-0000-4000-8000-000000000000',
    asked,
    ...options,
  };
}

/** A document with the custom types; `topology` is YAML below `topology_template`, indented by two. */
export function document(topology: string, top = ''): string {
  return `tosca_definitions_version: tosca_simple_yaml_1_0\nimports:\n  - im: ${TYPES_URL}\n${top}topology_template:\n${topology}`;
}

/** The RADL text of a document. */
export async function radlOf(
  text: string,
  surroundings: ToscaEnvironment = environment(),
  infrastructure?: InfrastructureView,
): Promise<string> {
  const { radl } = await toscaToRadl(await parseTosca(text, surroundings), surroundings, infrastructure);
  return printRadl(radl);
}

/** The error of something that must fail cleanly. */
export async function toscaError(promise: Promise<unknown>): Promise<ToscaError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof ToscaError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

/** One machine out of RADL text; the name of its system is its group. */
export function vm(number: number, radl: string, facts: Partial<VmView> = {}): VmView {
  const parsed = parseRadl(radl);
  return {
    number,
    providerId: `cloud-${number}`,
    createdAt: number,
    isDestroyed: false,
    info: parsed,
    requested: parsed,
    log: '',
    ...facts,
  };
}

/** An infrastructure of machines. */
export function infrastructure(vms: readonly VmView[], radl = ''): InfrastructureView {
  return { radl: parseRadl(radl), vms };
}
