// SPDX-License-Identifier: Apache-2.0
// Every function of both APIs, ready to be called on one infrastructure: the routes out of the served description, the methods out of
// their table. A new one is in the list by itself, and fails the tests until it is known to refuse strangers.
import http from 'node:http';
import { dispatch } from '../../../src/api/xmlrpc/dispatch.js';
import { methods } from '../../../src/api/xmlrpc/methods.js';
import type { AuthItem } from '../../../src/domain/index.js';
import type { InfrastructureManager } from '../../../src/manager/index.js';
import { silentLogger } from '../../../src/util/logger.js';
import { createFakeManager } from '../fake-manager.js';
import type { Headers, RestService } from '../rest/rest-service.js';
import { dependenciesOf } from '../xmlrpc/xmlrpc-service.js';

/** What a function answered. */
export interface DoorAnswer {
  readonly isRefused: boolean;
  /** Status of HTTP; 0 over XML-RPC. */
  readonly status: number;
  readonly text: string;
}

/** A function of an API. */
export interface Door {
  /** `GET /infrastructures/{infId}`, `XML-RPC GetVMInfo` */
  readonly name: string;
  readonly api: 'rest' | 'xmlrpc';
  readonly isPublic: boolean;
  /** It names an infrastructure. */
  readonly isOfInfrastructure: boolean;
  /** Calls it as somebody. @param items authorization data, empty: none */
  knock(items: readonly AuthItem[]): Promise<DoorAnswer>;
}

/** What is called, and with what. */
export interface DoorTarget {
  readonly infrastructureId: string;
  /** RADL text. */
  readonly document: string;
  readonly cloudId: string;
}

const ELEMENTS: Readonly<Record<string, string>> = {
  vmId: '0',
  diskNum: '0',
  property: 'state',
  revision: '1',
};
const QUERY = '?image_name=i&overwrite=yes&delete=yes&force=yes&step=1';

/** As an Authorization header. */
export const headerOf = (items: readonly AuthItem[]): string =>
  items
    .map((item) =>
      Object.entries(item)
        .map(([key, value]) => `${key} = '${value}'`)
        .join('; '),
    )
    .join('\\n');

/** Every route of the description. @param target a function, since tests make it after the service */
export async function restDoors(service: RestService, target: () => DoorTarget): Promise<readonly Door[]> {
  const { paths } = JSON.parse((await service.anonymous('GET', '/openapi.json')).body);
  return Object.entries<Record<string, { security?: unknown[] }>>(paths).flatMap(([template, item]) =>
    Object.entries(item).map(([lower, { security }]): Door => {
      const method = lower.toUpperCase();
      return {
        name: `${method} ${template}`,
        api: 'rest',
        isPublic: security?.length === 0,
        isOfInfrastructure: template.includes('{infId}'),
        knock: async (items) => {
          const { infrastructureId, document, cloudId } = target();
          const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
            name === 'infId' ? infrastructureId : name === 'cloudId' ? cloudId : (ELEMENTS[name] ?? 'x'),
          );
          const sent = bodyOf(method, template, document);
          const { status, body } = await answerOf(
            service,
            method,
            path + QUERY,
            {
              ...(items.length > 0 && { Authorization: headerOf(items) }),
              ...(sent !== undefined && { 'Content-Type': sent.type }),
            },
            sent?.text,
          );
          return { isRefused: status >= 400, status, text: body };
        },
      };
    }),
  );
}

