// SPDX-License-Identifier: Apache-2.0
// Speaks MongoDB's wire protocol as the primary of a replica set, as far as a client needs it for transactions: keeps no documents, writes
// down what it is sent, and fails as it is told.
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { BSON, ObjectId } from 'mongodb';

/** A command as it came, with the documents that were sent beside it. */
export type Command = Readonly<Record<string, unknown>>;

/** What the member does in the place of its work: refuses with an error, or cuts the connection. */
export type Fault = 'cut' | { readonly code: number; readonly errorLabels?: readonly string[] };

/** A member on a port of loopback. */
export interface ReplicaSetMember {
  readonly port: number;
  /** Commands on documents and transactions, in order. */
  readonly commands: readonly { readonly name: string; readonly body: Command }[];
  /** The next commands of this name fail so, one after the other. `for ever`: the last one again and again. */
  fail(name: string, faults: readonly Fault[], options?: { readonly forEver: boolean }): void;
  close(): Promise<void>;
}

const SET_NAME = 'rs';
const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const HEADER_BYTES = 16;
/** What is not about the wire: the member's state and the life of sessions. */
const ASIDE: ReadonlySet<string> = new Set(['hello', 'ismaster', 'isMaster', 'endSessions', 'ping']);

/** Starts a member. */
export async function startReplicaSetMember(): Promise<ReplicaSetMember> {
  const sockets = new Set<Socket>();
  const commands: { name: string; body: Command }[] = [];
  const faults = new Map<string, { readonly list: Fault[]; readonly forEver: boolean }>();
  const electionId = new ObjectId();
  let port = 0;

  const hello = (): Command => ({
    ok: 1,
    helloOk: true,
    isWritablePrimary: true,
    ismaster: true,
    setName: SET_NAME,
    setVersion: 1,
    electionId,
    hosts: [`127.0.0.1:${port}`],
    me: `127.0.0.1:${port}`,
    primary: `127.0.0.1:${port}`,
    localTime: new Date(),
    logicalSessionTimeoutMinutes: 30,
    maxBsonObjectSize: 16 * 1024 * 1024,
    maxMessageSizeBytes: 48_000_000,
    maxWriteBatchSize: 100_000,
    minWireVersion: 0,
    maxWireVersion: 21,
  });

  function nextFault(name: string): Fault | undefined {
    const planned = faults.get(name);
    return planned?.forEver === true && planned.list.length === 1 ? planned.list[0] : planned?.list.shift();
  }

  /** @returns undefined to cut the connection */
  function answer(body: Command): Command | undefined {
    const name = Object.keys(body)[0] ?? '';
    if (/^(hello|ismaster)$/i.test(name)) return hello();
    if (!ASIDE.has(name)) commands.push({ name, body });
    const fault = nextFault(name);
    if (fault === 'cut') return undefined;
    if (fault !== undefined) return { ok: 0, errmsg: 'it was told to fail', ...fault };
    switch (name) {
      case 'find':
        return { ok: 1, cursor: { id: BSON.Long.ZERO, ns: `${body.$db}.${body.find}`, firstBatch: [] } };
      case 'insert':
        return { ok: 1, n: Array.isArray(body.documents) ? body.documents.length : 0 };
      case 'update':
        return { ok: 1, n: Array.isArray(body.updates) ? body.updates.length : 0 };
      default:
        return { ok: 1 };
    }
  }

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    let received: Buffer = Buffer.alloc(0);
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      while (received.length >= HEADER_BYTES && received.length >= received.readInt32LE(0)) {
        const message = received.subarray(0, received.readInt32LE(0));
        received = received.subarray(message.length);
        const isQuery = message.readInt32LE(12) === OP_QUERY;
        const reply = answer(isQuery ? readQuery(message) : readMessage(message));
        if (reply === undefined) {
          socket.destroy();
          return;
        }
        socket.write(frame(message.readInt32LE(4), BSON.serialize(reply), isQuery));
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no TCP address');
  port = address.port;
  return {
    port,
    commands,
    fail: (name, list, { forEver } = { forEver: false }) => faults.set(name, { list: [...list], forEver }),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The first message of a connection, from before servers said what they speak. */
function readQuery(message: Buffer): Command {
  const nameEnd = message.indexOf(0, HEADER_BYTES + 4);
  return BSON.deserialize(message.subarray(nameEnd + 9));
}

/** A command and the sequences of documents beside it. */
function readMessage(message: Buffer): Command {
  if (message.readInt32LE(12) !== OP_MSG) throw new TypeError('a message of another kind');
  let body: Command = {};
  const sequences: Record<string, unknown[]> = {};
  for (let at = HEADER_BYTES + 4; at < message.length; ) {
    const kind = message.readUInt8(at);
    const end = at + 1 + message.readInt32LE(at + 1);
    if (kind === 0) {
      body = BSON.deserialize(message.subarray(at + 1, end));
    } else {
      const nameEnd = message.indexOf(0, at + 5);
      const documents: unknown[] = [];
      for (let document = nameEnd + 1; document < end; document += message.readInt32LE(document)) {
        documents.push(BSON.deserialize(message.subarray(document, document + message.readInt32LE(document))));
      }
      sequences[message.toString('utf8', at + 5, nameEnd)] = documents;
    }
    at = end;
  }
  return { ...body, ...sequences };
}

function frame(responseTo: number, document: Uint8Array, isReply: boolean): Buffer {
  // Flags and kind of a message; flags, cursor, position and count of a reply.
  const prefix = Buffer.alloc(isReply ? 20 : 5);
  if (isReply) prefix.writeInt32LE(1, 16);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeInt32LE(HEADER_BYTES + prefix.length + document.length, 0);
  header.writeInt32LE(responseTo, 8);
  header.writeInt32LE(isReply ? OP_REPLY : OP_MSG, 12);
  return Buffer.concat([header, prefix, document]);
}
