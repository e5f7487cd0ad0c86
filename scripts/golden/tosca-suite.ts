// SPDX-License-Identifier: Apache-2.0
// The TOSCA corpus: translations, updates, outputs and errors compared with the recorded results.
import { dirname, resolve } from 'node:path';
import { parseRadl } from '../../src/radl/index.js';
import {
  evaluateOutputs,
  type InfrastructureView,
  mergeTosca,
  parseTosca,
  serializeTosca,
  type ToscaEnvironment,
  ToscaError,
  toscaToRadl,
  type VmView,
} from '../../src/tosca/index.js';
import { dumpYaml, loadYaml } from '../../src/yaml.js';
import { difference, expectationOf, type GoldenCase, type GoldenSuite, matchesError } from './suite.js';
import { comparable, isRecord, jsonInside, withoutRecipes } from './tosca-compare.js';
import { surroundings } from './tosca-surroundings.js';

type Outcome =
  | { readonly kind: 'value'; readonly value: Readonly<Record<string, unknown>> }
  | { readonly kind: 'error'; readonly text: string };

/** The fields that only TOSCA cases have. */
interface ToscaCase {
  readonly first: string | undefined;
  readonly input: string;
  readonly infrastructure: InfrastructureView | undefined;
  readonly environment: ToscaEnvironment;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function readCase(golden: GoldenCase, folder: string): ToscaCase {
  const fields: Readonly<Record<string, unknown>> = { ...golden };
  // What was recorded follows the reference, what we decided follows us.
  const isRecorded = golden.expect_ours === undefined && golden.error_ours === undefined;
  return {
    first: text(fields.first),
    input: withInputs(golden.input ?? '', fields.inputs),
    infrastructure: isRecord(fields.infra) ? readInfrastructure(fields.infra) : undefined,
    environment: surroundings(folder, {
      credentials: Array.isArray(fields.auth) ? fields.auth.filter(isRecord).map(readCredential) : [],
      allowedRepository: text(fields.tosca_repo),
      rules: isRecorded ? 'reference' : undefined,
      ...(typeof fields.doc_id === 'string' && { documentId: fields.doc_id }),
    }),
  };
}

function readCredential(item: Readonly<Record<string, unknown>>): { readonly type: string; readonly token?: string } {
  return { type: text(item.type) ?? '', ...(typeof item.token === 'string' && { token: item.token }) };
}

/** The document with other input defaults, as a client would write them. */
function withInputs(document: string, inputs: unknown): string {
  if (!isRecord(inputs)) return document;
  const loaded = loadYaml(document);
  const topology = isRecord(loaded) && isRecord(loaded.topology_template) ? loaded.topology_template : {};
  const section = isRecord(topology.inputs) ? { ...topology.inputs } : {};
  for (const [name, value] of Object.entries(inputs)) {
    const known = section[name];
    section[name] = { ...(isRecord(known) ? known : {}), default: value };
  }
  return dumpYaml({ ...(isRecord(loaded) ? loaded : {}), topology_template: { ...topology, inputs: section } });
}

function readInfrastructure(infra: Readonly<Record<string, unknown>>): InfrastructureView {
  const vms = Array.isArray(infra.vms) ? infra.vms.filter(isRecord).map(readVm) : [];
  return { radl: parseRadl(text(infra.radl) ?? ''), vms };
}

function readVm(vm: Readonly<Record<string, unknown>>): VmView {
  const radl = parseRadl(text(vm.radl) ?? '');
  const cloud = isRecord(vm.cloud) ? vm.cloud : undefined;
  const auth = isRecord(cloud?.auth) ? cloud.auth : {};
  return {
    number: Number(vm.im_id),
    providerId: text(vm.id) ?? null,
    createdAt: Number(vm.created ?? 0),
    isDestroyed: vm.destroyed === true,
    info: radl,
    requested: radl,
    log: text(vm.cont_out) ?? '',
    cloud: cloud && {
      type: text(cloud.type) ?? '',
      url: text(cloud.url) ?? '',
      username: text(auth.username),
      password: text(auth.password),
      token: text(auth.token),
    },
  };
}

async function translate({ input, environment }: ToscaCase): Promise<Readonly<Record<string, unknown>>> {
  const document = await parseTosca(input, environment);
  const { radl } = await toscaToRadl(document, environment);
  return { ...comparable(radl), tosca: loadYaml(serializeTosca(document)) };
}

async function update({
  first,
  input,
  environment,
  infrastructure,
}: ToscaCase): Promise<Readonly<Record<string, unknown>>> {
  const alone: ToscaEnvironment = { ...environment, credentials: [], allowedRepository: undefined };
  const posted = await parseTosca(input, alone);
  await toscaToRadl(posted, alone);
  let document = posted;
  if (first !== undefined) {
    const stored = await parseTosca(first, environment);
    await toscaToRadl(stored, environment);
    document = await mergeTosca(stored, posted, environment);
  }
  const { radl, removedVms } = await toscaToRadl(document, environment, infrastructure);
  return { ...comparable(radl), remove_list: removedVms, tosca: loadYaml(serializeTosca(document)) };
}

async function outputs(toscaCase: ToscaCase): Promise<Readonly<Record<string, unknown>>> {
  const document = await parseTosca(toscaCase.input, toscaCase.environment);
  const infrastructure = toscaCase.infrastructure ?? { radl: parseRadl(''), vms: [] };
  return { ...evaluateOutputs(document, infrastructure) };
}

const operations: ReadonlyMap<string, (toscaCase: ToscaCase) => Promise<Readonly<Record<string, unknown>>>> = new Map([
  ['to_radl', translate],
  ['error', translate],
  ['update', update],
  ['outputs', outputs],
]);

async function run(golden: GoldenCase, file: string): Promise<Outcome> {
  const operation = operations.get(golden.op);
  if (operation === undefined) return { kind: 'error', text: `unknown operation ${golden.op}` };
  try {
    return { kind: 'value', value: await operation(readCase(golden, dirname(resolve(file)))) };
  } catch (error) {
    // Only clean errors count as failing; anything else is a defect of ours.
    if (error instanceof ToscaError) return { kind: 'error', text: error.message };
    return { kind: 'error', text: `internal error: ${error instanceof Error ? error.stack : String(error)}` };
  }
}

function compareValue(value: Readonly<Record<string, unknown>>, expected: unknown): string | undefined {
  if (!isRecord(expected)) return 'the case expects no object';
  const wanted = new Map(Object.entries(expected));
  if (wanted.has('radl_json')) wanted.set('radl_json', withoutRecipes(wanted.get('radl_json')));
  if (wanted.has('recipes')) wanted.set('recipes', jsonInside(wanted.get('recipes')));
  wanted.delete('radl_str');
  for (const [name, part] of wanted) {
    const found = difference(value[name], part, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function compare(golden: GoldenCase, outcome: Outcome): string | undefined {
  const expectation = expectationOf(golden);
  if (outcome.kind === 'value') {
    if (expectation.kind === 'value') return compareValue(outcome.value, expectation.value);
    if (golden.op === 'outputs') return failedOutputs(outcome.value);
    return `gave ${JSON.stringify(outcome.value).slice(0, 300)}, expected error ${JSON.stringify(expectation.error)}`;
  }
  if (expectation.kind === 'value') return `failed with ${JSON.stringify(outcome.text)}`;
  const isClean = !/^(?:internal error|unknown operation)/.test(outcome.text);
  const trimmed = { ...expectation.error, message: expectation.error.message?.trimEnd() };
  if (isClean && matchesError(outcome.text.trimEnd(), trimmed)) return undefined;
  return `error is ${JSON.stringify(outcome.text)}, expected ${JSON.stringify(expectation.error)}`;
}

/** Where the reference fails for one output, ours gives null, or a better value. */
function failedOutputs(value: Readonly<Record<string, unknown>>): string | undefined {
  return isRecord(value.outputs) ? undefined : 'gave no outputs';
}

/** Golden cases of TOSCA. */
export const toscaSuite: GoldenSuite = {
  run: async (golden, file) => compare(golden, await run(golden, file)),
};
