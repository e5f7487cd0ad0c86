// SPDX-License-Identifier: Apache-2.0
// Connections that never answer: the work on them fails, and the client is made new.
import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import type { MongoClient } from 'mongodb';
import {
  ConnectionStuck,
  type StuckConnections,
  watchStuckConnections,
} from '../../../src/store/mongo/stuck-connections.js';
import { failureOf } from '../../support/waiting.js';

class FakeClient extends EventEmitter {
  readonly calls: string[] = [];
  async close(): Promise<void> {
    this.calls.push('close');
  }
  async connect(): Promise<void> {
    this.calls.push('connect');
  }
}

const CONNECTION = { address: 'db:27017', connectionId: 1 };
const forEver = (): Promise<never> => new Promise(() => undefined);

describe('Stuck connections', () => {
  let client: FakeClient;
  let time: number;
  let watch: StuckConnections;

  beforeEach(() => {
    client = new FakeClient();
    time = 1_000;
    watch = watchStuckConnections(client as unknown as MongoClient, {
      commandMs: 20_000,
      lostMs: 1_000,
      elapsed: () => time,
    });
  });

  afterEach(() => watch.stop());

  it('fails work whose command outlives every limit of the driver, and connects again for the next', async () => {
    const work = watch.guard(() => {
      client.emit('connectionCheckedOut', CONNECTION);
      return forEver();
    });
    time += 20_001;
    expect(await failureOf(work)).to.be.instanceOf(ConnectionStuck);
    expect(await watch.guard(() => Promise.resolve('answer'))).to.equal('answer');
    expect(client.calls).to.deep.equal(['close', 'connect']);
  });

  it('fails work that is left when its server is gone, much earlier', async () => {
    const work = watch.guard(() => {
      client.emit('connectionCheckedOut', CONNECTION);
      return forEver();
    });
    client.emit('serverDescriptionChanged', { newDescription: { type: 'Unknown' } });
    time += 1_001;
    expect(await failureOf(work)).to.be.instanceOf(ConnectionStuck);
  });

  it('leaves slow commands of a living server alone, and those that began after a loss', async () => {
    client.emit('serverDescriptionChanged', { newDescription: { type: 'Unknown' } });
    time += 1;
    let answer: (text: string) => void = () => undefined;
    const work = watch.guard(() => {
      client.emit('connectionCheckedOut', CONNECTION);
      return new Promise<string>((resolve) => {
        answer = resolve;
      });
    });
    time += 19_000;
    const other = watch.guard(() => {
      client.emit('connectionCheckedOut', { ...CONNECTION, connectionId: 2 });
      return forEver();
    });
    client.emit('connectionCheckedIn', CONNECTION);
    answer('late');
    expect(await work).to.equal('late');
    time += 20_001;
    expect(await failureOf(other)).to.be.instanceOf(ConnectionStuck);
  });
});
