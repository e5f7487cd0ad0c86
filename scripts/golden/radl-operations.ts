// SPDX-License-Identifier: Apache-2.0
// The operations of the RADL corpus, each as a call of the public interface of the language room.
import { createHash } from 'node:crypto';
import {
  type Aspect,
  applySystem,
  checkRadl,
  completeRadl,
  concretize,
  convertNumber,
  createNetwork,
  Features,
  type IfPresent,
  inventoryJson,
  isNewerApplication,
  mergeRadl,
  networkOutports,
  parseRadl,
  parseRadlJson,
  printRadl,
  printSystem,
  type Radl,
  RadlError,
  type System,
  stringifyJsonValue,
  stringifyRadlJson,
  visibleRadl,
} from '../../src/radl/index.js';
import { argument, textArgument, textMapArgument } from './radl-arguments.js';
import { countsOf, documentResult } from './radl-document.js';
import { runHelpers } from './radl-helpers.js';
import { outportsResult } from './radl-outports.js';
import { runVm } from './radl-vm.js';
import { type GoldenCase, isExpectedError, matchesError } from './suite.js';

/** Runs one case; throws RadlError when the language refuses. */
export type RadlOperation = (golden: GoldenCase) => unknown;

function input(golden: GoldenCase): string {
  return golden.input ?? '';
}

/** The document of `input2`. */
function second(golden: GoldenCase): Radl {
  return parseRadl(golden.input2 ?? '');
}

function namedSystem(radl: Radl, golden: GoldenCase): System {
  const system = radl.getSystem(textArgument(golden, 'system'));
  if (system === undefined) throw new Error('the case names an unknown system');
  return system;
}

function random(golden: GoldenCase): unknown {
  const property = textArgument(golden, 'prop');
  const [value, other] = [0, 1].map(
    () => namedSystem(parseRadl(input(golden)), golden).features.getText(property) ?? '',
  );
  if (value === undefined || value === other) {
    if (value === undefined || value.length >= 8) throw new Error('two parses gave the same random text');
  }
  const pattern = `^[A-Za-z0-9]{${value.length}}$`;
  return { length: value.length, value_regex: new RegExp(pattern).test(value) ? pattern : `not ${pattern}` };
}

function outports(golden: GoldenCase): unknown {
  const network = createNetwork('net', true);
  network.features.setText('outports', input(golden));
  return outportsResult(networkOutports(network));
}

function unit(golden: GoldenCase): unknown {
  const value = argument(golden, 'value');
  if (typeof value !== 'number') throw new Error('the case has no number');
  const number = argument(golden, 'fraction') === true ? value : BigInt(value);
  const target = argument(golden, 'to');
  return Number(convertNumber(number, textArgument(golden, 'unit'), typeof target === 'string' ? target : undefined));
}

/** An application from its recorded `name` and `version`. */
function application(value: unknown): Features {
  const features = Features.of();
  if (typeof value !== 'object' || value === null) return features;
  for (const [key, member] of Object.entries(value)) {
    if (typeof member === 'string') features.setText(key, member);
    if (typeof member === 'number') features.setNumber(key, Number.isInteger(member) ? BigInt(member) : member);
  }
  return features;
}

function add(golden: GoldenCase): unknown {
  const radl = parseRadl(input(golden));
  const other = second(golden);
  const mode = ifPresent(textArgument(golden, 'ifpresent'));
  const aspects: Aspect[] = [
    ...other.networks,
    ...other.ansibleHosts,
    ...other.systems,
    ...other.configures,
    ...other.deploys,
    ...(other.description === undefined ? [] : [other.description]),
    ...(other.contextualize.items === undefined
      ? []
      : [{ kind: 'contextualize', contextualize: other.contextualize } as const]),
  ];
  const added = aspects.map((aspect) => radl.add(aspect, mode));
  return { str: printRadl(radl), added, counts: countsOf(radl) };
}

function ifPresent(mode: string): IfPresent {
  if (mode === 'error' || mode === 'ignore' || mode === 'replace') return mode;
  throw new RadlError(`Unknown mode '${mode}'`);
}

function merge(golden: GoldenCase): unknown {
  const stored = parseRadl(input(golden));
  try {
    mergeRadl(stored, second(golden));
  } catch (error) {
    return { ...failure(error, golden), str_after: printRadl(stored) };
  }
  return { str: printRadl(stored), counts: countsOf(stored) };
}

