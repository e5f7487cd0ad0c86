// SPDX-License-Identifier: Apache-2.0
// The small Docker API client of set-up: addresses, errors, streams of progress, against a real HTTP server on a Unix socket.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { DockerEngine, EngineError, engineHost } from '../../scripts/quickstart/docker-engine.js';

describe('the address of the engine', () => {
  it('is DOCKER_HOST when it is set, else the usual socket', () => {
    expect(engineHost({ DOCKER_HOST: 'tcp://h:2375' })).to.equal('tcp://h:2375');
    expect(engineHost({ DOCKER_HOST: '' })).to.equal('unix:///var/run/docker.sock');
    expect(engineHost({})).to.equal('unix:///var/run/docker.sock');
  });
});

describe('the client of the engine', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'im-engine-'));
  const socket = path.join(directory, 'engine.sock');
  const engine = new DockerEngine(`unix://${socket}`);
  let server: Server;
  let answer = { status: 200, body: '' };

  before((done) => {
    server = createServer((_request, response) => {
      response.writeHead(answer.status).end(answer.body);
    }).listen(socket, done);
  });
  after((done) => {
    server.close(() => {
      rmSync(directory, { recursive: true });
      done();
    });
  });

  it('finds no problem with an engine that answers', async () => {
    answer = { status: 200, body: 'OK' };
    expect(await engine.problem()).to.equal(undefined);
  });

  it('says what is wrong with an engine that is not there', async () => {
    expect(await new DockerEngine(`unix://${directory}/none.sock`).problem()).to.contain('ENOENT');
  });

  it("gives the engine's own message of an error", async () => {
    answer = { status: 500, body: '{"message":"no space left"}' };
    const error = await engine.call({ method: 'POST', path: '/images/create' }).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(EngineError);
    expect(String(error)).to.contain('POST /images/create: no space left');
  });

  it('takes an error line in a stream that began well as a failure', async () => {
    answer = { status: 200, body: '{"status":"Pulling"}\r\n{"error":"manifest unknown","errorDetail":{}}\r\n' };
    const lines: unknown[] = [];
    const error = await engine
      .stream({ method: 'POST', path: '/images/create?fromImage=x' }, (line) => lines.push(line))
      .catch((reason: unknown) => reason);
    expect(lines).to.deep.equal([{ status: 'Pulling' }]);
    expect(String(error)).to.contain('manifest unknown');
  });

  it('knows no labels of an image that is not there', async () => {
    answer = { status: 404, body: '{"message":"No such image"}' };
    expect(await engine.imageLabels('im-node:latest')).to.equal(undefined);
  });

  it('reads the labels of an image', async () => {
    answer = { status: 200, body: '{"Id":"sha256:1","Config":{"Labels":{"a":"b"}}}' };
    expect([...((await engine.imageLabels('x')) ?? [])]).to.deep.equal([['a', 'b']]);
    expect(await engine.imageId('x')).to.equal('sha256:1');
  });
});
