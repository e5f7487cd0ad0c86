// SPDX-License-Identifier: Apache-2.0
// Around all tests with the lab: when they have ended, every service holds what it held before, and nothing else.
import { expect } from 'chai';
import { until } from '../waiting.js';
import { everything, labFile, OTHER, TENANT } from './lab.js';

let atFirst: readonly string[] = [];

const all = async (): Promise<readonly string[]> => [...(await everything(TENANT)), ...(await everything(OTHER))];

before(async () => {
  if ((process.env.IM_OPENSTACK_LAB ?? '') === '') return;
  labFile();
  atFirst = await all();
});

after(async () => {
  if ((process.env.IM_OPENSTACK_LAB ?? '') === '') return;
  let now: readonly string[] = [];
  // Volumes of deleted servers go a moment later.
  await until(
    async () => {
      now = await all();
      return now.join() === atFirst.join();
    },
    'the services to be as before',
    30_000,
  ).catch(() => {});
  const known = new Set(atFirst);
  expect(
    now.filter((text) => !known.has(text)),
    'left in the services',
  ).to.deep.equal([]);
});
