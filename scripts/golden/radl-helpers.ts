// SPDX-License-Identifier: Apache-2.0
// `helpers` cases: the reference's helper names on our helpers, results in the encodings of the corpus.
import {
  type AnsibleHost,
  acceptNewCredentials,
  ansibleCredentials,
  applications,
  checkRadl,
  credentials,
  type Features,
  hasIp,
  hasPublicNetwork,
  interfaceCount,
  interfaceIndexForNetwork,
  interfaceIp,
  isPublicNetwork,
  itemsByStep,
  type LoginCredentials,
  loginCredentials,
  type Network,
  networkIds,
  networkOutports,
  printItem,
  printSystem,
  privateIp,
  publicIp,
  type Radl,
  removeInterface,
  renderNameTemplate,
  requestedInterfaceName,
  type System,
  setCredentials,
} from '../../src/radl/index.js';
import { type HelperCall, helperCall, listArgument, optionalNumber, optionalText } from './radl-arguments.js';
import { outportsResult } from './radl-outports.js';
import type { GoldenCase } from './suite.js';

type Helper<Target> = (target: Target, call: HelperCall) => unknown;

/** Runs the calls of a case on one document. */
export function runHelpers(radl: Radl, golden: GoldenCase): unknown {
  return listArgument(golden, 'calls').map((entry) => {
    if (!Array.isArray(entry)) throw new Error('a call is a pair');
    return encode(runCall(radl, String(entry[0]), helperCall(entry[1])));
  });
}

function runCall(radl: Radl, target: string, call: HelperCall): unknown {
  const [kind = '', id = '', property = ''] = target.split(':');
  switch (kind) {
    case 'radl':
      return invoke(radlHelpers, radl, call);
    case 'system':
      return invoke(systemHelpers, found(radl.getSystem(id)), call);
    case 'network':
      return invoke(networkHelpers, found(radl.getNetwork(id)), call);
    case 'ansible':
      return invoke(ansibleHelpers, found(radl.getAnsibleHost(id)), call);
    case 'contextualize':
      return itemsResult(radl, call.values[0]);
    case 'option':
      return featureResult(found(radl.contextualize.options), id, call);
    default:
      return featureResult(found(radl.getSystem(id)).features, property, call);
  }
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the case names an unknown target');
  return value;
}

function invoke<Target>(helpers: Readonly<Record<string, Helper<Target>>>, target: Target, call: HelperCall): unknown {
  const helper = helpers[call.name];
  if (helper === undefined) throw new Error(`unknown helper ${call.name}`);
  return helper(target, call);
}

/** Nothing is null, integers are plain numbers. */
export function encode(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === 'bigint') return Number(value);
  return Array.isArray(value) ? value.map(encode) : value;
}

/** An application as the corpus writes it. */
export function applicationResult(application: Features): unknown {
  const members = application.names().map((name) => [name, encode(application.getValue(name))]);
  return { app: Object.fromEntries(members) };
}

function version(value: unknown): 4 | 6 {
  return value === 6 ? 6 : 4;
}

function featureResult(features: Features, property: string, { name, values }: HelperCall): unknown {
  const operator = features.feature(property)?.operator;
  if (name === 'getLogOperator') return operator === '=' ? '==' : operator;
  return name === 'operator' ? operator : features.getValue(property, optionalText(values[0]));
}

function itemsResult(radl: Radl, fallback: unknown): unknown {
  const steps = itemsByStep(radl.contextualize);
  if (steps === undefined) return fallback;
  return Object.fromEntries([...steps].map(([step, items]) => [String(step), items.map(printItem)]));
}

function loginResult(login: LoginCredentials | undefined): unknown {
  if (login === undefined) return null;
  const username = login.username ?? null;
  if (login.kind === 'password') return { cred: 'password', username, password: login.password ?? null };
  return { cred: 'key', username, public_key: login.publicKey ?? null, private_key: login.privateKey ?? null };
}

function setFromValues(
  system: System,
  [username, password, publicKey, privateKey]: readonly unknown[],
  isNew: boolean,
): void {
  const given = { username, password, publicKey, privateKey };
  const texts = Object.entries(given).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : []));
  setCredentials(system, Object.fromEntries(texts), { isNew });
}

function nameResult(name: { readonly host: string; readonly domain: string | undefined } | undefined): unknown {
  return name && [name.host, name.domain];
}

function setValue({ features }: System, [property, value, unit]: readonly unknown[]): void {
  const name = String(property);
  if (typeof value !== 'number') features.setText(name, String(value));
  else features.setNumber(name, Number.isInteger(value) ? BigInt(value) : value, optionalText(unit));
}

