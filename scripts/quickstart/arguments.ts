// SPDX-License-Identifier: Apache-2.0
// The command line of the quickstart program, which scripts/quickstart.sh calls after its set-up.

/** What is asked for. */
export type Request =
  | { readonly kind: 'run'; readonly machines: 'docker' | 'hosts' }
  | { readonly kind: 'clean-up'; readonly destroy: boolean; readonly stop: boolean };

/** @throws Error that names the argument and what is allowed. */
export function parseArguments(argv: readonly string[]): Request {
  let machines: 'docker' | 'hosts' = 'docker';
  let destroy = false;
  let stop = false;
  for (const argument of argv) {
    if (argument === '--docker') machines = 'docker';
    else if (argument === '--hosts') machines = 'hosts';
    else if (argument === '--destroy') destroy = true;
    else if (argument === '--stop') stop = true;
    else throw new Error(`unknown argument ${argument}: --docker, --hosts, --destroy and --stop are known`);
  }
  return destroy || stop ? { kind: 'clean-up', destroy, stop } : { kind: 'run', machines };
}
