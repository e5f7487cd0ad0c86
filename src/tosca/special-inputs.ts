// SPDX-License-Identifier: Apache-2.0
// Defaults of text inputs that stand for something else: random texts and the caller's token (spec tosca 5.2).
import type { ToscaEnvironment } from './environment.js';
import { asMap, asText, isMap, type Key, type Value, type ValueMap } from './value.js';

const RANDOM = /^random\((\d{1,9})\)/;
const MAX_RANDOM = 4096;

/** A document with its special defaults replaced, and which inputs got a secret that way. */
export interface ResolvedInputs {
  readonly root: ValueMap;
  /** Inputs that got random text. */
  readonly generated: ReadonlySet<string>;
  /** Inputs that got the caller's token. */
  readonly tokens: ReadonlySet<string>;
}

/** Replaces `random(N)` and `access_token()`; other defaults are left alone. */
export function resolveSpecialInputs(root: ValueMap, environment: ToscaEnvironment): ResolvedInputs {
  const topology = root.get('topology_template');
  const inputs = asMap(asMap(topology).get('inputs'));
  const generated = new Set<string>();
  const tokens = new Set<string>();
  const replaced = new Map<Key, Value>();
  for (const [name, body] of inputs) {
    const written = asMap(body).get('type') === 'string' ? asText(asMap(body).get('default')) : undefined;
    const random = randomText(written, environment);
    const token = written === 'access_token()' ? callerToken(environment) : undefined;
    if (random !== undefined) generated.add(String(name));
    if (token !== undefined) tokens.add(String(name));
    const value = random ?? token;
    if (value !== undefined) replaced.set(name, withDefault(asMap(body), value));
  }
  if (replaced.size === 0 || !isMap(topology)) return { root, generated, tokens };
  return { root: withInputs(root, topology, new Map([...inputs, ...replaced])), generated, tokens };
}

/** The input with another default, in its place. */
export function withDefault(input: ValueMap, value: Value): ValueMap {
  return new Map<Key, Value>([...input, ['default', value]]);
}

/** The document with other inputs. */
export function withInputs(root: ValueMap, topology: ValueMap, inputs: ValueMap): ValueMap {
  return new Map<Key, Value>([...root, ['topology_template', new Map<Key, Value>([...topology, ['inputs', inputs]])]]);
}

function randomText(written: string | undefined, { randomText: draw }: ToscaEnvironment): string | undefined {
  const match = written === undefined ? null : RANDOM.exec(written);
  return match === null ? undefined : draw(Math.min(Number(match[1]), MAX_RANDOM));
}

function callerToken({ credentials }: ToscaEnvironment): string | undefined {
  const token = credentials.find((item) => item.type === 'InfrastructureManager')?.token;
  return token === undefined || token === '' ? undefined : token;
}
