// SPDX-License-Identifier: Apache-2.0
// How a connector launches and observes many machines on a cloud that takes its time: the launch should take VMs / parallel calls, the
// observation one list call. A cloud takes part by an entry in CLOUDS.
import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { cloudsOf } from '../src/auth/clouds.js';
import {
  builtInConnectorTypes,
  type CloudConnector,
  createConnectorRegistry,
  type VmReference,
} from '../src/connectors/index.js';
import { launchToken } from '../src/domain/index.js';
import { parseRadl, Radl } from '../src/radl/index.js';
import { silentLogger } from '../src/util/logger.js';
import { connectorEnvironment } from '../test/connectors/support.js';
import { row } from './measure.js';

const VMS = 50;
/** Time that the cloud takes for each create call of a machine. */
const CREATE_MS = 1_000;

/** A cloud that counts its calls. */
interface SlowCloud {
  readonly name: string;
  /** Starts the stand-in. @param onCall is told of every call, as `METHOD path` */
  start(onCall: (call: string) => void): Promise<{
    readonly item: Readonly<Record<string, string>>;
    readonly radl: string;
    readonly isCreateCall: (call: string) => boolean;
    close(): Promise<void>;
  }>;
}

const CLOUDS: readonly SlowCloud[] = [{ name: 'OpenStack', start: startSlowOpenStack }];

/** See the top of the file. */
export async function benchConnectorBatching(): Promise<void> {
  row('cloud', 'VMs', 'launch s', 'create calls at once', 'calls per VM', 'observe ms', 'observe calls');
  for (const slow of CLOUDS) {
    const calls: string[] = [];
    const cloud = await slow.start((call) => calls.push(call));
    try {
      const connector = connect(cloud.item);
      const start = performance.now();
      const vms = await launch(connector, cloud.radl);
      const launchMs = performance.now() - start;
      const launchCalls = calls.splice(0);
      const observeStart = performance.now();
      await connector.observe(vms, new AbortController().signal);
      const creates = launchCalls.filter(cloud.isCreateCall).length;
      row(
        slow.name,
        vms.length,
        launchMs / 1000,
        (creates * CREATE_MS) / launchMs,
        launchCalls.length / vms.length,
        performance.now() - observeStart,
        calls.length,
      );
    } finally {
      await cloud.close();
    }
  }
}

function connect(item: Readonly<Record<string, string>>): CloudConnector {
  const [cloud] = cloudsOf([item]);
  if (cloud === undefined) throw new Error('the item names no cloud');
  return createConnectorRegistry(connectorEnvironment({}, silentLogger), builtInConnectorTypes).connect(cloud);
}

async function launch(connector: CloudConnector, text: string): Promise<readonly VmReference[]> {
  const { signal } = new AbortController();
  // As the engine does: every call of the launch listens to it.
  setMaxListeners(Number.POSITIVE_INFINITY, signal);
  const radl = parseRadl(text);
  const [system] = radl.systems;
  if (system === undefined) throw new Error('the document has no system');
  const { candidates, refusals } = await connector.candidates(system, signal);
  const [candidate] = candidates;
  if (candidate === undefined) throw new Error(refusals.join('; '));
  const concrete = Radl.empty();
  for (const network of radl.networks) concrete.add(network);
  concrete.add(candidate.system);
  const infrastructureId = randomUUID();
  const outcomes = connector.launch({
    infrastructureId,
    username: 'bench',
    serviceUrl: '',
    concrete,
    requested: radl,
    vms: Array.from({ length: VMS }, (_, number) => ({ number, token: launchToken(infrastructureId, number, 1) })),
    resources: { record: async (_resource, create) => create() },
    signal,
  });
  const vms: VmReference[] = [];
  for await (const outcome of outcomes) {
    if (!outcome.ok) throw new Error(outcome.message);
    const { number, providerId, info, extra = {}, cloudState } = outcome;
    vms.push({ infrastructureId, number, providerId, info, requested: radl, extra, cloudState });
  }
  return vms;
}

/** Just enough of Keystone, Nova, Neutron and Glance behind one port; correctness is the lab's business (test/openstack). */
async function startSlowOpenStack(onCall: (call: string) => void): ReturnType<SlowCloud['start']> {
  const servers: object[] = [];
  let made = 0;
  let origin = '';
  const answer = async (
    method: string,
    path: string,
    body: Record<string, Record<string, unknown>>,
  ): Promise<unknown> => {
    const made_id = (key: string, more: object): unknown => ({ [key]: { id: `id-${++made}`, ...more } });
    switch (`${method} ${path}`) {
      case 'POST /v3/auth/tokens':
        return {
          token: {
            expires_at: new Date(Date.now() + 3_600_000).toISOString(),
            project: { id: 'p' },
            catalog: ['compute', 'network', 'image'].map((type) => ({
              type,
              endpoints: [
                { interface: 'public', region: 'R', url: `${origin}/${type}${type === 'compute' ? '/v2.1' : ''}` },
              ],
            })),
          },
        };
      case 'GET /compute/v2.1/':
        return { version: { version: '2.90' } };
      case 'GET /compute/v2.1/flavors/detail':
        return { flavors: [{ id: 'f', name: 'small', vcpus: 1, ram: 2048, disk: 20 }] };
      case 'GET /image/v2/images/i':
        return { id: 'i', name: 'image', status: 'active' };
      case 'GET /network/v2.0/networks':
        return { networks: [{ id: 'n', name: 'private', subnets: ['s'] }] };
      case 'GET /network/v2.0/subnets':
        return { subnets: [{ id: 's', network_id: 'n', cidr: '192.168.1.0/24' }] };
      case 'POST /network/v2.0/security-groups':
        return made_id('security_group', { security_group_rules: [] });
      case 'POST /network/v2.0/security-group-rules':
        return made_id('security_group_rule', {});
      case 'POST /network/v2.0/ports':
        return made_id('port', { fixed_ips: [{ subnet_id: 's', ip_address: `192.168.1.${(made % 250) + 2}` }] });
      case 'POST /compute/v2.1/servers': {
        await pause(CREATE_MS);
        const id = `server-${++made}`;
        servers.push({ id, status: 'ACTIVE', metadata: body.server?.metadata, flavor: { original_name: 'small' } });
        return { server: { id } };
      }
      case 'GET /compute/v2.1/servers/detail':
        return { servers };
      default:
        return { [path.slice(path.lastIndexOf('/') + 1).replaceAll('-', '_')]: [] };
    }
  };
  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    let text = '';
    for await (const chunk of incoming) text += String(chunk);
    const [path = ''] = (incoming.url ?? '').split('?');
    onCall(`${incoming.method} ${path}`);
    const body = await answer(incoming.method ?? '', path, text === '' ? {} : JSON.parse(text));
    outgoing.writeHead(200, { 'content-type': 'application/json', 'x-subject-token': 't' });
    outgoing.end(JSON.stringify(body));
  };
  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    item: { type: 'OpenStack', host: origin, auth_version: '3.x_password', username: 'u', password: 'p', tenant: 't' },
    radl: `network priv ()
system node (net_interface.0.connection = 'priv' and disk.0.image.url = 'ost://127.0.0.1/i')`,
    isCreateCall: (call) => call === 'POST /compute/v2.1/servers',
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
