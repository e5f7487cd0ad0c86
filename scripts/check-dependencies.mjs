// SPDX-License-Identifier: Apache-2.0
// Says (by exit status) whether node_modules holds what package-lock.json asks for and works with this Node; plain JavaScript, as it runs before npm ci.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const root = path.resolve(process.argv[2] ?? '.');

function stale(reason) {
  console.log(`npm packages are stale: ${reason}`);
  process.exit(1);
}

function readLock(file) {
  try {
    return JSON.parse(readFileSync(path.join(root, file), 'utf8')).packages ?? {};
  } catch (error) {
    return stale(`${file}: ${error.message}`);
  }
}

const wanted = readLock('package-lock.json');
const installed = readLock('node_modules/.package-lock.json');
for (const [name, entry] of Object.entries(wanted)) {
  if (name === '') continue;
  const found = installed[name];
  // Optional packages are those of other platforms: npm leaves them out.
  if (found === undefined && (entry.optional || entry.devOptional)) continue;
  if (found === undefined) stale(`${name} is missing`);
  if (!existsSync(path.join(root, name, 'package.json'))) stale(`the folder ${name} is missing`);
  if (found.version !== entry.version || found.integrity !== entry.integrity) stale(`${name} is ${found.version}, not ${entry.version}`);
}
try {
  // A native module compiled for another major version of Node loads only after npm ci.
  // As src/store/sql/sqlite-driver.ts chooses it.
  const driver = Number(process.versions.napi) >= 10 ? 'better-sqlite3' : 'better-sqlite3-node20';
  const Database = createRequire(path.join(root, 'package.json'))(driver);
  new Database(':memory:').close();
} catch (error) {
  stale(`better-sqlite3 does not load: ${error.message.split('\n')[0]}`);
}
console.log('npm packages are up to date');
