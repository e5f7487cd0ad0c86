// SPDX-License-Identifier: Apache-2.0
// The quickstart after its set-up: daemon, a RADL document over REST, live progress, a request to the configured service, what to do next.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { parseArguments } from './arguments.js';
import { type Daemon, ensureDaemon, findDaemon, restUrl, stopDaemon } from './daemon.js';
import { followUntilConfigured, NotConfigured } from './follow.js';
import { ImClient, type MachineInfo } from './im-client.js';
import { member } from './json.js';
import { forget, makeHome, places, readRecord, shown, writePrivate, writeRecord } from './places.js';
import { dockerScenario, hostsScenario, type Scenario } from './scenario.js';
import { requestService } from './service-check.js';
import { readStages, Stages } from './stages.js';

const WORKERS = 2;
const say = (text: string) => console.log(`    ${text}`);

async function run(scenario: Scenario): Promise<void> {
  const stages = new Stages(readStages(places.stages), Date.now, console.log);
  makeHome();
  let id = '';
  process.once('SIGINT', () => {
    console.log('\nInterrupted. What was started goes on; to clean up: npm run quickstart -- --destroy --stop');
    process.exit(130);
  });
  try {
    const daemon = await stages.run('start the daemon', () => ensureDaemon(say));
    const client = connect(daemon, scenario.credential);
    say(`it answers as version ${await client.version()}`);
    const earlier = earlierInfrastructure();
    if (earlier !== undefined) {
      await stages.run('destroy the infrastructure of the earlier run', () => destroyEarlier(client, earlier));
    }
    id = await stages.run(`submit ${shown(scenario.example)}`, async () => {
      say(`machines: ${scenario.title}`);
      const document = await scenario.prepare(say);
      const created = await client.create(document);
      writeRecord(places.infrastructureRecord, { id: created, machines: scenario.credential });
      say(`infrastructure ${created}`);
      return created;
    });
    await stages.run('launch and configure', () => followUntilConfigured(client, id, console.log));
    await stages.run('ask the service that the recipe set up', () => showResult(client, id, scenario));
    printNextSteps(daemon, id);
  } finally {
    console.log(`\nStages:\n${stages.table()}`);
  }
}

async function showResult(client: ImClient, id: string, scenario: Scenario): Promise<void> {
  const machines: MachineInfo[] = [];
  for (const vm of await client.machineIds(id)) machines.push(await client.machine(id, vm));
  for (const machine of machines) {
    const ports = machine.outports === undefined ? '' : `, ports ${machine.outports}`;
    say(`VM ${machine.id}: ${machine.system}, ${machine.addresses.join(', ')}${ports}`);
  }
  const front = machines.find((machine) => machine.system === 'front');
  if (front === undefined) throw new Error(`infrastructure ${id} has no machine of the system front`);
  const url = scenario.serviceUrl(front);
  say(`GET ${url}`);
  const answer = await requestService(url, WORKERS);
  console.log(answer.replace(/^/gm, '      '));
}

function printNextSteps(daemon: Daemon, id: string): void {
  const url = restUrl(daemon);
  const header = shown(places.header);
  console.log(`
The infrastructure ${id} is configured. Look around:
  curl -H @${header} ${url}/infrastructures
  curl -H @${header} ${url}/infrastructures/${id}/state
  curl -H @${header} ${url}/infrastructures/${id}/contmsg
  curl -H @${header} ${url}/infrastructures/${id}/radl
  curl -H @${header} ${url}/infrastructures/${id}/vms/0      (address, user and password of the machine)
Add two more workers to it (on containers):
  printf 'network private\\nsystem wn\\ndeploy wn 2\\n' | curl -H @${header} -H 'Content-Type: text/plain' --data-binary @- ${url}/infrastructures/${id}
Destroy it:        npm run quickstart -- --destroy
Stop the daemon:   npm run quickstart -- --stop`);
}

async function cleanUp(destroy: boolean, stop: boolean): Promise<void> {
  makeHome();
  const earlier = earlierInfrastructure();
  if (destroy) {
    if (earlier === undefined) console.log('There is no infrastructure of the quickstart.');
    else {
      console.log(`==> Destroying infrastructure ${earlier.id}`);
      await destroyEarlier(connect(await ensureDaemon(say), earlier.credential), earlier);
      console.log('    it is gone, with all its machines');
    }
  }
  if (!stop) return;
  const daemon = findDaemon();
  if (daemon === undefined) {
    console.log('No daemon of the quickstart is running.');
    return;
  }
  console.log(`==> Stopping the daemon (process ${daemon.pid})`);
  await stopDaemon(daemon);
  const left = earlierInfrastructure();
  if (left !== undefined) {
    console.log(
      `    infrastructure ${left.id} still runs; the next quickstart, or npm run quickstart -- --destroy, takes care of it`,
    );
  }
}

interface Earlier {
  readonly id: string;
  readonly credential: string;
}

function earlierInfrastructure(): Earlier | undefined {
  const record = readRecord(places.infrastructureRecord);
  const id = member(record, 'id');
  const credential = member(record, 'machines');
  return typeof id === 'string' && typeof credential === 'string' ? { id, credential } : undefined;
}

async function destroyEarlier(client: ImClient, earlier: Earlier): Promise<void> {
  // The earlier run may have had machines of the other kind: its own cloud credential goes with the call.
  await client.withCredential(earlier.credential).destroy(earlier.id);
  forget(places.infrastructureRecord);
  if (existsSync(places.machines)) await hostsScenario().cleanUp();
}

/** A client with this checkout's user; writes the header file that the printed curl commands use. */
function connect(daemon: Daemon, credential: string): ImClient {
  if (!existsSync(places.password)) writePrivate(places.password, randomBytes(18).toString('base64url'));
  const password = readFileSync(places.password, 'utf8').trim();
  const client = new ImClient(
    restUrl(daemon),
    `type = InfrastructureManager; username = quickstart; password = ${password}`,
    credential,
  );
  writePrivate(places.header, `Authorization: ${client.authorization}\n`);
  return client;
}

async function main(): Promise<void> {
  const request = parseArguments(process.argv.slice(2));
  if (request.kind === 'clean-up') return cleanUp(request.destroy, request.stop);
  return run(request.machines === 'hosts' ? hostsScenario() : dockerScenario(process.env));
}

try {
  await main();
} catch (error) {
  if (error instanceof NotConfigured) console.error(`\n${error.message}`);
  else console.error(`\nerror: ${error instanceof Error ? error.message : String(error)}`);
  console.error(`The daemon's log: ${shown(places.log)}`);
  process.exitCode = 1;
}