/** A failure inside a result: the recorded error when ours matches it, else ours, so that the comparison shows it. */
function failure(error: unknown, golden: GoldenCase): { error: unknown } {
  if (!(error instanceof RadlError)) throw error;
  const recorded: unknown = golden.expect_ours ?? golden.expect;
  if (typeof recorded !== 'object' || recorded === null || !('error' in recorded)) return { error: error.message };
  const expected = recorded.error;
  return { error: isExpectedError(expected) && matchesError(error.message, expected) ? expected : error.message };
}

function complete(golden: GoldenCase): unknown {
  const request = second(golden);
  completeRadl(request, parseRadl(input(golden)), textMapArgument(golden, 'private_networks'));
  return { str: printRadl(request), counts: countsOf(request) };
}

function addResource(golden: GoldenCase): unknown {
  const stored = parseRadl(input(golden));
  const before = printRadl(stored);
  const request = second(golden);
  try {
    checkRadl(request);
    completeRadl(request, stored, textMapArgument(golden, 'private_networks'));
    mergeRadl(stored, request);
  } catch (error) {
    if (printRadl(stored) !== before) throw new Error('the stored document changed', { cause: error });
    return failure(error, golden);
  }
  return { stored: printRadl(stored), request: printRadl(request), reported: printRadl(visibleRadl(stored)) };
}

function concrete(golden: GoldenCase): unknown {
  const system = namedSystem(parseRadl(input(golden)), golden);
  const other = golden.input2 === undefined ? undefined : second(golden).systems[0];
  const result = concretize(system, other);
  return { str: printSystem(result.system), score: result.score, original_str: printSystem(system) };
}

function apply(golden: GoldenCase): unknown {
  const [other] = second(golden).systems;
  if (other === undefined) throw new Error('the case has no second system');
  const target = namedSystem(parseRadl(input(golden)), golden);
  const modes = { conflict: mode(textArgument(golden, 'conflict')), missing: mode(textArgument(golden, 'missing')) };
  return { str: printSystem(applySystem(target, other, modes)) };
}

function mode(text: string): 'error' | 'ignore' | 'me' | 'other' {
  if (text === 'error' || text === 'ignore' || text === 'me' || text === 'other') return text;
  throw new Error(`unknown mode ${text}`);
}

function parseLarge(golden: GoldenCase): unknown {
  const radl = parseRadl(input(golden));
  const text = printRadl(radl);
  const json = stringifyRadlJson(radl, 'pretty');
  const sha = (content: string) => createHash('sha256').update(content, 'utf8').digest('hex');
  checkRadl(radl);
  return {
    str_chars: Array.from(text).length,
    str_sha256: sha(text),
    json_chars: Array.from(json).length,
    json_sha256: sha(json),
    counts: { ...countsOf(radl) },
    check: 'ok',
    restr_sha256: sha(printRadl(parseRadl(text))),
  };
}

function checked(radl: Radl): string {
  checkRadl(radl);
  return 'ok';
}

function dumpJson(golden: GoldenCase): unknown {
  const radl = parseRadl(input(golden));
  return { pretty: stringifyRadlJson(radl, 'pretty'), compact: stringifyRadlJson(radl, 'compact') };
}

/** The operations by name. */
export const radlOperations: ReadonlyMap<string, RadlOperation> = new Map<string, RadlOperation>([
  ['parse', (golden) => documentResult(parseRadl(input(golden)))],
  ['json_parse', (golden) => documentResult(parseRadlJson(input(golden)))],
  ['check', (golden) => checked(parseRadl(input(golden)))],
  ['json_check', (golden) => checked(parseRadlJson(input(golden)))],
  ['dump_json', dumpJson],
  ['inventory_json', (golden) => JSON.parse(stringifyJsonValue(inventoryJson(parseRadl(input(golden))), 'compact'))],
  ['random', random],
  ['outports', outports],
  ['unit', unit],
  [
    'newer',
    (golden) => isNewerApplication(application(argument(golden, 'app')), application(argument(golden, 'other'))),
  ],
  ['add', add],
  ['merge', merge],
  ['complete', complete],
  ['addresource', addResource],
  ['get_radl', (golden) => ({ str: printRadl(visibleRadl(parseRadl(input(golden)))) })],
  ['concrete', concrete],
  ['apply', apply],
  ['helpers', (golden) => runHelpers(parseRadl(input(golden)), golden)],
  ['vm', (golden) => runVm(golden)],
  ['parse_large', parseLarge],
]);
