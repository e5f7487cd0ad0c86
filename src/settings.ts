// SPDX-License-Identifier: Apache-2.0
// Cuts the configuration into what each room reads: seconds become milliseconds, names become the rooms' own.
import { dirname, join } from 'node:path';
import { singleSiteImageUrl } from './auth/index.js';
import type { Config } from './config/config.js';
import type { ConnectorSettings } from './connectors/index.js';
import type { ContextualizationSettings } from './contextualization/index.js';
import type { BootMode, ManagerSettings } from './manager/index.js';
import type { OperationSettings } from './operations/index.js';
import type { MaintenanceSettings } from './operations/maintenance/index.js';
import type { SystemDefaults } from './radl/index.js';
import { parseDataDb } from './store/index.js';
import { trimEndOf } from './util/trim-text.js';

/** Version of this program. */
export const VERSION = '3.0.0';

const seconds = (value: number): number => value * 1000;

/** Defaults that placement adds to systems (core.md §9.1). */
export function systemDefaults(config: Config): SystemDefaults {
  return {
    cpus: config.defaultVmCpus,
    memory: config.defaultVmMemory,
    memoryUnit: config.defaultVmMemoryUnit,
    arch: config.defaultVmCpuArch,
  };
}

/** Time after the grace time in which operations are parked and those who wait for them are answered. */
export const LAST_ANSWERS_MS = 1200;

/** How long a stop may take in all: draining, the grace time of operations, and what comes after it. Milliseconds. */
export function longestStopMs(config: Config): number {
  return seconds(config.shutdownGraceSeconds) + LAST_ANSWERS_MS;
}

/** Settings of the operations room. */
export function operationSettings(config: Config): OperationSettings {
  return {
    leaseMs: seconds(config.leaseSeconds),
    maxSimultaneousLaunches: config.maxSimultaneousLaunches,
    maxSimultaneousLaunchesPerCloud: config.maxSimultaneousLaunchesPerCloud,
    maxVmFails: config.maxVmFails,
    delayBetweenVmRetriesMs: seconds(config.delayBetweenVmRetries),
    vmInfoUpdateFrequencyMs: seconds(config.vmInfoUpdateFrequency),
    vmInfoUpdateErrorGracePeriodMs: seconds(config.vmInfoUpdateErrorGracePeriod),
    systemDefaults: systemDefaults(config),
    defaultVmName: config.defaultVmName,
    defaultDomain: config.defaultDomain,
    sshReverseTunnels: config.sshReverseTunnels,
  };
}

/** Settings of what the daemon tidies up by itself. */
export function maintenanceSettings(config: Config): MaintenanceSettings {
  const { deletedRetentionDays, backupDir: directory, backupSchedule: schedule, backupKeep: keep } = config;
  const location = parseDataDb(config.dataDb);
  const isWanted = directory !== '' && location.kind === 'sqlite';
  return {
    deletedRetentionDays,
    ...(isWanted && { backup: { database: location.path, directory, schedule, keep } }),
  };
}

/** Settings of the use cases. */
export function managerSettings(config: Config): ManagerSettings {
  return {
    version: VERSION,
    bootMode: bootMode(config.bootMode),
    maxVmsPerRequest: config.maxVmsPerRequest,
    vmInfoUpdateErrorGracePeriodMs: seconds(config.vmInfoUpdateErrorGracePeriod),
    systemDefaults: systemDefaults(config),
    masksVmCredentials: config.maskVmCredentials,
    serviceUrl: trimEndOf(config.serviceUrl, '/'),
    ...(config.singleSite && { imageUrlOnSite: (imageUrl: string) => singleSiteImageUrl(config, imageUrl) }),
  };
}

function bootMode(value: number): BootMode {
  return value === 1 || value === 2 ? value : 0;
}

/** Settings of the connectors. */
export function connectorSettings(config: Config): ConnectorSettings {
  return {
    verifySsl: config.verifySsl,
    allowsUnixSockets: config.allowUnixSockets,
    defaultVmName: config.defaultVmName,
    defaultDomain: config.defaultDomain,
    privateNetMasks: config.privateNetMasks,
    vmTagUsername: config.vmTagUsername,
    vmTagInfId: config.vmTagInfId,
    vmTagImUrl: config.vmTagImUrl,
    vmTagIm: config.vmTagIm,
    priceFile: config.priceFile,
  };
}

/** Settings of the contextualization. */
export function contextualizationSettings(config: Config): ContextualizationSettings {
  return {
    remoteConfDir: config.remoteConfDir,
    maxContextualizationTimeMs: seconds(config.maxContextualizationTime),
    waitRunningVmTimeoutMs: seconds(config.waitRunningVmTimeout),
    waitSshAccessTimeoutMs: seconds(config.waitSshAccessTimeout),
    waitPublicIpTimeoutMs: seconds(config.waitPublicIpTimeout),
    ansibleInstallTimeoutMs: seconds(config.ansibleInstallTimeout),
    checkStateIntervalMs: seconds(config.confManagerCheckStateInterval),
    playbookRetries: config.playbookRetries,
    maxSshErrors: config.maxSshErrors,
    vmNumUseCtxtDist: config.vmNumUseCtxtDist,
    processPerVm: config.ctxtProcessPerVm,
    incremental: config.ctxtIncremental,
    defaultVmName: config.defaultVmName,
    defaultDomain: config.defaultDomain,
    privateNetMasks: config.privateNetMasks,
    contextualizationDir: config.contextualizationDir,
    recipesDir: config.recipesDir,
    runtimeBundleDir: config.runtimeBundleDir,
    galaxyCacheDir: join(dirname(config.runtimeBundleDir), 'galaxy'),
  };
}
