// SPDX-License-Identifier: Apache-2.0
// Network nodes as RADL networks (spec tosca 8.3).
import { Features } from '../radl/index.js';
import { readCredential } from './credential.js';
import { ToscaError } from './error.js';
import { pythonText } from './python-text.js';
import { put } from './radl-feature.js';
import type { NodeTemplate } from './template.js';
import { propertyOf, type Translation } from './translation.js';
import { isTruthy } from './value.js';

/** Root type of networks. */
export const NETWORK = 'tosca.nodes.network.Network';

/** Adds the network. @throws ToscaError when a proxy is given without its credential */
export function addNetworkNode(translation: Translation, node: NodeTemplate): void {
  const features = Features.of();
  const text = (name: string): string => {
    const value = propertyOf(translation, node, name);
    return isTruthy(value) ? pythonText(value) : '';
  };
  if (text('network_type').toLowerCase() === 'public') put(features, 'outbound', 'yes');
  if (text('network_name') !== '') put(features, 'provider_id', text('network_name'));
  if (text('cidr') !== '') {
    put(features, 'cidr', text('cidr'));
    put(features, 'create', 'yes');
  }
  if (text('gateway_ip') !== '') put(features, 'router', text('gateway_ip'));
  if (text('proxy_host') !== '') addProxy(translation, node, features, text('proxy_host'));
  translation.builder.addNetwork(node.name, features);
}

function addProxy(translation: Translation, node: NodeTemplate, features: Features, host: string): void {
  const credential = readCredential(propertyOf(translation, node, 'proxy_credential'));
  if (credential === undefined) throw new ToscaError("Property 'proxy_credential' must bet set if proxy_host is set.");
  const { user, token, tokenType } = credential;
  if (user === '') throw new ToscaError("Property 'user' must bet set in proxy_credential.");
  const isPassword = tokenType === 'password' && token !== '';
  put(features, 'proxy_host', isPassword ? `${user}:${token}@${host}` : `${user}@${host}`);
  if (tokenType === 'private_key' && token !== '') put(features, 'proxy_key', token);
}
