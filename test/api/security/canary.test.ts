// SPDX-License-Identifier: Apache-2.0
// Secrets stay where they belong: every route with every kind of credential, and then a look into logs, errors, metrics and the journal.
import { expect } from 'chai';
import type { LogFields, Logger } from '../../../src/util/logger.js';
import { MemoryCloud } from '../../support/memory-cloud.js';
import { demolish, type House, startHouse } from '../../support/operations-house.js';
import { type RestService, request, startRest } from '../rest/rest-service.js';

const SECRETS = ['CANARY-im', 'CANARY-cloud', 'CANARY-vm', 'CANARY-key', 'CANARY-token', 'CANARY-owner'];
const AUTHORIZATION = [
  'type = InfrastructureManager; username = ana; password = CANARY-im',
  'id = mem; type = Memory; username = c; password = CANARY-cloud; private_key = CANARY-key',
].join('\\n');

const DOCUMENT = `network pub (outbound = 'yes')
system node (
  net_interface.0.connection = 'pub' and
  disk.0.image.url = 'mem://1' and
  disk.0.os.credentials.username = 'ubuntu' and
  disk.0.os.credentials.password = 'CANARY-vm'
)
deploy node 1
`;

/** Keeps every line of every level with all its fields, before any redaction. */
function keepingLogger(lines: string[], fixed: LogFields = {}): Logger {
  const keep = (message: string, fields: LogFields = {}): void => {
    const shown = Object.values({ ...fixed, ...fields }).map((value) =>
      value instanceof Error ? `${value.stack} ${JSON.stringify(value)} ${String(value.cause)}` : JSON.stringify(value),
    );
    lines.push(`${message} ${shown.join(' ')}`);
  };
  return {
    debug: keep,
    info: keep,
    warn: keep,
    error: keep,
    child: ({ fields = {} }) => keepingLogger(lines, { ...fixed, ...fields }),
  };
}

const leaksIn = (text: string): readonly string[] => SECRETS.filter((secret) => text.includes(secret));

describe('secrets', () => {
  const lines: string[] = [];
  const labels: string[] = [];
  const refusals: string[] = [];
  let bundle = '';
  let cloud: MemoryCloud;
  let house: House;
  let service: RestService;

  const call = async (method: string, path: string, headers: Record<string, string> = {}, body?: string) => {
    const answer = await request(service.base, method, path, { Authorization: AUTHORIZATION, ...headers }, body);
    if (answer.status >= 400) refusals.push(`${method} ${path} ${answer.body} ${JSON.stringify(answer.headers)}`);
    return answer;
  };

  before(async () => {
    cloud = new MemoryCloud();
    const logger = keepingLogger(lines);
    house = await startHouse({ types: [cloud.connectorType()], logger });
    const metrics = {
      contentType: '',
      render: async () => '',
      observeHttpRequest: (labelled: object) => void labels.push(JSON.stringify(labelled)),
    };
    service = await startRest({}, { manager: house.manager, logger, metrics });
    const created = await call('POST', '/infrastructures', { 'Idempotency-Key': 'k' }, DOCUMENT);
    const path = `/infrastructures/${created.headers.infid}`;
    const json = { 'Content-Type': 'application/json' };
    const owner = '{"username": "eva", "password": "CANARY-owner"}';

    for (const property of ['', '/state', '/radl', '/contmsg', '/data', '/tosca', '/authorization', '/operations']) {
      await call('GET', path + property);
    }
    for (const property of ['', '/contmsg', '/command', '/command?step=2', '/state', '/none']) {
      await call('GET', `${path}/vms/0${property}`);
    }
    await call('POST', `${path}/authorization`, json, owner);
    await call('POST', `${path}/authorization`, json, `${owner}x`);
    await call('POST', `${path}/authorization`, json, '{"token": "CANARY-token"}');
    await call('PUT', `${path}/vms/0`, {}, DOCUMENT);
    await call('PUT', `${path}/vms/0/disks/0/snapshot?image_name=i`);
    await call('PUT', `${path}/reconfigure`, {}, DOCUMENT);
    cloud.launchFailure = () => 'the cloud says no';
    await call('POST', path, {}, DOCUMENT);
    cloud.destroyFailure = () => 'the cloud says no again';
    await call('DELETE', `${path}/vms/0`);
    await call('GET', `${path}/failures`);
    bundle = (await call('GET', `${path}/failures/bundle`)).body;

    const bad = [
      `${AUTHORIZATION}\\ntype = Memory; password = 'CANARY-cloud`,
      '[{"type": "InfrastructureManager", "password": "CANARY-im"',
      '[{"type": "InfrastructureManager", "password": {"a": "CANARY-im"}}]',
      `Basic ${Buffer.from('ana').toString('base64')}`,
      'Bearer CANARY-token',
      'type = InfrastructureManager; token = CANARY-token',
      'CANARY-im',
    ];
    for (const authorization of bad) await call('GET', path, { Authorization: authorization });
    await call('POST', '/infrastructures', {}, DOCUMENT.replace("'CANARY-vm'", "'CANARY-vm' 'CANARY-key'"));
    await call('POST', '/infrastructures', json, '[{"class": "system", "id": "a", "password": "CANARY-vm"');
    await call('POST', '/infrastructures', { 'Content-Type': 'text/yaml' }, 'a: {b: CANARY-vm\n');
    await call('PUT', '/infrastructures', json, '{"auth": "CANARY-owner"');
    await call('GET', `/infrastructures/CANARY-im/vms/CANARY-vm?limit=CANARY-im`);
  });
  after(async () => {
    await service.stop();
    await demolish(house);
  });

  it('are in no log line, whatever its level', () => {
    expect(lines.length).to.be.greaterThan(30);
    expect(lines.filter((line) => leaksIn(line).length > 0)).to.deep.equal([]);
  });

  it('are in no error but those that repeat what the path says', () => {
    expect(refusals.length).to.be.greaterThan(10);
    const leaking = refusals.filter(
      (refusal) => !refusal.startsWith('GET /infrastructures/CANARY') && leaksIn(refusal).length > 0,
    );
    expect(leaking).to.deep.equal([]);
  });

  it('are not in the failure bundle', async () => {
    expect(bundle).to.contain('"format":1');
    expect(leaksIn(bundle)).to.deep.equal([]);
  });

  it('are in no label of a metric', () => {
    expect(leaksIn(labels.join('\n'))).to.deep.equal([]);
  });

  it('are gone from the journal when an operation has ended', async () => {
    const operations = await house.store.listOperations({});
    const ended = operations.filter(({ finishedAt }) => finishedAt !== null);
    expect(ended.length).to.be.greaterThan(2);
    expect(leaksIn(JSON.stringify(ended.map(({ credentials, error }) => [credentials, error])))).to.deep.equal([]);
  });
});
