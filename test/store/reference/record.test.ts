// SPDX-License-Identifier: Apache-2.0
// Records of grycap/im in our terms: exported documents and the historic forms of persistence.md §6.
import { expect } from 'chai';
import type { JsonObject } from '../../../src/domain/index.js';
import { printRadl } from '../../../src/radl/index.js';
import { readReferenceRecord } from '../../../src/store/index.js';
import { type ReferenceRow, readReferenceRow as readRow } from '../../../src/store/reference/row.js';
import { RELEASES, readExport, rowsOf } from './fixtures.js';

const ID = '06ac61c0-e4c1-11f1-9e67-02fc00000001';

const readReferenceRow = (row: ReferenceRow) => readRow(row, String(row.id));

const vmRecord = (changes: JsonObject = {}): JsonObject => ({
  id: 'vm-1',
  im_id: 0,
  state: 'configured',
  destroy: false,
  configured: true,
  cloud: { id: 'c', type: 'Dummy', server: 's', port: 1, protocol: 'http', path: '/p', extra: {} },
  info: 'system front ( cpu.count = 2 )\ndeploy front 1',
  requested_radl: 'system front ( cpu.count >= 1 )',
  cont_out: 'vm log',
  last_update: 1_700_000_000,
  creation_date: 1_600_000_000,
  ...changes,
});

const record = (changes: JsonObject = {}): JsonObject => ({
  id: ID,
  vm_list: [vmRecord()],
  auth: [{ type: 'InfrastructureManager', username: 'alice', password: 'p', admin: false }],
  radl: 'system front ( cpu.count >= 1 )\ndeploy front 1',
  private_networks: { private_net: 'c' },
  configured: true,
  cont_out: 'own log',
  creation_date: 1_500_000_000,
  ...changes,
});

const vmOf = (changes: JsonObject) =>
  readReferenceRecord(record({ vm_list: [vmRecord(changes)] }), { createdAt: 0 }).vms[0]!;

describe('Records of grycap/im', () => {
  for (const name of ['infra-2.0.0-radl', 'infra-2.0.0-tosca', 'infra-1.18.0']) {
    it(`reads the exported document ${name}`, async () => {
      const text = await readExport(name);
      const { infrastructure, vms } = readReferenceRecord(text, { createdAt: 0 });
      const document = JSON.parse(text);
      expect(infrastructure.id).to.equal(document.id);
      expect(infrastructure.createdAt).to.equal(document.creation_date * 1000);
      expect(infrastructure.owners.map(({ username }) => username)).to.deep.equal(['alice']);
      expect(vms).to.have.length(document.vm_list.length);
      for (const vm of vms) {
        expect(vm.info.systems.map(({ name }) => name)).to.deep.equal([vm.systemName]);
        expect(vm.cloud).to.deep.include({ id: 'dum', type: 'Dummy' });
      }
    });
  }

  it('keeps every field', () => {
    const { infrastructure, vms, log, vmLogs } = readReferenceRecord(
      record({ snapshots: ['s1'], vm_master: 0, extra_info: { TOSCA: 'metadata: {template_name: one}' } }),
      { createdAt: 0 },
    );
    const { radl, ...rest } = infrastructure;
    expect(rest).to.deep.equal({
      id: ID,
      createdAt: 1_500_000_000_000,
      owners: [{ username: 'alice', password: 'p' }],
      configured: true,
      masterVm: 0,
      isDestroying: false,
      isDeleted: false,
      nextVmNumber: 1,
      version: 0,
      privateNetworks: new Map([['private_net', 'c']]),
      snapshots: ['s1'],
      extra: { TOSCA: 'metadata: {template_name: one}', statistics: { templateName: 'one' } },
    });
    expect(printRadl(radl)).to.include('deploy front 1');
    expect(log).to.equal('own log');
    expect([...vmLogs]).to.deep.equal([[0, 'vm log']]);
    const { info, requested, ...vm } = vms[0]!;
    expect(vm).to.deep.include({
      number: 0,
      providerId: 'vm-1',
      cloudState: 'running',
      configured: true,
      isDestroyed: false,
      lastUpdate: 1_700_000_000_000,
      createdAt: 1_600_000_000_000,
      systemName: 'front',
    });
    expect(info.systems[0]?.features.getNumber('cpu.count')).to.equal(2);
    expect(requested.systems).to.have.length(1);
  });

  it('reads texts where newer releases nest objects', () => {
    const vm = vmRecord();
    const old = record({
      vm_list: [JSON.stringify({ ...vm, cloud: JSON.stringify(vm.cloud) })],
      auth: JSON.stringify(record().auth),
    });
    expect(readReferenceRecord(JSON.stringify(old), { createdAt: 0 }).vms[0]!.cloud).to.deep.equal(vm.cloud);
    expect(readReferenceRecord(old, { createdAt: 0 }).infrastructure.owners).to.deep.equal([
      { username: 'alice', password: 'p' },
    ]);
  });

  it('reads RADL that the oldest release wrote as JSON', () => {
    const json = '[{"class": "system", "id": "front", "cpu.count": 3}]';
    expect(vmOf({ info: json }).info.systems[0]?.features.getNumber('cpu.count')).to.equal(3);
  });

  it('takes defaults for what old records do not have', () => {
    const { infrastructure, vms } = readReferenceRecord(
      { id: ID, vm_list: [{ id: 7, info: 'system s ()', cloud: '{"id": "c", "type": "Dummy"}' }], radl: 'system s ()' },
      { createdAt: 123 },
    );
    expect(infrastructure).to.deep.include({ createdAt: 123, snapshots: [], configured: null, masterVm: null });
    expect(vms[0]).to.deep.include({ number: 0, providerId: '7', isDestroyed: false, createdAt: 0 });
    expect(vms[0]!.cloud).to.deep.equal({
      id: 'c',
      type: 'Dummy',
      protocol: '',
      server: '',
      port: -1,
      path: '',
      extra: {},
    });
  });

  it('clears what was going on: a configuration is lost, creating and deleting are over', () => {
    expect(vmOf({ configured: null, creating: true, deleting: true, ctxt_pid: '123' })).to.deep.include({
      configured: false,
      isCreating: false,
      isDeleting: false,
      extra: {},
    });
  });

  it('shows the record of a launch that failed as failed', () => {
    expect(vmOf({ id: null, error_msg: 'no quota', state: 'failed' })).to.deep.include({
      providerId: null,
      cloudState: 'failed',
      errorMessage: 'no quota',
    });
  });

  it('keeps what connectors store with a VM', () => {
    const extra = { volumes: ['v1'], dns_entries: [['h', 'd.', '1.2.3.4', true]], keypair: 'k', unknown_key: { a: 1 } };
    expect(vmOf(extra).extra).to.deep.equal(extra);
  });

  it('numbers new VMs after all that ever were', () => {
    const list = [vmRecord({ im_id: 4 }), vmRecord({ im_id: 2 })];
    expect(readReferenceRecord(record({ vm_list: list }), { createdAt: 0 }).infrastructure.nextVmNumber).to.equal(5);
  });

  it('names a template by its icon when it has no name, and not at all when it is no YAML', () => {
    const named = (TOSCA: string) =>
      readReferenceRecord(record({ extra_info: { TOSCA } }), { createdAt: 0 }).infrastructure.extra;
    expect(named('metadata:\n  icon: images/slurm.png')).to.deep.include({ statistics: { templateName: 'slurm' } });
    expect(named('a: [')).to.deep.equal({ TOSCA: 'a: [' });
  });

  it('says what is wrong with a record', () => {
    expect(() => readReferenceRecord('{', { createdAt: 0 })).to.throw(SyntaxError);
    expect(() => readReferenceRecord('[]', { createdAt: 0 })).to.throw("'record'");
    expect(() => readReferenceRecord({ id: ID }, { createdAt: 0 })).to.throw("'vm_list'");
    expect(() => readReferenceRecord(record({ id: '../x' }), { createdAt: 0 })).to.throw(
      "'id' is not an infrastructure id",
    );
    expect(() => readReferenceRecord(record({ radl: 'system (' }), { createdAt: 0 })).to.throw();
    for (const number of [-1, 1.5, 1e9]) {
      expect(() => readReferenceRecord(record({ vm_list: [vmRecord({ im_id: number })] }), { createdAt: 0 })).to.throw(
        "'im_id'",
      );
    }
    expect(() => readReferenceRecord(record({ vm_list: [vmRecord(), vmRecord()] }), { createdAt: 0 })).to.throw(
      'the same',
    );
    const many = Array.from({ length: 50_001 }, () => ({}));
    expect(() => readReferenceRecord(record({ vm_list: many }), { createdAt: 0 })).to.throw(
      "'vm_list' has 50001 entries",
    );
  });
});

