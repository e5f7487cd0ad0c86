// SPDX-License-Identifier: Apache-2.0
// The official models of AWS services, as they come with the simulator (botocore, Apache License 2.0): what may stand in a request.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { SaxesParser } from 'saxes';
import { MOTO } from './moto.js';

interface Shape {
  readonly type: string;
  readonly members?: Readonly<Record<string, ShapeReference>>;
  readonly member?: ShapeReference;
  readonly required?: readonly string[];
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly min?: number;
  readonly max?: number;
  readonly flattened?: boolean;
}

interface ShapeReference {
  readonly shape: string;
  readonly location?: string;
  readonly locationName?: string;
  readonly queryName?: string;
}

interface Model {
  readonly operations: Readonly<
    Record<
      string,
      { readonly http: { readonly method: string; readonly requestUri: string }; readonly input?: ShapeReference }
    >
  >;
  readonly shapes: Readonly<Record<string, Shape>>;
}

/** A request as a tree of texts, before it is known what they mean. */
type Tree = string | { readonly [name: string]: readonly Tree[] };

const models = new Map<string, Model>();

/** The newest model of a service: `ec2`, `route53`, `service-quotas`. */
export function serviceModel(service: string): Model {
  const known = models.get(service);
  if (known !== undefined) return known;
  const python = readdirSync(join(MOTO, 'lib')).find((name) => name.startsWith('python')) ?? '';
  const folder = join(MOTO, 'lib', python, 'site-packages', 'botocore', 'data', service);
  const version = readdirSync(folder).sort().at(-1) ?? '';
  const model: Model = JSON.parse(gunzipSync(readFileSync(join(folder, version, 'service-2.json.gz'))).toString());
  models.set(service, model);
  return model;
}

/** What a request in the protocol of EC2 (`Filter.1.Name=...`) says that the model does not allow. */
export function ec2Violations(action: string, parameters: ReadonlyMap<string, string>): readonly string[] {
  const tree: Branch = {};
  for (const [name, value] of parameters) {
    if (name !== 'Action' && name !== 'Version') put(tree, name.split('.'), value);
  }
  return inputViolations('ec2', action, (input) => structure('ec2', input, tree, action, queryName));
}

/** The same for an XML body of Route 53. */
export function xmlViolations(service: string, action: string, body: string): readonly string[] {
  if (body === '') return [];
  return inputViolations(service, action, (input) =>
    structure(service, input, parseXml(body), action, (name, { locationName }) => locationName ?? name, [
      'uri',
      'querystring',
    ]),
  );
}

/** The same for a JSON body. */
export function jsonViolations(service: string, action: string, body: string): readonly string[] {
  const texts = (value: unknown): Tree =>
    typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.entries(value).map(([name, item]) => [name, [item].flat().map(texts)]))
      : String(value);
  return inputViolations(service, action, (input) =>
    structure(service, input, texts(JSON.parse(body)), action, (name) => name),
  );
}

/** Which operation of a REST service a request is. */
export function restAction(service: string, method: string, path: string): string {
  const found = Object.entries(serviceModel(service).operations).find(([, { http }]) => {
    const uri = http.requestUri.split('?')[0] ?? '';
    const pattern = uri.replace(/\/$/, '').replace(/\{[^}]+\}/g, '[^/]+');
    return http.method === method && new RegExp(`^${pattern}/?$`).test(path);
  });
  return found?.[0] ?? `${method} ${path}`;
}

function inputViolations(
  service: string,
  action: string,
  check: (input: Shape) => readonly string[],
): readonly string[] {
  const model = serviceModel(service);
  const operation = model.operations[action];
  if (operation === undefined) return [`${service} has no operation ${action}`];
  const input = operation.input === undefined ? undefined : model.shapes[operation.input.shape];
  return input === undefined ? [] : check(input);
}

interface Branch {
  [name: string]: (string | Branch)[];
}

function put(branch: Branch, path: readonly string[], value: string): void {
  const [name = '', next, ...rest] = path;
  branch[name] ??= [];
  const list = branch[name];
  const isIndex = next !== undefined && /^\d+$/.test(next);
  const index = isIndex ? Number(next) - 1 : 0;
  const deeper = isIndex ? rest : path.slice(1);
  if (deeper.length === 0) {
    list[index] = value;
    return;
  }
  const child = list[index] ?? {};
  list[index] = child;
  if (typeof child === 'object') put(child, deeper, value);
}

