// SPDX-License-Identifier: Apache-2.0
// Makes the playbook `main_<system>`: facts, disks and packages before any recipe runs (contextualization.md §11.2).
import { applicationsToInstall, dataDisks, type Features } from '../../radl/index.js';
import type { PlannedNode } from './nodes.js';
import { dumpPlaybook, playHeader } from './playbook.js';

/** A data disk to format and mount. */
interface DataDisk {
  readonly device: string;
  readonly fstype: string;
  /** Empty for swap. */
  readonly mount_path: string;
}

/** What the play installs, and the log lines that say so. */
export interface MainPlaybook {
  readonly content: string;
  readonly logLines: readonly string[];
}

/**
 * The playbook of the VMs of one system; of Windows machines only the facts (their hosts file is written when they are prepared). Made from the first of them as in the reference. The work itself is in
 * `utils/tasks/main.yml`; this hands it the data. Facts are gathered for these VMs only: the `main` tasks of all systems together
 * fill the cache for everybody before the first recipe runs.
 */
export function mainPlaybook(nodes: readonly PlannedNode[]): MainPlaybook {
  const [first] = nodes;
  if (first === undefined) return { content: dumpPlaybook([]), logLines: [] };
  const packages = packagesOf(first);
  const disks = first.isWindows ? [] : disksOf(first);
  // A task that finds nothing to do still costs each machine a fork.
  const hasWork = first.isWindows || disks.length > 0 || packages.length > 0;
  const play = new Map([
    ...playHeader({ hostNames: nodes.map(({ hostName }) => hostName), isWindows: first.isWindows }),
    ['vars', { im_disks: disks, im_packages: packages.map(packageName) }],
    [
      'tasks',
      [
        { name: 'Gathering Facts', setup: null },
        ...(hasWork && !first.isWindows ? [{ include_tasks: 'utils/tasks/main.yml' }] : []),
      ],
    ],
  ]);
  return {
    content: dumpPlaybook([play]),
    logLines: packages.map((name) => `App: ${name} set to be installed.`),
  };
}

/** Full names of the applications that the VM lacks. */
function packagesOf({ vm }: PlannedNode): readonly string[] {
  return applicationsToInstall(vm)
    .map((application) => application.getText('name') ?? '')
    .filter((name) => /^[\w.+:~-]+$/.test(packageName(name)));
}

/** `org.foo.wget` is the package `wget`. */
function packageName(fullName: string): string {
  return fullName.slice(fullName.lastIndexOf('.') + 1);
}

/** Disks 1, 2, ... that say where and how they want to be mounted. */
function disksOf({ vm }: PlannedNode): readonly DataDisk[] {
  const documents = [vm.info.systems[0], vm.requested.systems[0]].filter((system) => system !== undefined);
  const [system] = documents;
  if (system === undefined) return [];
  const features = documents.map((document) => document.features);
  return dataDisks(system).flatMap((index) => {
    const read = (property: string): string => textOf(features, `disk.${index}.${property}`);
    const disk: DataDisk = { device: read('device'), fstype: read('fstype'), mount_path: read('mount_path') };
    const isComplete = disk.device !== '' && disk.fstype !== '' && (disk.mount_path !== '' || disk.fstype === 'swap');
    return isComplete ? [disk] : [];
  });
}

/** What the live document says, else what was asked for. */
function textOf(documents: readonly Features[], property: string): string {
  return documents.map((features) => features.getText(property)).find(Boolean) ?? '';
}
