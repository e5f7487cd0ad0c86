// SPDX-License-Identifier: Apache-2.0
// Ends what a run left running on the nodes, as root, on all nodes at once (contextualization.md §24.5).
import { errorText } from '../../domain/index.js';
import { isTransient, type SshConnection, shellCommand } from '../../ssh/index.js';
import { OUTER_SCRIPT } from '../bootstrap/script.js';
import type { ConfigurableVm } from '../contract.js';
import type { ControlLink } from './control-link.js';
import { controlKeys } from './control-node.js';
import { KILL_PROGRAM, KILL_SCRIPT, LIST_MARKED_PROGRAM } from './kill-programs.js';
import type { OpenLinks } from './open-links.js';
import { openProxy } from './proxy-connection.js';
import { infrastructureDir, runMark, secretsPrefix } from './remote-layout.js';
import { logIn, type RunContext } from './run-context.js';
import { loginOf, proxyOf } from './vm-access.js';

const KILL_TIMEOUT_MS = 8000;

/** As the user first, who may look into his processes, then as root, who may end them all. */
async function killOn(context: RunContext, connection: SshConnection, vm: ConfigurableVm | undefined): Promise<void> {
  const { infrastructureId, runId } = context.run;
  const mark = runMark(infrastructureId, runId);
  const directory = infrastructureDir(context.environment.settings.remoteConfDir, infrastructureId);
  const secrets = secretsPrefix(infrastructureId, runId);
  const limits = { timeoutMs: KILL_TIMEOUT_MS, signal: context.signal };
  const list = await connection.exec(shellCommand('python3', '-c', LIST_MARKED_PROGRAM, mark, directory), limits);
  const numbers = list.stdout.split(/\s+/).filter((word) => /^\d+$/.test(word));
  const password = vm && loginOf(vm, context.ansibleKey.privateKey).password;
  const lines = [password ? Buffer.from(password).toString('base64') : '-', 'begin', mark, directory, secrets];
  const asRoot = await connection.exec(shellCommand('sh', '-c', OUTER_SCRIPT, 'im', KILL_SCRIPT), {
    ...limits,
    stdin: `${[...lines, numbers.join(' ')].join('\n')}\n`,
  });
  if (asRoot.exitCode === 0) return;
  const asUser = shellCommand('python3', '-c', KILL_PROGRAM, mark, directory, secrets, ...numbers);
  const { exitCode, stderr } = await connection.exec(asUser, limits);
  if (exitCode !== 0) throw new Error(`${connection.host}: exit code ${exitCode} ${stderr.trim().slice(-200)}`);
}

/**
 * Kills the processes of the run on the control node first, so that it starts nothing more, then on the VMs that it worked on.
 * Nodes that do not answer are only noted in the daemon's log: they are being destroyed, or will end by their own time limit.
 */
export async function killRun(context: RunContext, links: OpenLinks): Promise<void> {
  const keyOf = controlKeys(await context.ports.radl());
  await Promise.all(
    links.all().map((link) => {
      const isOwn = (vm: ConfigurableVm): boolean => links.get(keyOf(vm.systemName)) === link;
      return killBehind(context, link, isOwn);
    }),
  );
}

async function killBehind(
  context: RunContext,
  link: ControlLink,
  isOwn: (vm: ConfigurableVm) => boolean,
): Promise<void> {
  const { ports, progress, environment } = context;
  const note = (where: string) => (error: unknown) => {
    const level = isTransient(error) ? 'info' : 'warn';
    environment.logger[level](`Processes on ${where} were not ended: ${errorText(error)}`, {
      infId: context.run.infrastructureId,
    });
  };
  try {
    const control = await link.connection(context.signal);
    const vms = await ports.vms();
    await killOn(
      context,
      control,
      vms.find(({ number }) => number === link.vm),
    ).catch(note('the control node'));
    await Promise.all(
      [...progress.current.connections].map(async ([number, { user, route, winrm, isBehindProxy }]) => {
        const vm = vms.find((candidate) => candidate.number === number);
        if (number === link.vm || !vm || !isOwn(vm) || winrm !== undefined) return;
        const bastion = isBehindProxy ? proxyOf(vm) : undefined;
        let proxy: SshConnection | undefined;
        try {
          proxy = bastion && (await openProxy(context, bastion));
          const { credentials } = loginOf(vm, context.ansibleKey.privateKey);
          const via = proxy ?? control;
          const connection = await logIn(context, vm, { ...route, username: user, credentials }, via, context.signal);
          try {
            await killOn(context, connection, vm);
          } finally {
            connection.close();
          }
        } catch (error) {
          note(`VM ${number}`)(error);
        } finally {
          proxy?.close();
        }
      }),
    );
  } catch (error) {
    note('the nodes')(error);
  }
}