/** As `service.anonymous`, but a stream of events, which has no end, is left as soon as it begins. */
function answerOf(
  service: RestService,
  method: string,
  path: string,
  headers: Headers,
  body: string | undefined,
): Promise<{ readonly status: number; readonly body: string }> {
  if (!/\/events\?/.test(path)) return service.anonymous(method, path, headers, body);
  return new Promise((resolve, reject) => {
    const outgoing = http.request(`${service.base}${path}`, { method, headers, agent: false }, (incoming) => {
      const status = incoming.statusCode ?? 0;
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => {
        text += chunk;
      });
      incoming.on('end', () => resolve({ status, body: text }));
      incoming.on('error', reject);
      if (status === 200) {
        incoming.off('error', reject).on('error', () => undefined);
        resolve({ status, body: '' });
        outgoing.destroy();
      }
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** A body that the route takes. */
function bodyOf(
  method: string,
  template: string,
  document: string,
): { readonly type: string; readonly text: string } | undefined {
  if (method === 'PATCH') return { type: 'application/json', text: '{"desiredState": "STOPPED"}' };
  if (method !== 'POST' && method !== 'PUT') return undefined;
  if (template.endsWith('/adopt')) {
    return { type: 'application/json', text: '{"cloud": "mem", "machine": "m", "system": "node"}' };
  }
  if (template.endsWith('/authorization')) {
    return { type: 'application/json', text: '{"username": "eva", "password": "eva-pass"}' };
  }
  return template === '/infrastructures' && method === 'PUT'
    ? { type: 'application/json', text: '{}' }
    : { type: 'text/plain', text: document };
}

/** Every method of XML-RPC under its own name. */
export function xmlRpcDoors(manager: InfrastructureManager, target: () => DoorTarget): readonly Door[] {
  const dependencies = { ...dependenciesOf(createFakeManager()), manager };
  return [...new Set(methods.values())].map(({ name, signature: { required } }): Door => {
    return {
      name: `XML-RPC ${name}`,
      api: 'xmlrpc',
      isPublic: !required.includes('auth_data'),
      isOfInfrastructure: required.includes('inf_id'),
      knock: async (items) => {
        const { xml } = await dispatch(
          {
            text: callText(
              name,
              required.map((parameter) => argument(parameter, items, target())),
            ),
            requestId: 'test',
            signal: new AbortController().signal,
            logger: silentLogger,
          },
          dependencies,
        );
        return { isRefused: !xml.includes('<boolean>1</boolean>'), status: 0, text: xml };
      },
    };
  });
}

function argument(
  name: string,
  items: readonly AuthItem[],
  { infrastructureId, document, cloudId }: DoorTarget,
): string {
  switch (name) {
    case 'auth_data':
      return arrayOf(items);
    case 'new_auth_data':
      return arrayOf([{ type: 'InfrastructureManager', username: 'eva', password: 'eva-pass' }]);
    case 'inf_id':
      return stringOf(infrastructureId);
    case 'radl_data':
      return stringOf(document);
    case 'cloud_id':
      return stringOf(cloudId);
    case 'vm_id':
    case 'vm_list':
      return stringOf('0');
    case 'num_disk':
      return '<value><int>0</int></value>';
    case 'overwrite':
    case 'delete':
    case 'auto_delete':
      return '<value><boolean>1</boolean></value>';
    case 'property':
      return stringOf('state');
    case 'image_name':
      return stringOf('i');
    case 'init_date':
    case 'end_date':
      return stringOf('');
    case 'str_inf':
      return stringOf('{}');
    default:
      throw new Error(`The tests know no value for the parameter ${name}: give it one here.`);
  }
}

const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
const stringOf = (text: string): string => `<value><string>${escaped(text)}</string></value>`;
const arrayOf = (items: readonly AuthItem[]): string => {
  const structs = items.map((item) => {
    const members = Object.entries(item).map(
      ([key, value]) => `<member><name>${key}</name>${stringOf(value)}</member>`,
    );
    return `<value><struct>${members.join('')}</struct></value>`;
  });
  return `<value><array><data>${structs.join('')}</data></array></value>`;
};

function callText(name: string, values: readonly string[]): string {
  const parameters = values.map((value) => `<param>${value}</param>`).join('');
  return `<?xml version="1.0"?><methodCall><methodName>${name}</methodName><params>${parameters}</params></methodCall>`;
}
