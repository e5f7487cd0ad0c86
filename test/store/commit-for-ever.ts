// SPDX-License-Identifier: Apache-2.0
// A process that commits until it is killed and prints each id once commit has returned; the durability test kills it.
import { openStore } from '../../src/store/index.js';
import { silentLogger } from '../../src/util/logger.js';
import { infrastructure, vm } from './records.js';

const [, , url = '', keyFile = ''] = process.argv;
const store = await openStore({ url, keyFile, logger: silentLogger, now: Date.now });
for (let index = 0; ; index += 1) {
  const id = `killed-${index}`;
  await store.commit([
    { kind: 'insert-infrastructure', infrastructure: infrastructure(id) },
    { kind: 'insert-vm', vm: vm(id, 0) },
    { kind: 'insert-vm', vm: vm(id, 1) },
  ]);
  process.stdout.write(`${id}\n`);
}
