// SPDX-License-Identifier: Apache-2.0
// Where a function answers, and with which credential (spec tosca 10).
import { privateIp, publicIp } from '../radl/index.js';
import { faasDnsHost, faasHost, faasHostProperty } from './faas-host.js';
import type { VmView } from './infrastructure.js';
import { pythonText } from './python-text.js';
import type { Scope } from './scope.js';
import type { NodeTemplate } from './template.js';
import { isTruthy, type Value } from './value.js';

/** URL of the function: of the OSCAR in the document, of the cloud, or what Lambda gave it. */
export function functionUrl(node: NodeTemplate, vm: VmView, scope: Scope): Value {
  if (vm.cloud?.type === 'Lambda') return vm.info.systems[0]?.features.getText('function.api_url') ?? null;
  if (faasHost(node, scope) === undefined) return vm.cloud === undefined || vm.cloud.url === '' ? null : vm.cloud.url;
  const name = faasDnsHost(node, scope);
  if (name !== undefined) return `https://${name}`;
  const address = publicIp(vm.info) ?? privateIp(vm.info);
  return address === undefined ? null : `http://${address}`;
}

/** Credential of the function; null when there is none to tell. */
export function functionCredential(node: NodeTemplate, vm: VmView, scope: Scope): Value {
  if (vm.cloud?.type === 'Lambda') return null;
  const host = faasHost(node, scope);
  if (host !== undefined) {
    const password = faasHostProperty(host.software, 'password', scope);
    return isTruthy(password) ? credential('oscar', 'password', pythonText(password)) : null;
  }
  const { username, password, token } = vm.cloud ?? {};
  if (username !== undefined && password !== undefined) return credential(username, 'password', password);
  return token === undefined ? null : credential('', 'bearer', token);
}

function credential(user: string, tokenType: string, token: string): Value {
  return new Map([
    ['user', user],
    ['token_type', tokenType],
    ['token', token],
  ]);
}
