// SPDX-License-Identifier: Apache-2.0
// Where and how a runtime is found and installed on the control node of a run (contextualization.md §24.3).
import type { RuntimeTarget } from '../runtime/index.js';
import type { ControlLink } from './control-link.js';
import type { RunContext } from './run-context.js';

/** Does something with the runtime of the control node; it begins again when the connection is lost meanwhile. */
export async function onRuntime<T>(
  context: RunContext,
  link: ControlLink,
  task: (target: RuntimeTarget) => Promise<T>,
): Promise<T> {
  const { settings } = context.environment;
  const { options } = (await context.ports.radl()).contextualize;
  return link.use(context.signal, (connection) =>
    task({
      connection,
      remoteConfDir: settings.remoteConfDir,
      infrastructureId: context.run.infrastructureId,
      bundleDir: settings.runtimeBundleDir,
      ansibleVersion: versionText(options?.getValue('ansible_version')),
      timeoutMs: settings.ansibleInstallTimeoutMs,
      signal: context.signal,
    }),
  );
}

/** Unquoted in a document, `9.5` is a number. */
const versionText = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';
