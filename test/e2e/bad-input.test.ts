// SPDX-License-Identifier: Apache-2.0
// Requests that are wrong, too long, or of somebody else: each gets a clear answer, changes nothing, and the daemon goes on.
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { isRecord, member } from '../../scripts/quickstart/json.js';
import { type RequestParts, type RestUser, TestDaemon, userLine } from '../support/daemon.js';
import { PythonXmlRpc } from '../support/python-xmlrpc.js';

const DUMMY_LINE = 'id = dummy; type = Dummy';
const DOCUMENT = `network net (outbound = 'yes')
system node (net_interface.0.connection = 'net')
contextualize ()
deploy node 2
`;
const BODY_LIMIT = 200_000;
const NOBODYS = '01234567-89ab-4cde-8f01-23456789abcd';

/** What a request answers: status, and what its text holds. */
type Expected = readonly [status: number, text: RegExp];

describe('wrong requests', () => {
  let daemon: TestDaemon;
  let ana: RestUser;
  let ben: RestUser;
  let python: PythonXmlRpc;
  let id = '';
  let atFirst: unknown;

  const everything = async (): Promise<unknown> => {
    const texts = ['', '/state', '/radl', '/authorization', '/vms/0', '/vms/1'].map(async (path) => {
      const answer = await ana.get(`/infrastructures/${id}${path}`);
      return [path, answer.status, answer.text];
    });
    return Promise.all([...texts, ana.get('/infrastructures').then(({ text }) => text)]);
  };

  before(async () => {
    daemon = await TestDaemon.start({ MAX_REQUEST_BODY_BYTES: BODY_LIMIT });
    ana = daemon.user(userLine('ana'), DUMMY_LINE);
    ben = daemon.user(userLine('ben'), DUMMY_LINE);
    python = new PythonXmlRpc(`http://127.0.0.1:${daemon.xmlrpcPort}`);
    id = await ana.create(DOCUMENT);
    await ana.reaches(id, 'configured');
    atFirst = await everything();
  });
  after(async () => {
    python?.close();
    await daemon?.remove();
  });
  afterEach('nothing has changed and nothing went wrong inside', async () => {
    expect(await everything()).to.deep.equal(atFirst);
    expect(daemon.log()).to.not.match(/Uncaught|Unhandled|unexpectedly/);
    expect((await daemon.user().get('/ready')).status).to.equal(200);
  });

  describe('that cannot be read', () => {
    const document = (body: string | Uint8Array, type = 'text/plain'): RequestParts => ({ body, type });
    const DEEP = 100_000;
    const onCreate: readonly (readonly [name: string, parts: RequestParts, expected: Expected])[] = [
      ['an open parenthesis', document('system a ('), [400, /^Error parsing request body: Parse error at the end/]],
      ['a misspelt word', document('sytem a ()'), [400, /^Error parsing request body: Line 1: .*'sytem'/]],
      ['no text at all', document(Uint8Array.of(0xff, 0xfe, 0x00)), [400, /not valid UTF-8/]],
      [
        'half of a JSON document',
        document('[{"class": "system"', 'application/json'),
        [400, /parsing request body: ./],
      ],
      ['JSON that is no document', document('[[1]]', 'application/json'), [400, /^Error parsing request body: ./]],
      ['JSON without end', document('['.repeat(DEEP), 'application/json'), [400, /^Error parsing request body: ./]],
      ['parentheses without end', document('('.repeat(DEEP)), [400, /^Error parsing request body: ./]],
      ['broken YAML', document('tosca_definitions_version: [', 'text/yaml'), [400, /^Error parsing .*TOSCA/]],
      ['another media type', document('a=b', 'application/x-www-form-urlencoded'), [415, /Unsupported Media Type/]],
      ['a deploy of nothing', document('deploy a 1'), [400, /^Error Creating Inf\.: ./]],
      ['a cloud that was not given', document(`${DOCUMENT}deploy node 1 other`), [400, /cloud with ID: other/]],
    ];
    for (const [name, parts, [status, text]] of onCreate) {
      it(`refuses ${name}`, async () => {
        const answer = await ana.call('POST', '/infrastructures', parts);
        expect([answer.status, answer.text]).to.satisfy(() => answer.status === status && text.test(answer.text));
        expect(answer.text.length).to.be.lessThan(2000);
      });
    }

    it('refuses wrong flags and lists, naming them', async () => {
      for (const [method, path, text] of [
        ['POST', '/infrastructures?async=perhaps', /^Incorrect value in async parameter/],
        ['DELETE', `/infrastructures/${id}?force=`, /^Incorrect value in force parameter/],
        ['PUT', `/infrastructures/${id}/reconfigure?vm_list=1,x`, /^Incorrect vm_list format\.$/],
        ['GET', '/infrastructures?filter=%5B', /^Error Getting Inf\. List: ./],
        ['GET', '/stats?init_date=yesterday', /^Incorrect format in init_date parameter: YYYY\/MM\/dd$/],
        ['GET', '/clouds/dummy/images?filters=a', /^Invalid format in filters parameter\.$/],
        ['GET', '/infrastructures/%E0%A4%A', /not properly encoded/],
      ] as const) {
        const answer = await ana.call(method, path, method === 'POST' ? document(DOCUMENT) : {});
        expect([answer.status, answer.text], path).to.satisfy(() => answer.status === 400 && text.test(answer.text));
      }
    });

    it('refuses credentials that are missing or malformed', async () => {
      for (const header of [
        '',
        ' ',
        'Basic !',
        '[{"type": "InfrastructureManager"',
        'type = Dummy',
        'x'.repeat(9000),
      ]) {
        const answer = await daemon.user(header).get('/infrastructures');
        expect([answer.status, answer.text.length > 10], header.slice(0, 40)).to.deep.equal([401, true]);
        expect(answer.text).to.not.contain('xxxx');
      }
    });

    it('refuses answers in a form that it does not have, before it does anything', async () => {
      const answer = await ana.post('/infrastructures', DOCUMENT, { accept: 'image/png' });
      expect([answer.status, answer.text]).to.deep.equal([415, 'Unsupported Accept Media Types: image/png']);
    });

    it('refuses bodies and headers that are too long', async () => {
      const long = `# ${'x'.repeat(BODY_LIMIT)}\n${DOCUMENT}`;
      const body = await ana.post('/infrastructures', long);
      expect([body.status, body.text]).to.deep.equal([
        413,
        `The request body is larger than ${BODY_LIMIT} bytes (option MAX_REQUEST_BODY_BYTES).`,
      ]);
      const header = await daemon.user('x'.repeat(1_200_000)).get('/infrastructures');
      expect(header.status).to.equal(431);
      const packed = await fetch(`http://127.0.0.1:${daemon.xmlrpcPort}/RPC2`, {
        method: 'POST',
        headers: { 'Content-Encoding': 'gzip' },
        body: gzipSync(' '.repeat(50_000_000)),
      });
      expect(packed.status).to.equal(413);
    });

    it('answers what is no HTTP and goes on', async () => {
      const answer = await new Promise<string>((resolve, reject) => {
        const socket = connect(daemon.restPort, '127.0.0.1', () => socket.write('\x16\x03\x01 hello\r\n\r\n'));
        let text = '';
        socket.setEncoding('latin1');
        socket.on('data', (chunk) => {
          text += chunk;
        });
        socket.on('end', () => resolve(text));
        socket.on('error', reject);
      });
      expect(answer).to.match(/^HTTP\/1\.1 400 Bad Request/);
    });

    it('answers XML that is none, or hostile, with a fault', async () => {
      const call = async (body: string): Promise<readonly [number, string]> => {
        const answer = await fetch(`http://127.0.0.1:${daemon.xmlrpcPort}/RPC2`, { method: 'POST', body });
        return [answer.status, await answer.text()];
      };
      const entities = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>';
      for (const body of [
        '',
        'hello',
        '<methodCall>',
        `${entities}<methodCall><methodName>GetVersion</methodName></methodCall>`,
        '<methodCall><methodName>GetVersion</methodName><params><param><value><int>x</int></value></param></params></methodCall>',
        `<methodCall>${'<a>'.repeat(20_000)}`,
      ]) {
        const [status, text] = await call(body);
        expect([status, text], body.slice(0, 60)).to.satisfy(() => status === 200 && /<fault>/.test(text));
      }
    });
  });

  describe('for what does not exist', () => {
    it('are told so by the right status', async () => {
      for (const [method, path, status, text] of [
        ['GET', '/nowhere', 404, 'Not Found'],
        ['PATCH', `/infrastructures/${id}`, 400, /^Error parsing request body: the body is empty/],
        ['PATCH', `/infrastructures/${id}/vms/0`, 405, 'Method Not Allowed'],
        ['GET', `/infrastructures/${id}/revisions/9`, 404, /There is no revision 9 .*: it has 1 to 1/],
        ['GET', `/infrastructures/${id}/operations/x`, 404, /Operation not found in this infrastructure/],
        ['PUT', `/infrastructures/${id}/operations/x/cancel`, 404, /Operation not found in this infrastructure/],
        ['GET', `/infrastructures/${NOBODYS}`, 404, /^Error Getting Inf\. info: Invalid infrastructure ID/],
        ['GET', `/infrastructures/..%2F..%2Fetc`, 404, /Invalid infrastructure ID/],
        ['GET', `/infrastructures/${id}/colour`, 404, 'Incorrect infrastructure property'],
        ['PUT', `/infrastructures/${id}/explode`, 404, 'Operation not found'],
        ['GET', `/infrastructures/${id}/vms/9`, 404, 'Error Getting VM. info: Invalid VM ID'],
        ['GET', `/infrastructures/${id}/vms/abc`, 404, 'Error Getting VM. info: Invalid VM ID'],
        ['GET', `/infrastructures/${id}/vms/-1`, 404, 'Error Getting VM. info: Invalid VM ID'],
        ['GET', `/infrastructures/${id}/vms/0/colour`, 404, 'Incorrect property colour for VM ID 0'],
        ['DELETE', `/infrastructures/${id}/vms/0,9`, 404, 'Error Removing resources: Invalid VM ID'],
        ['PUT', `/infrastructures/${id}/vms/9/stop`, 404, 'Error in stop op in VM: Invalid VM ID'],
        ['PUT', `/infrastructures/${id}/vms/0/disks/x/snapshot?image_name=a`, 400, /disk number/],
        ['PUT', `/infrastructures/${id}/vms/0/disks/0/snapshot`, 400, 'Parameter image_name required.'],
        ['GET', '/clouds/none/quotas', 400, 'Error getting cloud info: Cloud ID none not found.'],
      ] as const) {
        const answer = await ana.call(method, path);
        const isRight = typeof text === 'string' ? answer.text === text : text.test(answer.text);
        expect([path, answer.status, answer.text]).to.satisfy(() => answer.status === status && isRight);
      }
    });
  });

  describe('of somebody else', () => {
    const NEW_OWNER = '{"username": "eve", "password": "x"}';
    /** What routes take, where it is no new owner. */
    const JSON_BODIES: Readonly<Record<string, string>> = {
      'patch /infrastructures/{infId}': '{"desiredState": "STOPPED"}',
      'put /infrastructures/{infId}/adopt': '{"cloud": "dummy", "machine": "m", "system": "node"}',
    };

    interface Operation {
      readonly method: string;
      readonly path: string;
      readonly parts: RequestParts;
    }

    /** Every route with an infrastructure in its path, from the description that the daemon gives of itself. */
    async function operationsOn(infrastructure: string, vm: string): Promise<readonly Operation[]> {
      const paths = (await daemon.user().get('/openapi.json')).json('paths');
      const inPath: Readonly<Record<string, string>> = {
        infId: infrastructure,
        vmId: vm,
        property: 'state',
        diskNum: '0',
        revision: '1',
        operationId: '1',
      };
      return Object.entries(isRecord(paths) ? paths : {})
        .filter(([path]) => path.includes('{infId}'))
        .flatMap(([path, methods]) =>
          Object.entries(isRecord(methods) ? methods : {}).map(([method, description]) => {
            const parameters = member(description, 'parameters');
            const required = (Array.isArray(parameters) ? parameters : [])
              .filter((parameter) => member(parameter, 'in') === 'query' && member(parameter, 'required') === true)
              .map((parameter) => `${String(member(parameter, 'name'))}=x`);
            const filled = path.replace(/\{(\w+)\}/g, (whole, name: string) => inPath[name] ?? whole);
            const types = member(description, 'requestBody', 'content');
            const isDocument = isRecord(types) && 'text/plain' in types;
            const body = isDocument
              ? { body: 'system node ()' }
              : isRecord(types)
                ? { body: JSON_BODIES[`${method} ${path}`] ?? NEW_OWNER, type: 'application/json' }
                : {};
            return {
              method: method.toUpperCase(),
              path: required.length > 0 ? `${filled}?${required.join('&')}` : filled,
              parts: body,
            };
          }),
        );
    }

    it('are refused on every route, and learn nothing about the machines', async () => {
      const operations = [...(await operationsOn(id, '0')), ...(await operationsOn(id, '99'))];
      expect(operations.length).to.be.greaterThan(36);
      for (const { method, path, parts } of operations) {
        expect(path).to.not.contain('{');
        const answer = await ben.call(method, path, parts);
        expect([method, path, answer.status, answer.text.replace(/^Error [^:]*: /, '')]).to.deep.equal([
          method,
          path,
          403,
          'Access to this infrastructure not granted.',
        ]);
      }
    });

    it('are refused with the right name and a wrong password as well', async () => {
      const impostor = daemon.user('type = InfrastructureManager; username = ana; password = guess', DUMMY_LINE);
      for (const { method, path, parts } of await operationsOn(id, '0')) {
        expect([method, path, (await impostor.call(method, path, parts)).status]).to.deep.equal([method, path, 403]);
      }
    });

    it('cannot tell by the answer whether an unknown id is free', async () => {
      for (const { method, path, parts } of await operationsOn(NOBODYS, '0')) {
        expect([method, path, (await ben.call(method, path, parts)).status]).to.deep.equal([method, path, 404]);
      }
    });

    it('are not listed', async () => {
      expect((await ben.get('/infrastructures')).text).to.equal('');
      expect((await ben.get('/stats')).json('stats')).to.deep.equal([]);
    });

    it('are refused over XML-RPC', async () => {
      const auth = [{ type: 'InfrastructureManager', username: 'ben', password: 'password of ben' }];
      const calls: readonly (readonly [method: string, ...params: readonly unknown[]])[] = [
        ['GetInfrastructureInfo', id, auth],
        ['GetInfrastructureState', id, auth],
        ['GetInfrastructureContMsg', id, auth],
        ['GetInfrastructureRADL', id, auth],
        ['GetInfrastructureOwners', id, auth],
        ['ChangeInfrastructureAuth', id, auth, true, auth],
        ['GetVMInfo', id, 0, auth],
        ['GetVMProperty', id, 0, 'state', auth],
        ['GetVMContMsg', id, 0, auth],
        ['AlterVM', id, 0, 'system node ()', auth],
        ['AddResource', id, 'system node ()\ndeploy node 1', auth],
        ['RemoveResource', id, '0', auth],
        ['StartVM', id, 0, auth],
        ['StopVM', id, 0, auth],
        ['RebootVM', id, 0, auth],
        ['StartInfrastructure', id, auth],
        ['StopInfrastructure', id, auth],
        ['Reconfigure', id, '', auth],
        ['ExportInfrastructure', id, true, auth],
        ['CreateDiskSnapshot', id, 0, 0, 'x', false, auth],
        ['DestroyInfrastructure', id, auth, true],
      ];
      for (const [method, ...params] of calls) {
        expect([method, await python.refusal(method, ...params)]).to.deep.equal([
          method,
          'Access to this infrastructure not granted.',
        ]);
      }
    });
  });
});
