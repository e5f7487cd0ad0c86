// SPDX-License-Identifier: Apache-2.0
// Data disks of real machines: loop devices of this host, partitioned, formatted and mounted by a configuration (contextualization.md §11.2).
import { execFile } from 'node:child_process';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { createTestBed, requireNodes, type TestBed, type TestNode } from '../../ssh/support/nodes.js';
import { configureWorld, logsOf, recipe, resultsOf } from './support/configure-world.js';
import { createWorld, keyCredentials, requireAnsible, type World } from './support/world.js';

const run = promisify(execFile);
const DISK_BYTES = 64 * 2 ** 20;

/** Block devices of this host over sparse files. */
class LoopDisks {
  readonly #devices: string[] = [];

  private constructor(readonly directory: string) {}

  static async make(): Promise<LoopDisks> {
    return new LoopDisks(await mkdtemp(join(tmpdir(), 'im-disks-')));
  }

  /** @returns name of the device, `loop3` */
  async add(): Promise<string> {
    const file = join(this.directory, String(this.#devices.length));
    await writeFile(file, '');
    await truncate(file, DISK_BYTES);
    const { stdout } = await run('losetup', ['--find', '--partscan', '--show', file]);
    const device = stdout.trim();
    this.#devices.push(device);
    return device.replace('/dev/', '');
  }

  async remove(): Promise<void> {
    for (const device of this.#devices) await run('losetup', ['--detach', device]);
    await rm(this.directory, { recursive: true, force: true });
  }
}

describe('data disks of machines', function () {
  this.timeout(240_000);
  let bed: TestBed;
  let disks: LoopDisks;
  let node: TestNode;
  let world: World;
  let names: readonly string[];

  before(async function () {
    await requireNodes(this);
    requireAnsible(this);
    disks = await LoopDisks.make();
    names = [await disks.add(), await disks.add(), await disks.add()];
    bed = await createTestBed();
    node = await bed.start({ seesDevices: true });
    // The second disk came with a file system and without partitions, the third one belongs to the machine already.
    await node.run(
      `mkfs.ext4 -q /dev/${names[1]} && mkdir /data && mount /dev/${names[1]} /data && echo kept >/data/file`,
    );
    await node.run(`umount /data; mkfs.ext4 -q /dev/${names[2]} && mkdir /system && mount /dev/${names[2]} /system`);
    await node.run('echo kept >/system/file');
  });
  after(async () => {
    await node?.run('umount /mnt/one /mnt/two /system || true');
    await bed?.close();
    await disks?.remove();
  });

  const disk = (index: number, device: string, mountPath: string): readonly string[] => [
    `disk.${index}.size = 64M`,
    `disk.${index}.device = '${device}'`,
    `disk.${index}.fstype = 'ext4'`,
    `disk.${index}.mount_path = '${mountPath}'`,
  ];
  const worldWith = (more: readonly string[]): World =>
    createWorld(recipe('front', '  - shell: df --output=target /mnt/one /mnt/two | tail -n 2 >/opt/seen'), [
      { system: 'front', node, credentials: keyCredentials(bed.privateKey), more },
    ]);
  const mounted = async (path: string): Promise<string> => node.run(`findmnt -no SOURCE,FSTYPE ${path} || true`);

  it('are partitioned, formatted and mounted before any recipe; what has a file system is mounted as it is', async () => {
    world = worldWith([...disk(1, names[0]!, '/mnt/one'), ...disk(2, `/dev/${names[1]}`, '/mnt/two')]);
    await configureWorld(world);
    expect(resultsOf(world), logsOf(world)).to.deep.equal({ 0: true });
    expect(await mounted('/mnt/one')).to.match(new RegExp(`^/dev/${names[0]}p1 +ext4$`));
    expect(await mounted('/mnt/two')).to.match(new RegExp(`^/dev/${names[1]} +ext4$`));
    expect(await node.run('cat /mnt/two/file')).to.equal('kept');
    expect(await node.run('cat /opt/seen')).to.equal('/mnt/one\n/mnt/two');
    expect(await node.run('grep -c "^UUID=.* /mnt/" /etc/fstab')).to.equal('2');
  });

  it('keep what is on them when the machine is configured again', async () => {
    await node.run('echo precious >/mnt/one/file; umount /mnt/two');
    await configureWorld(world);
    expect(resultsOf(world), logsOf(world)).to.deep.equal({ 0: true });
    expect(await node.run('cat /mnt/one/file /mnt/two/file')).to.equal('precious\nkept');
    expect(await node.run('grep -c "^UUID=.* /mnt/" /etc/fstab')).to.equal('2');
  });

  it('are left alone where the machine uses them for something else, and the VM says so', async () => {
    const wrong = worldWith(disk(1, names[2]!, '/mnt/three'));
    await configureWorld(wrong);
    expect(resultsOf(wrong)).to.deep.equal({ 0: false });
    expect(logsOf(wrong)).to.contain(`The device /dev/${names[2]} is mounted on /system: it is not formatted.`);
    expect(await node.run('cat /system/file')).to.equal('kept');
  });
});
