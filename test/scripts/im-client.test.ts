// SPDX-License-Identifier: Apache-2.0
// The quickstart's REST client sends what the contract asks for and understands its answers (spec rest-api 4, 6, 9).
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { ImClient, ImRefusal, publishedPort, readMachine } from '../../scripts/quickstart/im-client.js';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

describe('the REST client of the quickstart', () => {
  let server: Server;
  let client: ImClient;
  let seen: Seen[] = [];
  let answer: { status: number; body: string } = { status: 200, body: '' };

  before((done) => {
    server = createServer(async (request, response) => {
      seen.push({
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        body: await text(request),
      });
      response.writeHead(answer.status).end(answer.body);
    }).listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      client = new ImClient(
        `http://127.0.0.1:${port}`,
        'type = InfrastructureManager; username = u',
        'id = d; type = Dummy',
      );
      done();
    });
  });
  after((done) => {
    server.close(done);
  });
  beforeEach(() => {
    seen = [];
    answer = { status: 200, body: '' };
  });

  it('submits RADL as text/plain, asynchronously, and takes the id from the URI', async () => {
    answer = { status: 200, body: '{"uri":"http://127.0.0.1/infrastructures/abc-1"}' };
    expect(await client.create('deploy a 1')).to.equal('abc-1');
    expect(seen[0]).to.deep.include({ method: 'POST', url: '/infrastructures?async=true', body: 'deploy a 1' });
    expect(seen[0]?.headers).to.include({ 'content-type': 'text/plain', accept: 'application/json' });
  });

  it('joins credential lines by backslash and n', async () => {
    await client.log('x');
    expect(seen[0]?.headers.authorization).to.equal(
      'type = InfrastructureManager; username = u\\nid = d; type = Dummy',
    );
  });

  it('reads the states of the infrastructure and of its machines', async () => {
    answer = { status: 200, body: '{"state":{"state":"running","vm_states":{"0":"configured","1":"running"}}}' };
    const state = await client.state('x');
    expect(state.state).to.equal('running');
    expect([...state.vmStates]).to.deep.equal([
      ['0', 'configured'],
      ['1', 'running'],
    ]);
  });

  it('reads the machines of the infrastructure', async () => {
    answer = {
      status: 200,
      body: '{"uri-list":[{"uri":"http://h/infrastructures/x/vms/0"},{"uri":"http://h/infrastructures/x/vms/3"}]}',
    };
    expect(await client.machineIds('x')).to.deep.equal(['0', '3']);
  });

  it('tells a refusal with the status and the text of the daemon', async () => {
    answer = { status: 400, body: '{"message":"Error Creating Inf.: No cloud provider available","code":400}' };
    const refusal = await client.create('x').then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refusal).to.be.instanceOf(ImRefusal);
    expect(String(refusal)).to.contain('400: Error Creating Inf.: No cloud provider available');
  });

  it('takes an infrastructure that is gone as destroyed, but no other refusal', async () => {
    answer = { status: 404, body: 'Error Destroying Inf: Invalid infrastructure ID or access not granted.' };
    await client.destroy('x');
    answer = { status: 409, body: 'Error Destroying Inf: Invalid State to perform this operation.' };
    const refusal = await client.destroy('x').then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refusal).to.be.instanceOf(ImRefusal);
  });
});

describe('the info of a machine', () => {
  it('has its system, its addresses and the ports of the public network that it is on', () => {
    const machine = readMachine('0', {
      radl: [
        { class: 'network', id: 'other', outports: '1-1' },
        { class: 'network', id: 'public', outbound: 'yes', outports: '35001-22,8080-8000' },
        {
          class: 'system',
          id: 'front',
          'net_interface.0.connection': 'public',
          'net_interface.0.ip': '192.0.2.1',
          'net_interface.1.ip': '10.0.0.2',
        },
      ],
    });
    expect(machine).to.deep.equal({
      id: '0',
      system: 'front',
      addresses: ['192.0.2.1', '10.0.0.2'],
      outports: '35001-22,8080-8000',
    });
  });

  it('of a private machine has no ports', () => {
    expect(readMachine('1', { radl: [{ class: 'system', id: 'wn' }] }).outports).to.equal(undefined);
  });
});

describe('the host port of a service', () => {
  it('is the remote side of its mapping', () => {
    expect(publishedPort('35001-22,8080-8000', 8000)).to.equal(8080);
    expect(publishedPort('35001/tcp-22/tcp,8080/tcp-8000/tcp', 8000)).to.equal(8080);
  });

  it('is the port itself where nothing is mapped', () => {
    expect(publishedPort('22,8000', 8000)).to.equal(8000);
  });

  it('is none for a port that is not published', () => {
    expect(publishedPort('22', 8000)).to.equal(undefined);
  });
});