/** `contains` groups as the corpus writes them: by name, each as a feature. */
function containedResult(features: Features, property: string): unknown {
  const groups = [...features.getContained(property)];
  if (groups.length === 0) return undefined;
  const members = groups.map(([name, group]) => [name, containedFeature(property, group)]);
  return Object.fromEntries(members);
}

function containedFeature(property: string, group: Features): unknown {
  const features = Object.fromEntries(group.names().map((name) => [name, encode(group.getValue(name))]));
  return { prop: property, operator: 'contains', value: { features }, unit: '' };
}

const systemHelpers: Readonly<Record<string, Helper<System>>> = {
  getNumNetworkIfaces: (system) => interfaceCount(system),
  getNetworkIDs: (system) => networkIds(system),
  getNumNetworkWithConnection: (system, { values }) => interfaceIndexForNetwork(system, String(values[0])),
  getIfaceIP: (system, { values: [index, ip = 4] }) =>
    ip === 4 || ip === 6 ? interfaceIp(system, Number(index), ip) : undefined,
  hasIP: (system, { values }) => hasIp(system, String(values[0]), version(values[1])),
  getRequestedNameIface: (system, { values: [index, number, host, domain] }) =>
    nameResult(
      requestedInterfaceName(
        system,
        optionalNumber(index) ?? 0,
        optionalNumber(number),
        optionalText(host),
        optionalText(domain),
      ),
    ),
  replaceTemplateName: (_, { values: [name, number] }) =>
    name === '' ? name : nameResult(renderNameTemplate(String(name), optionalNumber(number))),
  getCredentialValues: (system, { values: [isNew] }) => {
    const { username, password, publicKey, privateKey } = credentials(system, { isNew: isNew === true });
    return [username, password, publicKey, privateKey];
  },
  setCredentialValues: (system, { values, named }) => {
    const { username = values[0], password = values[1], public_key = values[2], private_key = values[3] } = named;
    setFromValues(system, [username, password, public_key, private_key], named.new === true);
  },
  setUserPasswdCredentials: (system, { values }) => setFromValues(system, values, false),
  setUserKeyCredentials: (system, { values: [username, publicKey, privateKey] }) =>
    setFromValues(system, [username, undefined, publicKey, privateKey], false),
  updateNewCredentialValues: (system) => acceptNewCredentials(system),
  getCredentials: (system) => loginResult(loginCredentials(system)),
  getApplications: (system) => applications(system).map(applicationResult),
  getValue: (system, { values: [name, fallback] }) =>
    system.features.getValue(String(name)) ?? containedResult(system.features, String(name)) ?? fallback,
  hasFeature: (system, { values }) => system.features.has(String(values[0]), values[1] === true),
  setValue: (system, { values }) => setValue(system, values),
  delValue: (system, { values }) => system.features.delete(String(values[0])),
  remove_net_interface: (system, { values }) => removeInterface(system, Number(values[0])),
  str: (system) => printSystem(system),
};

const networkHelpers: Readonly<Record<string, Helper<Network>>> = {
  isPublic: (network) => isPublicNetwork(network),
  getOutPorts: (network) => outportsResult(networkOutports(network)),
};

const ansibleHelpers: Readonly<Record<string, Helper<AnsibleHost>>> = {
  getCredentials: (host) => loginResult(ansibleCredentials(host)),
  getCredentialValues: ({ features }) =>
    ['username', 'password', 'private_key'].map((name) => features.getText(`credentials.${name}`)),
  getHost: ({ features }) => features.getText('host'),
};

const radlHelpers: Readonly<Record<string, Helper<Radl>>> = {
  getPublicIP: (radl, { values }) => publicIp(radl, version(values[0])),
  getPrivateIP: (radl, { values }) => privateIp(radl, version(values[0])),
  hasPublicNet: (radl, { values }) => hasPublicNetwork(radl, String(values[0])),
  check: (radl) => {
    checkRadl(radl);
    return true;
  },
  get_system_by_name: (radl, { values }) => {
    const system = radl.getSystem(String(values[0]));
    return system && { system: system.name };
  },
  get_network_by_id: (radl, { values }) => {
    const network = radl.getNetwork(String(values[0]));
    return network && { network: network.id };
  },
  get_configure_by_name: (radl, { values }) => {
    const configure = radl.getConfigure(String(values[0]));
    return configure && { configure: configure.name, recipes: configure.recipe };
  },
  get_ansible_by_id: (radl, { values }) => {
    const features = radl.getAnsibleHost(String(values[0]))?.features;
    return (
      features && { features: Object.fromEntries(features.names().map((name) => [name, features.getValue(name)])) }
    );
  },
  get_deploy_by_id: (radl, { values }) => radl.deploys.find((deploy) => deploy.system === values[0]),
};
