// SPDX-License-Identifier: Apache-2.0
// One server of each kind for the whole test run, started by the first suite that needs it; suites are left out loudly without it.
import type { Context } from 'mocha';

/** A server that is started once. */
export interface SharedServer<T> {
  /**
   * For `before` hooks: skips the suite with a line on the console when there can be no server, or fails when IM_TEST_PEERS=all says
   * that there must be one.
   */
  need(context: Context): Promise<T>;
}

/** Must be called at the top of a module, where its `after` hook is one of the whole run. */
export function sharedServer<T extends { destroy(): Promise<void> }>(
  name: string,
  problem: () => string | undefined,
  start: () => Promise<T>,
): SharedServer<T> {
  let started: Promise<T> | undefined;
  after(async function () {
    this.timeout(60_000);
    await (await started?.catch(() => undefined))?.destroy();
  });
  return {
    async need(context) {
      const reason = problem();
      if (reason !== undefined) {
        const text = `${context.test?.parent?.title ?? 'a suite'} needs ${name}: ${reason}`;
        if (process.env.IM_TEST_PEERS === 'all') {
          throw new Error(text);
        }
        console.warn(`**** NOT RUN: ${text} ****`);
        context.skip();
      }
      context.timeout(120_000);
      started ??= start();
      return await started;
    },
  };
}
