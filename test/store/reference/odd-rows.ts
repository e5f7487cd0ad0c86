// SPDX-License-Identifier: Apache-2.0
// Rows as years-old databases of grycap/im hold them besides good ones, and what must become of each (persistence.md §6, §7).
import type { JsonObject, JsonValue } from '../../../src/domain/index.js';
import type { ReferenceRow } from '../../../src/store/reference/row.js';

/** A row with what is expected of it. */
export interface OddRow {
  readonly title: string;
  readonly row: ReferenceRow;
  /** `left`: it stays in the old table, named with its reason. */
  readonly outcome: 'living' | 'deleted' | 'left';
  /** What the report says of it, in this order; nothing else. */
  readonly says: readonly RegExp[];
}

const SECRET = 'odd-secret';

const vm = (changes: JsonObject = {}): JsonObject => ({
  id: 'vm-1',
  im_id: 0,
  state: 'configured',
  destroy: false,
  creating: false,
  configured: true,
  cloud: { id: 'dum', type: 'Dummy', server: '', port: -1, protocol: '', path: '', extra: {} },
  info: `system front ( cpu.count = 2 and disk.0.os.credentials.password = '${SECRET}' )\ndeploy front 1`,
  requested_radl: 'system front ( cpu.count >= 1 )',
  cont_out: 'vm log',
  last_update: 1_700_000_000,
  creation_date: 1_600_000_000,
  ...changes,
});

const AUTH = [{ type: 'InfrastructureManager', username: 'alice', password: SECRET }];

let made = 0;
const nextId = (): string => `0dd00000-0000-4000-8000-${String(++made).padStart(12, '0')}`;

const record = (changes: JsonObject = {}): JsonObject => ({
  id: 'of the row',
  vm_list: [vm()],
  auth: AUTH,
  radl: 'system front ( cpu.count >= 1 )\ndeploy front 1',
  private_networks: {},
  configured: true,
  cont_out: 'own log',
  creation_date: 1_500_000_000,
  deleted: false,
  vm_master: 0,
  extra_info: {},
  snapshots: [],
  ...changes,
});

function odd(
  title: string,
  row: Partial<ReferenceRow>,
  outcome: OddRow['outcome'] = 'living',
  ...says: readonly RegExp[]
): OddRow {
  const id = 'id' in row ? row.id : nextId();
  return { title, outcome, says, row: { deleted: 0, date: '2024-05-06', auth: JSON.stringify(AUTH), ...row, id } };
}

const text = (changes: JsonObject = {}): string => JSON.stringify(record(changes));
const withVm = (changes: JsonObject): string => text({ vm_list: [vm(changes)] });
const without = (value: JsonObject, name: string): JsonObject => {
  const { [name]: _left, ...rest } = value;
  return rest;
};
const token = (claims: JsonValue): string =>
  `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2lnbmF0dXJl`;

const EMPTY = /^its record is empty: put the row back from a backup .* delete the row$/;
const DESTROYED = /; it was destroyed there, so that only statistics lack it: .* delete the row from inf_list$/;
const CREATING = /^VM 0 was being created when it was saved/;

