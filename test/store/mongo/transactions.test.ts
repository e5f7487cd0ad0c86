// SPDX-License-Identifier: Apache-2.0
// Transactions as a replica set gets them on the wire, and what becomes of the errors that it labels.
import { expect } from 'chai';
import { parseDataDb } from '../../../src/store/data-db.js';
import { connectMongo, type MongoConnection } from '../../../src/store/mongo/mongo-connection.js';
import { createTransactionalWriter } from '../../../src/store/mongo/transactional-writer.js';
import type { MongoWriter } from '../../../src/store/mongo/writer.js';
import { silentLogger } from '../../../src/util/logger.js';
import {
  type Command,
  type ReplicaSetMember,
  startReplicaSetMember,
} from '../../support/databases/replica-set-member.js';
import { rejection } from '../rejection.js';

const CONFLICT = { code: 112, errorLabels: ['TransientTransactionError'] };
const UNKNOWN = { code: 50, errorLabels: ['UnknownTransactionCommitResult'] };

describe('Transactions of MongoDB on the wire', () => {
  let member: ReplicaSetMember;
  let connection: MongoConnection;
  let writer: MongoWriter;
  let works: number;

  beforeEach(async () => {
    member = await startReplicaSetMember();
    const location = parseDataDb(`mongodb://127.0.0.1:${member.port}/im?replicaSet=rs`);
    if (location.kind !== 'mongodb') throw new TypeError('no MongoDB');
    connection = await connectMongo(location, {
      lockTimeoutMs: 60,
      lostTimeoutMs: 5000,
      startTimeoutMs: 5000,
      statementTimeoutMs: 5000,
      logger: silentLogger,
    });
    const { client, db, patient, patience, place } = connection;
    writer = createTransactionalWriter(client, db, patient, patience, place);
    works = 0;
  });

  afterEach(async () => {
    await connection.close();
    await member.close();
  });

  const write = () =>
    writer.write(async ({ draft, source }) => {
      works += 1;
      await source.get('operations', 'known');
      await draft.insert('vms', 'inf/0', { infrastructure_id: 'inf' });
      draft.updateKnown('infrastructures', 'inf', {}, { version: 2 });
      return 'written';
    });
  const names = (): readonly string[] => member.commands.map(({ name }) => name);
  const named = (wanted: string): readonly Command[] =>
    member.commands.filter(({ name }) => name === wanted).map(({ body }) => body);
  const transactionOf = ({ lsid, txnNumber }: Command): string => JSON.stringify([lsid, String(txnNumber)]);

  it('are used where the server is of a set, one for all reads and writes of a batch, committed on the majority', async () => {
    expect(connection.hasTransactions).to.equal(true);
    expect(await write()).to.equal('written');
    expect(names()).to.deep.equal(['find', 'find', 'insert', 'update', 'commitTransaction']);
    const [first, ...others] = member.commands.map(({ body }) => body);
    expect(first).to.include({ startTransaction: true, autocommit: false });
    expect(first?.readConcern).to.deep.equal({ level: 'snapshot' });
    for (const body of others) {
      expect(body).to.have.property('autocommit', false);
      expect(body).not.to.have.any.keys('startTransaction', 'readConcern');
    }
    expect(new Set(member.commands.map(({ body }) => transactionOf(body))).size).to.equal(1);
    expect(first).to.have.property('lsid');
    expect(first).to.have.property('txnNumber');
    for (const { name, body } of member.commands) {
      if (name !== 'commitTransaction') expect(body).not.to.have.property('writeConcern');
    }
    const [commit] = named('commitTransaction');
    expect(commit?.$db).to.equal('admin');
    expect(commit?.writeConcern).to.include({ w: 'majority' });
  });

  it('that write nothing are not committed', async () => {
    await writer.write(({ source }) => source.get('vms', 'inf/0'));
    expect(names()).to.deep.equal(['find', 'abortTransaction']);
  });

  for (const [what, fault] of [
    ['a conflict', CONFLICT],
    ['a lost connection', 'cut'],
  ] as const) {
    it(`begin anew after ${what} in their middle, under another number`, async () => {
      member.fail('insert', [fault, fault]);
      expect(await write()).to.equal('written');
      expect(works).to.equal(3);
      expect(new Set(named('insert').map(transactionOf)).size).to.equal(3);
      for (const body of named('insert')) expect(body.autocommit).to.equal(false);
      expect(named('commitTransaction').map(transactionOf)).to.deep.equal([transactionOf(named('insert')[2] ?? {})]);
    });
  }

  it('begin anew when the commit says that there is no such transaction', async () => {
    member.fail('commitTransaction', [{ code: 251, errorLabels: ['TransientTransactionError'] }]);
    expect(await write()).to.equal('written');
    expect(works).to.equal(2);
    expect(new Set(named('commitTransaction').map(transactionOf)).size).to.equal(2);
  });

  it('do not begin anew for ever', async () => {
    member.fail('insert', [CONFLICT], { forEver: true });
    const error = await rejection(write(), 'store-unavailable');
    expect(error.message).to.contain('im at 127.0.0.1');
    expect(works).to.be.within(2, 30);
    expect(named('commitTransaction')).to.deep.equal([]);
  });

  for (const [what, fault] of [
    ['whose outcome is unknown', UNKNOWN],
    ['whose answer got lost', 'cut'],
  ] as const) {
    it(`ask for a commit again ${what}, and write nothing twice`, async () => {
      member.fail('commitTransaction', [fault, fault, fault]);
      expect(await write()).to.equal('written');
      expect(works).to.equal(1);
      expect(named('insert')).to.have.length(1);
      const commits = named('commitTransaction');
      expect(commits).to.have.length(4);
      expect(new Set(commits.map(transactionOf)).size).to.equal(1);
      for (const body of commits) expect(body.writeConcern).to.include({ w: 'majority' });
    });
  }

  it('say so when the outcome of a commit stays unknown, after a bounded number of questions', async () => {
    member.fail('commitTransaction', [UNKNOWN], { forEver: true });
    const { message } = await rejection(write(), 'store-unavailable');
    expect(message).to.contain('lost during a commit, which may have been carried out');
    expect(works).to.equal(1);
    expect(named('commitTransaction').length).to.be.within(10, 20);
    member.fail('commitTransaction', []);
    expect(await write()).to.equal('written');
  });
});
