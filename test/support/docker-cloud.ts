// SPDX-License-Identifier: Apache-2.0
// The container engine as tests of the whole daemon see it: the machines of an infrastructure, commands in them, and what is left of it.
import { isRecord, member } from '../../scripts/quickstart/json.js';
import { testEngine } from './peers.js';

const engine = testEngine();

/** Credential line of the engine that tests use. */
export const DOCKER_LINE = `id = docker; type = Docker; host = ${engine.host}`;

/** Image of the nodes, as RADL names it. */
export const DOCKER_IMAGE = 'docker://im-node:latest';

/** A container of an infrastructure. */
export interface Machine {
  readonly id: string;
  /** VM number. */
  readonly vm: string;
  /** Launch token: no two machines may have the same. */
  readonly token: string;
  readonly state: string;
}

async function listOf(path: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const list = await engine.callJson({ method: 'GET', path });
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

const filterOf = (infrastructure: string): string =>
  encodeURIComponent(JSON.stringify({ label: [`im.inf=${infrastructure}`] }));

/** Containers of an infrastructure, stopped ones too, by VM number. */
export async function machinesOf(infrastructure: string): Promise<readonly Machine[]> {
  const containers = await listOf(`/containers/json?all=1&filters=${filterOf(infrastructure)}`);
  return containers
    .map((container) => ({
      id: String(container.Id),
      vm: String(member(container, 'Labels', 'im.vm')),
      token: String(member(container, 'Labels', 'im.launch')),
      state: String(container.State),
    }))
    .sort((one, other) => Number(one.vm) - Number(other.vm));
}

/** The container of a VM. */
export async function machineOf(infrastructure: string, vm: string): Promise<Machine> {
  const found = (await machinesOf(infrastructure)).find((machine) => machine.vm === vm);
  if (found === undefined) throw new Error(`VM ${vm} of ${infrastructure} has no container`);
  return found;
}

/** Networks of an infrastructure. */
export async function networksOf(infrastructure: string): Promise<readonly string[]> {
  return (await listOf(`/networks?filters=${filterOf(infrastructure)}`)).map(({ Name }) => String(Name));
}

/** Runs a shell command in a container. @returns what it printed. Fails when it does. */
export async function execIn(container: string, command: string): Promise<string> {
  const created = await engine.callJson({
    method: 'POST',
    path: `/containers/${container}/exec`,
    body: { Cmd: ['/bin/sh', '-c', command], AttachStdout: true, AttachStderr: true, Tty: true },
  });
  const id = String(member(created, 'Id'));
  const body = { Detach: false, Tty: true };
  const output = (await engine.call({ method: 'POST', path: `/exec/${id}/start`, body })).replaceAll('\r\n', '\n');
  const code = member(await engine.callJson({ method: 'GET', path: `/exec/${id}/json` }), 'ExitCode');
  if (code !== 0) throw new Error(`${command} ended with ${String(code)} in ${container.slice(0, 12)}: ${output}`);
  return output;
}

/** Whether a file exists in a container. */
export async function hasFile(container: string, path: string): Promise<boolean> {
  return (await execIn(container, `test -e ${path} && echo yes || echo no`)).trim() === 'yes';
}

/** Kills and removes a container behind the daemon's back. */
export async function removeMachine(container: string): Promise<void> {
  await engine.ignoring([404, 409], { method: 'DELETE', path: `/containers/${container}?force=true&v=true` });
}

/** Removes what a failed test has left of infrastructures. */
export async function sweep(infrastructures: Iterable<string>): Promise<void> {
  for (const infrastructure of infrastructures) {
    for (const { id } of await machinesOf(infrastructure)) await removeMachine(id);
    for (const network of await networksOf(infrastructure)) {
      await engine.ignoring([403, 404, 409], { method: 'DELETE', path: `/networks/${network}` });
    }
  }
}
