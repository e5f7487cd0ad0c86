// SPDX-License-Identifier: Apache-2.0
// Schedules and the other options of retention and backups.
import { expect } from 'chai';
import { checkConfig, type FileProbes } from '../../src/config/check.js';
import { readCronText } from '../../src/config/cron-text.js';
import { loadConfig } from '../../src/config/load.js';

const probes: FileProbes = {
  isReadableFile: () => true,
  isWritableDirectory: () => true,
  canMakeDirectory: (path) => path !== '/closed',
  isDirectory: () => true,
  isReadableByOthers: () => false,
};

const load = (environment: Readonly<Record<string, string>>) =>
  loadConfig({ environment, readFile: () => undefined, installDir: '/opt/im', hostName: 'test' }).config;

describe('the options of retention and backups', () => {
  it('take schedules of five cron fields', () => {
    expect(readCronText('30 3 * * *')).to.equal('30 3 * * *');
    expect(readCronText('  */15   *  1-7 jan,jul mon ')).to.equal('*/15 * 1-7 jan,jul mon');
    for (const wrong of ['', 'daily', '60 3 * * *', '* * * *', '0 30 3 * * *', '30 3 * * * rm']) {
      expect(readCronText(wrong), wrong).to.equal(undefined);
    }
    expect(load({ IM_BACKUP_SCHEDULE: '0 1 * * 0' }).backupSchedule).to.equal('0 1 * * 0');
    expect(() => load({ IM_BACKUP_SCHEDULE: 'daily' })).to.throw('five cron fields');
  });

  it('keep everything and copy nothing unless told', () => {
    expect(load({})).to.include({ deletedRetentionDays: 0, backupDir: '' });
  });

  it('warn where they could do nothing', () => {
    const warned = (environment: Readonly<Record<string, string>>) =>
      checkConfig(load(environment), probes).filter(({ option }) => option === 'BACKUP_DIR').length;
    expect(warned({ IM_BACKUP_DIR: '/backups' })).to.equal(0);
    expect(warned({ IM_BACKUP_DIR: '/closed' })).to.equal(1);
    expect(warned({ IM_BACKUP_DIR: '/backups', IM_DATA_DB: 'mysql://im@db.example/im' })).to.equal(1);
  });
});