describe('Rows of grycap/im', () => {
  for (const release of RELEASES) {
    it(`of ${release} are read`, () => {
      for (const row of rowsOf(release)) {
        const read = readReferenceRow(row);
        expect(read, JSON.stringify(read)).to.deep.include({ ok: true, warnings: [] });
        expect(readReferenceRow({ ...row, data: Buffer.from(row.data) })).to.deep.include({ ok: true });
        expect(readReferenceRow({ ...row, data: JSON.parse(row.data) })).to.deep.include({ ok: true });
      }
    });
  }

  const ownersOf = (row: ReferenceRow) => {
    const read = readReferenceRow(row);
    return read.ok ? read.record.infrastructure.owners : read.reason;
  };

  it('have their owners in the record or in their own column, as text, bytes or list', () => {
    const items = [{ type: 'InfrastructureManager', username: 'bob', password: 'q' }];
    const data = JSON.stringify(record({ auth: [] }));
    const owners = [{ username: 'bob', password: 'q' }];
    expect(ownersOf({ id: ID, data, auth: JSON.stringify(items) })).to.deep.equal(owners);
    expect(ownersOf({ id: ID, data, auth: Buffer.from(JSON.stringify(items)) })).to.deep.equal(owners);
    expect(ownersOf({ id: ID, data, auth: items })).to.deep.equal(owners);
    expect(ownersOf({ id: ID, data: JSON.stringify(record()), auth: items })).to.deep.equal([
      { username: 'alice', password: 'p' },
    ]);
  });

  it('tell the time of their last save in each of the three ways', () => {
    const data = record({ creation_date: null });
    const createdAt = (date: unknown) => {
      const read = readReferenceRow({ id: ID, data, date });
      return read.ok ? read.record.infrastructure.createdAt : read.reason;
    };
    expect(createdAt('2026-11-20')).to.equal(Date.UTC(2026, 10, 20));
    expect(createdAt(new Date(1_700_000_000_000))).to.equal(1_700_000_000_000);
    expect(createdAt(1_700_000_000.25)).to.equal(1_700_000_000_250);
    expect(createdAt(undefined)).to.equal(0);
  });
});