/** All of them; ids differ but where the title says otherwise. */
export const ODD_ROWS: readonly OddRow[] = [
  // The record as a whole.
  odd('a record of NULL', { data: null }, 'left', EMPTY),
  odd('an empty record', { data: '' }, 'left', EMPTY),
  odd('a record of JSON null', { data: 'null' }, 'left', EMPTY),
  odd('an empty object', { data: '{}' }, 'left', /^'vm_list' is missing .*: put the row back from a backup/),
  odd('a list', { data: '[]' }, 'left', /^'record' is missing/),
  odd(
    'a record that a TEXT column cut at 64 KiB',
    { data: text({ cont_out: 'x'.repeat(70_000) }).slice(0, 65_535) },
    'left',
    /^its record is cut off after 65535 bytes: put the row back from a backup/,
  ),
  odd('damage in the middle', { data: text().replace('"radl":', 'radl:') }, 'left', /^its record is no JSON: put/),
  odd('a pickle', { data: Buffer.from([0x80, 0x02, 0x7d]) }, 'left', /db_1_4_to_1_5/),
  odd('bytes', { data: Buffer.from(text()) }),
  odd('bytes in Latin 1', { data: Buffer.from(text({ cont_out: 'café' }), 'latin1') }),
  odd('a byte order mark', { data: `\uFEFF${text()}` }),
  odd('a text of a text', { data: JSON.stringify(text()) }),
  odd('mojibake and characters of four bytes', { data: text({ cont_out: 'cafÃ© 🚀 \u65e5' }) }),
  odd('NUL and half a surrogate pair', { data: withVm({ error_msg: 'a\0b\ud83d', cont_out: '\0' }) }),
  odd('a log of megabytes', { data: text({ cont_out: 'log line\n'.repeat(300_000) }) }),
  odd('unknown keys', { data: text({ ec3_max_instances: 3, cloud_connector: null }) }),
  // Deleted ones.
  odd('a deleted one with its record', { data: text({ deleted: true }), deleted: 1 }, 'deleted'),
  odd('a deleted one by the column alone', { data: text(), deleted: 1 }, 'deleted'),
  odd('a deleted one by the record alone', { data: text({ deleted: true }) }, 'deleted'),
  odd('a deleted one of NULL', { data: null, deleted: 1 }, 'left', DESTROYED),
  odd('a deletion mark of NULL', { data: text(), deleted: null }),
  // Ids.
  odd(
    'an upper-case id',
    { id: 'ABCDEF00-0000-4000-8000-0000000000AA', data: text() },
    'living',
    /it is [0-9a-f-]{36} here/,
  ),
  odd('the same id in small letters', { id: 'abcdef00-0000-4000-8000-0000000000aa', data: text() }),
  odd('a number as id', { id: '17', data: text({ id: 17 }) }, 'living', /made under the name 17 are not removed/),
  odd('an id with odd characters', { id: "../x' %\n", data: text() }, 'living', /made under the name \.\.\/x'\?%\?/),
  odd('no id', { id: null, data: text() }, 'left', /^the row has no id/),
  odd(
    'an id twice, saved first',
    { id: 'dddddddd-0000-4000-8000-000000000001', data: null, date: '2020-01-01' },
    'living',
    /1 further row/,
  ),
  odd(
    'an id twice, saved last',
    { id: 'dddddddd-0000-4000-8000-000000000001', data: text(), date: '2021-01-01' },
    'living',
    /1 further row/,
  ),
  // Times.
  odd('no date of the save', { data: text(), date: null }),
  odd('a date of year 0', { data: text(), date: '0000-00-00 00:00:00' }),
  odd('no creation date', { data: JSON.stringify(without(record(), 'creation_date')) }),
  odd('a creation date of null and none of the save', { data: text({ creation_date: null }), date: null }),
  odd('dates as texts', {
    data: text({ creation_date: '1500000000', vm_list: [vm({ creation_date: '1', last_update: '' })] }),
  }),
  odd('dates that cannot be', {
    data: text({ creation_date: 1e300, vm_list: [vm({ creation_date: -5, last_update: 1e17 })] }),
  }),
  odd('epoch 0', { data: text({ creation_date: 0 }) }),
  // Owners.
  odd('no column for the owners', { data: text(), auth: undefined }),
  odd('owners of NULL everywhere', { data: text({ auth: null }), auth: null }, 'living', /^it has no owner: .*POST/),
  odd(
    'owners that are cut, but not in the column',
    { data: text({ auth: '[{"user' }) },
    'living',
    /^the 'auth' of its record/,
  ),
  odd(
    'owners that are cut everywhere',
    { data: text({ auth: '[{"u' }), auth: '[{"u' },
    'living',
    /no owner/,
    /of its record/,
    /column/,
  ),
  odd(
    'owners without an item of ours',
    { data: text({ auth: [{ type: 'OpenStack', username: 'x', password: 'y' }] }), auth: null },
    'living',
    /no owner/,
  ),
  odd('an owner with a token alone', {
    data: text({ auth: [{ type: 'InfrastructureManager', token: token({ iss: 'https://i.example/', sub: 'zoe' }) }] }),
  }),
  odd(
    'an owner with a token that says nothing',
    { data: text({ auth: [{ type: 'InfrastructureManager', token: 'opaque' }] }), auth: null },
    'living',
    /no owner/,
  ),
  // Documents.
  odd(
    'RADL that nobody reads any more',
    { data: text({ radl: `system ( x = '${SECRET}'` }) },
    'living',
    /^its document is no RADL .* send the whole document anew$/,
  ),
  odd('no RADL', { data: text({ radl: null }) }),
  odd('TOSCA that is no YAML', { data: text({ extra_info: { TOSCA: 'a: [' } }) }),
  odd('TOSCA as an object', { data: text({ extra_info: { TOSCA: { metadata: { template_name: 'one' } } } }) }),
  odd(
    'parts of another form',
    { data: text({ extra_info: 'x', private_networks: [1], snapshots: 7 }) },
    'living',
    /'private_networks'/,
    /'extra_info'/,
  ),
  // Machines.
  odd(
    'a VM with neither document',
    { data: withVm({ info: null, requested_radl: null }) },
    'living',
    /^the record of VM 0 has no document/,
  ),
  odd('a VM as requested only', { data: withVm({ info: null }) }),
  odd(
    'a VM whose document nobody reads',
    { data: withVm({ info: `system x ( ${SECRET}` }) },
    'living',
    /^a document of VM 0 is no RADL/,
  ),
  odd('an unknown cloud', { data: withVm({ cloud: { id: 'c', type: 'Azure Classic' } }) }),
  odd('a cloud of null', { data: withVm({ cloud: null }) }, 'living', /^the record of VM 0 names no cloud: .*force$/),
  odd(
    'a cloud that is cut',
    { data: withVm({ cloud: '{"id' }) },
    'living',
    /^the cloud of VM 0 cannot/,
    /names no cloud/,
  ),
  odd(
    'a cloud of a type that is too long',
    { data: withVm({ cloud: { type: 'x'.repeat(300) } }) },
    'living',
    /^the cloud of VM 0 cannot/,
    /names no cloud/,
  ),
  odd('a port as text', { data: withVm({ cloud: { type: 'Dummy', port: '80' } }) }),
  odd('states of other times', {
    data: text({ vm_list: [vm({ state: 3 }), vm({ im_id: 1, state: 'WAIT' }), vm({ im_id: 2, state: null })] }),
  }),
  odd('holes in the numbers', {
    data: text({ vm_list: [vm({ im_id: 7 }), vm({ im_id: 3 }), without(vm(), 'im_id')] }),
  }),
  odd('numbers as text', { data: text({ vm_list: [vm({ im_id: '5' }), vm({ im_id: '0' })], vm_master: '5' }) }),
  odd(
    'numbers that are none',
    { data: text({ vm_list: [vm({ im_id: -1 }), vm({ im_id: 'x' })] }) },
    'living',
    /^the 'im_id' -1 is not/,
    /^the 'im_id' x is not/,
  ),
  odd(
    'one machine twice',
    { data: text({ vm_list: [vm(), vm()] }) },
    'living',
    /'im_id' 0: the second entry of one machine is left out/,
  ),
  odd(
    'two machines with one number',
    { data: text({ vm_list: [vm(), vm({ id: 'vm-2' })] }) },
    'living',
    /'im_id' 0: the second one gets another number/,
  ),
  odd(
    'an entry that is none',
    { data: text({ vm_list: [vm(), '{"id": "vm', null, 5] }) },
    'living',
    /^entry 1 of its 'vm_list'/,
    /^entry 2/,
    /^entry 3/,
  ),
  odd('a master that is not there', { data: text({ vm_master: 9 }) }),
  odd('a master that is destroyed', { data: withVm({ destroy: true }) }),
  odd(
    'a launch that was under way',
    { data: withVm({ id: null, destroy: true, creating: true }) },
    'living',
    /^VM 0 was being created .* look for it in its cloud$/,
  ),
  odd('a launch that had its machine', { data: withVm({ destroy: true, creating: true }) }, 'living', CREATING),
  odd(
    'a removal that was under way',
    { data: withVm({ deleting: true, state: 'deleting' }) },
    'living',
    /^VM 0 was being removed .* remove it again$/,
  ),
  odd(
    'a destruction that was under way',
    { data: text({ deleting: true }) },
    'living',
    /^it was being destroyed .* destroy it again$/,
  ),
  odd(
    'very many notes',
    { data: text({ vm_list: Array.from({ length: 60 }, () => '{') }) },
    'living',
    ...Array.from({ length: 20 }, () => /^entry/),
    /^40 further notes/,
  ),
];

/** What no report may quote. */
export const ODD_SECRET = SECRET;
