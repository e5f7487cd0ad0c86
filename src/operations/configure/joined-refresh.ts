// SPDX-License-Identifier: Apache-2.0
// Asking providers for many VMs that wait each for itself: requests that come while the providers are being asked share the next call.

/** Asks for the state of these VMs now. */
export type Refresh = (numbers: readonly number[]) => Promise<void>;

/**
 * Joins requests, so that a hundred VMs that wait for their SSH servers cost a provider one list call at a time and not a hundred.
 * @param observe asks for VMs by their numbers; one call at a time
 * @returns resolves, or rejects, with the call that has begun after the request and has its VMs
 */
export function joinedRefresh(observe: (numbers: ReadonlySet<number>) => Promise<void>): Refresh {
  let running: Promise<void> = Promise.resolve();
  let next: { readonly numbers: Set<number>; readonly done: Promise<void> } | undefined;
  return (numbers) => {
    if (next === undefined) {
      const wanted = new Set<number>();
      const done = running
        .catch(() => {}) // those who asked for it hear of it
        .then(() => {
          next = undefined;
          running = observe(wanted);
          return running;
        });
      next = { numbers: wanted, done };
    }
    for (const number of numbers) {
      next.numbers.add(number);
    }
    return next.done;
  };
}

/**
 * Joins the requests for each cloud by itself: a slow one holds up no others.
 * @param cloudsOfVms the clouds of all VMs by their numbers; asked when a number is not known yet, since a VM keeps its cloud
 */
export function joinedRefreshByCloud(
  cloudsOfVms: () => Promise<ReadonlyMap<number, string>>,
  observe: (numbers: ReadonlySet<number>) => Promise<void>,
): Refresh {
  let clouds: ReadonlyMap<number, string> = new Map();
  const refreshes = new Map<string, Refresh>();
  const refreshOf = (cloud: string): Refresh => {
    const refresh = refreshes.get(cloud) ?? joinedRefresh(observe);
    refreshes.set(cloud, refresh);
    return refresh;
  };
  return async (numbers) => {
    if (numbers.some((number) => !clouds.has(number))) {
      clouds = await cloudsOfVms();
    }
    const byCloud = new Map<string, number[]>();
    for (const number of numbers) {
      const cloud = clouds.get(number);
      // Gone meanwhile.
      if (cloud === undefined) continue;
      const group = byCloud.get(cloud) ?? [];
      group.push(number);
      byCloud.set(cloud, group);
    }
    await Promise.all([...byCloud].map(([cloud, group]) => refreshOf(cloud)(group)));
  };
}
