// SPDX-License-Identifier: Apache-2.0
// A process that lets objects of the SQLite driver be collected from the event loop, where no JavaScript runs. Argument: the module of the driver.
const { Sqlite } = await import(process.argv[2]);

const ROUNDS = 200;
const STATEMENTS = 200;
const GARBAGE = 20_000;
const database = new Sqlite(':memory:');
let round = 0;

function next() {
  for (let index = 0; index < STATEMENTS; index += 1) database.prepare(`SELECT ${index}`).get();
  new Sqlite(':memory:');
  // What makes the collector run.
  Array.from({ length: GARBAGE }, (_, index) => ({ index }));
  round += 1;
  if (round < ROUNDS) setImmediate(next);
  else console.log('alive');
}
next();
