// SPDX-License-Identifier: Apache-2.0
// Disks of the RADL as volumes and folders of the engine's host (docker.md §3 step 3).
import { badRequest, ImError, type Resource } from '../../domain/index.js';
import { poll } from '../../util/deadline.js';
import type { LaunchRequest, LaunchVm } from '../connector.js';
import { systemOf } from '../shared/first-system.js';
import { type Engine, engineName } from './engine.js';
import { LABEL_INFRASTRUCTURE, LABEL_VM } from './labels.js';

/** A disk as it is mounted in the node. */
export interface DiskMount {
  /** N of `disk.N`. */
  readonly disk: number;
  readonly kind: 'bind' | 'volume';
  /** Folder of the engine's host, or name of a volume. */
  readonly source: string;
  /** Absolute path in the node. */
  readonly target: string;
  /** The volume was made for this infrastructure and is deleted with it. */
  readonly isOurs: boolean;
}

const VOLUME_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
/** A volume is free a moment after its last container is gone. */
const REMOVAL_TIMEOUT_MS = 20_000;

/**
 * Makes the volumes of a VM: for `disk.N.mount_path` (N = 1, 2, ...) a folder of the host when `device` is a path, the volume that it
 * names, or a volume of the VM's own when there is no `device`. Volumes that exist already are used and never deleted.
 */
export async function prepareDisks(
  engine: Engine,
  request: LaunchRequest,
  vm: LaunchVm,
): Promise<readonly DiskMount[]> {
  const { features } = systemOf(request.concrete);
  const mounts: DiskMount[] = [];
  for (let disk = 1; ; disk += 1) {
    const path = features.getText(`disk.${disk}.mount_path`) ?? '';
    if (path === '') return mounts;
    const target = path.startsWith('/') ? path : `/${path}`;
    const device = features.getText(`disk.${disk}.device`) ?? '';
    if (device.startsWith('/')) {
      mounts.push({ disk, kind: 'bind', source: device, target, isOurs: false });
      continue;
    }
    // The own volume's name follows from the launch token, so that a repeated launch finds it again.
    const isOwn = device === '';
    const source = isOwn ? engineName('d-', `${vm.token}-${disk}`) : device;
    if (!VOLUME_NAME.test(source)) {
      throw badRequest(`disk.${disk}.device '${device}' is neither an absolute path nor a volume name.`);
    }
    const driver = features.getText(`disk.${disk}.fstype`) ?? '';
    const isOurs = await engine.creation.run(
      `${engine.name} volume ${source}`,
      () => ensureVolume(engine, request, source, isOwn ? vm.number : null, driver),
      request.signal,
    );
    mounts.push({ disk, kind: 'volume', source, target, isOurs });
  }
}

/** @returns whether the volume was made for this infrastructure */
async function ensureVolume(
  engine: Engine,
  request: LaunchRequest,
  name: string,
  vmNumber: number | null,
  driver: string,
): Promise<boolean> {
  const { infrastructureId, signal } = request;
  const labels = await engine.client.volumeLabels(name, signal);
  if (labels !== undefined && labels.get(LABEL_INFRASTRUCTURE) !== infrastructureId) return false;
  const { volumeDrivers } = await engine.info(signal);
  const create = async (): Promise<string> => {
    await engine.client.createVolume(
      {
        Name: name,
        // `fstype` names a volume driver where the engine has one of that name; documents written for other clouds put ext4 here.
        Driver: volumeDrivers.includes(driver) ? driver : 'local',
        Labels: {
          [LABEL_INFRASTRUCTURE]: infrastructureId,
          ...(vmNumber !== null && { [LABEL_VM]: String(vmNumber) }),
        },
      },
      signal,
    );
    return name;
  };
  // Creating a volume that exists changes nothing, so an interrupted creation needs no search.
  await request.resources.record({ kind: 'volume', token: name, vmNumber, data: {} }, create);
  return true;
}

/** Deletes the volumes that were made for one VM only. @throws ImError `provider` when one stays in use */
export async function removeOwnVolumes(
  engine: Engine,
  infrastructureId: string,
  vmNumber: number,
  signal: AbortSignal,
): Promise<void> {
  const label = [`${LABEL_INFRASTRUCTURE}=${infrastructureId}`, `${LABEL_VM}=${vmNumber}`];
  for (const name of await engine.client.listVolumes({ label }, signal)) {
    await removeWhenFree(engine, name, signal);
  }
}

/** Deletes a registered volume if it still is of that infrastructure. @throws ImError `provider` when it stays in use */
export async function removeVolume(engine: Engine, resource: Resource, signal: AbortSignal): Promise<void> {
  if ((await findVolume(engine, resource, signal)) !== undefined) {
    await removeWhenFree(engine, resource.token, signal);
  }
}

/** Name of a registered volume when it exists. */
export async function findVolume(engine: Engine, resource: Resource, signal: AbortSignal): Promise<string | undefined> {
  const labels = await engine.client.volumeLabels(resource.token, signal);
  return labels?.get(LABEL_INFRASTRUCTURE) === resource.infrastructureId ? resource.token : undefined;
}

async function removeWhenFree(engine: Engine, name: string, signal: AbortSignal): Promise<void> {
  let reason = '';
  const remove = async (): Promise<true | undefined> => {
    const refusal = await engine.client.removeVolume(name, signal);
    reason = refusal ?? '';
    return refusal === undefined ? true : undefined;
  };
  try {
    await poll({ timeoutMs: REMOVAL_TIMEOUT_MS, intervalMs: 500, what: `volume ${name} to be free`, signal }, remove);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ImError) throw error;
    throw new ImError('provider', `Error deleting the volume ${name}: ${reason}`, { cause: error });
  }
}
