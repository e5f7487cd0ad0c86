// SPDX-License-Identifier: Apache-2.0
// The key file: created once with mode 0600, read in two forms, refused with a reason.
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createKeyFile, readKeyFile } from '../../src/store/key-file.js';
import { rejection } from './rejection.js';

describe('Key file', () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'im-key-'));
    path = join(directory, 'inf.dat.key');
  });

  afterEach(() => rm(directory, { recursive: true }));

  it('is absent at first', async () => {
    expect(await readKeyFile(path)).to.equal(undefined);
  });

  it('is created for its user alone and read again', async () => {
    const key = await createKeyFile(path);
    expect(key).to.have.length(32);
    expect((await stat(path)).mode & 0o777).to.equal(0o600);
    expect(await readKeyFile(path)).to.deep.equal(key);
  });

  it('is the same for starters that create it together, and leaves no temporary files', async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => createKeyFile(path)));
    expect(new Set(keys.map((key) => key.toString('hex'))).size).to.equal(1);
    expect(await readdir(directory)).to.deep.equal(['inf.dat.key']);
  });

  it('can hold 32 raw bytes or base64', async () => {
    const key = randomBytes(32);
    await writeFile(path, key, { mode: 0o600 });
    expect(await readKeyFile(path)).to.deep.equal(key);
    await writeFile(path, `${key.toString('base64')}\n`);
    expect(await readKeyFile(path)).to.deep.equal(key);
  });

  it('may be readable by its group, as in secret mounts, but not by others', async () => {
    await createKeyFile(path);
    await chmod(path, 0o440);
    expect(await readKeyFile(path)).to.have.length(32);
    for (const mode of [0o604, 0o620, 0o644, 0o666]) {
      await chmod(path, mode);
      expect((await rejection(readKeyFile(path), 'store-unavailable')).message).to.include(`run chmod 600 ${path}`);
    }
  });

  it('is refused when it does not hold 32 bytes', async () => {
    for (const content of ['', 'short', 'x'.repeat(44), randomBytes(31).toString('base64'), 'x'.repeat(2000)]) {
      await writeFile(path, content, { mode: 0o600 });
      const error = await rejection(readKeyFile(path), 'store-unavailable');
      expect(error.message).to.include(path).and.to.match(/32/);
      expect(error.message).not.to.include('xxxx');
    }
  });

  it('is refused when it is no file, or where it cannot be made', async () => {
    await mkdir(path);
    expect((await rejection(readKeyFile(path), 'store-unavailable')).message).to.include('is not a file');
    const elsewhere = join(directory, 'missing', 'key');
    const error = await rejection(createKeyFile(elsewhere), 'store-unavailable');
    expect(error.message).to.include(`The key file ${elsewhere} cannot be created`);
  });
});