function queryName(name: string, { queryName, locationName }: ShapeReference): string {
  const wire = locationName ?? name;
  return queryName ?? wire.charAt(0).toUpperCase() + wire.slice(1);
}

function structure(
  service: string,
  shape: Shape,
  tree: Tree,
  path: string,
  wireName: (name: string, reference: ShapeReference) => string,
  elsewhere: readonly string[] = [],
): readonly string[] {
  if (typeof tree === 'string') return tree.trim() === '' ? [] : [`${path} is a text`];
  const members = Object.entries(shape.members ?? {});
  const found: string[] = [];
  const known = new Map(members.map(([name, reference]) => [wireName(name, reference), [name, reference] as const]));
  for (const name of Object.keys(tree)) {
    if (!known.has(name)) found.push(`${path} has no member ${name}`);
  }
  for (const [wire, [name, reference]] of known) {
    const values = tree[wire] ?? [];
    if (values.length === 0) {
      if (shape.required?.includes(name) && !elsewhere.includes(reference.location ?? ''))
        found.push(`${path} lacks ${name}`);
      continue;
    }
    found.push(...member(service, reference, values, `${path}.${wire}`, wireName));
  }
  return found;
}

function member(
  service: string,
  reference: ShapeReference,
  values: readonly Tree[],
  path: string,
  wireName: (name: string, reference: ShapeReference) => string,
): readonly string[] {
  const shape = serviceModel(service).shapes[reference.shape];
  if (shape === undefined) return [`${path}: unknown shape`];
  if (shape.type === 'list' && shape.member !== undefined) {
    const element = shape.member;
    // XML wraps the elements of a list; the query form numbers them.
    const items =
      service === 'ec2' || typeof values[0] === 'string' || shape.flattened
        ? values
        : (values[0]?.[element.locationName ?? 'member'] ?? values);
    return items.flatMap((item, index) => member(service, element, [item], `${path}.${index + 1}`, wireName));
  }
  const [value] = values;
  if (value === undefined || values.length > 1) return [`${path} has a gap or more than one value`];
  if (shape.type === 'structure') return structure(service, shape, value, path, wireName);
  return typeof value === 'string' ? scalar(shape, value).map((text) => `${path}: ${text}`) : [`${path} is no value`];
}

function scalar(shape: Shape, text: string): readonly string[] {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = shape;
  switch (shape.type) {
    case 'string':
      if (shape.enum !== undefined && !shape.enum.includes(text))
        return [`'${text}' is none of ${shape.enum.slice(0, 8).join(', ')}...`];
      if (text.length < min || text.length > max) return [`a text of ${text.length} characters`];
      if (shape.pattern !== undefined && !new RegExp(shape.pattern, 'u').test(text))
        return [`'${text}' does not match ${shape.pattern}`];
      return [];
    case 'integer':
    case 'long':
      return /^-?\d+$/.test(text) && Number(text) >= min && Number(text) <= max
        ? []
        : [`'${text}' is no allowed integer`];
    case 'boolean':
      return text === 'true' || text === 'false' ? [] : [`'${text}' is no boolean`];
    case 'blob':
      return /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? [] : ['no base64'];
    case 'timestamp':
      return Number.isNaN(Date.parse(text)) ? [`'${text}' is no time`] : [];
    default:
      return [];
  }
}

function parseXml(body: string): Tree {
  interface Element {
    text: string;
    readonly children: Record<string, Tree[]>;
  }
  const stack: Element[] = [{ text: '', children: {} }];
  const parser = new SaxesParser();
  parser.on('opentag', () => stack.push({ text: '', children: {} }));
  parser.on('text', (text) => {
    const top = stack.at(-1);
    if (top !== undefined) top.text += text;
  });
  parser.on('closetag', ({ name }) => {
    const done = stack.pop();
    const parent = stack.at(-1);
    if (done === undefined || parent === undefined) return;
    parent.children[name] ??= [];
    parent.children[name].push(Object.keys(done.children).length > 0 ? done.children : done.text);
  });
  parser.write(body).close();
  return Object.values(stack[0]?.children ?? {})[0]?.[0] ?? '';
}
