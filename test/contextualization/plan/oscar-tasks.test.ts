// SPDX-License-Identifier: Apache-2.0
// Tests the shipped tasks that manage services of an OSCAR cluster, against an HTTP server that notes the calls.
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { ansiblePlaybook, needAnsible, workDirectory } from './local-ansible.js';

const TASKS = new URL('../../../contextualization/utils/tasks', import.meta.url).pathname;

describe('shipped OSCAR tasks', function () {
  this.timeout(120_000);
  const calls: string[] = [];
  const services = new Map<string, unknown>();
  let server: Server;
  let directory: Awaited<ReturnType<typeof workDirectory>>;

  before(async function () {
    needAnsible(this);
    directory = await workDirectory();
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const name = request.url?.split('/')[3];
      const user = Buffer.from(request.headers.authorization?.split(' ')[1] ?? '', 'base64').toString();
      calls.push(`${request.method} ${request.url} ${user}`);
      if (name === undefined) {
        const service = JSON.parse(Buffer.concat(chunks).toString()) as { name: string };
        services.set(service.name, service);
      }
      const isMissing = name !== undefined && !services.has(name);
      if (request.method === 'DELETE' && name !== undefined) services.delete(name);
      response
        .writeHead(isMissing ? 404 : request.method === 'POST' ? 201 : request.method === 'GET' ? 200 : 204)
        .end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  after(async () => {
    await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
    await directory?.remove();
  });

  async function include(file: string, variables: Record<string, unknown>): Promise<void> {
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const vars = { oscar_endpoint: endpoint, oscar_username: 'oscar', oscar_password: 'pw', ...variables };
    const play = [{ hosts: 'localhost', gather_facts: false, tasks: [{ include_tasks: join(TASKS, file), vars }] }];
    await writeFile(join(directory.path, 'play.yml'), JSON.stringify(play));
    await writeFile(join(directory.path, 'hosts'), 'localhost ansible_connection=local\n');
    calls.length = 0;
    const { lines, exitCode } = await ansiblePlaybook(directory.path, ['play.yml'], { no_proxy: '127.0.0.1' });
    expect(exitCode, lines.join('\n')).to.equal(0);
  }

  it('create a service, update it when it is there, and remove it', async () => {
    await include('oscar_function.yml', { oscar_service_json: JSON.stringify({ name: 'plants', cpu: '1' }) });
    expect(calls).to.deep.equal(['GET /system/services/plants oscar:pw', 'POST /system/services oscar:pw']);
    await include('oscar_function.yml', { oscar_service_json: { name: 'plants', cpu: '2' } });
    expect(calls[1]).to.equal('PUT /system/services oscar:pw');
    expect(services.get('plants')).to.deep.equal({ name: 'plants', cpu: '2' });
    await include('del_oscar_function.yml', { oscar_service_name: 'plants' });
    expect(services.size).to.equal(0);
    await include('del_oscar_function.yml', { oscar_service_name: 'plants' });
    expect(calls).to.deep.equal(['DELETE /system/services/plants oscar:pw']);
  });
});
