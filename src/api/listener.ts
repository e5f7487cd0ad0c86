// SPDX-License-Identifier: Apache-2.0
// The life of a listening HTTP(S) server: limits that keep slow clients harmless, a graceful end, TLS that can be renewed.
import http, { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { errorText, ImError } from '../domain/index.js';
import type { Logger } from '../util/logger.js';
import { type ReadFile, readTlsMaterial, type TlsFiles } from './tls-files.js';

/** Where a server listens. */
export interface ListenAddress {
  readonly address: string;
  readonly port: number;
}

/** TLS of a server. */
export interface ListenerTls extends TlsFiles {
  /** Ask for a client certificate; one that is sent must be good, none is fine (xmlrpc-api.md §1). */
  readonly asksClientCertificate: boolean;
}

/** What makes a listener. */
export interface ListenerOptions {
  /** For texts: `REST API`. */
  readonly name: string;
  /** Name of the option that sets the port, for the remedy in error texts. */
  readonly portOption: string;
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
  readonly tls?: ListenerTls;
  readonly handler: RequestListener;
  /** Connections that are open at the same time; further ones are closed at once. */
  readonly maxConnections: number;
  readonly readFile: ReadFile;
  readonly logger: Logger;
}

/** A server that can be started and stopped once. */
export interface Listener {
  /** @throws ImError `internal` when the port cannot be had or the TLS files cannot be read */
  listen(): Promise<ListenAddress>;
  /** Accepts no more, lets running requests end for at most this long, then closes their connections. */
  close(graceMs: number): Promise<void>;
  /** Reads the TLS files again, for connections to come. @throws ImError `internal`; the old ones then stay in use */
  reloadTls(): Promise<void>;
}

// Authorization headers carry keys and certificates: 1 MiB must pass (rest-api.md §1), with some room for the other headers.
const MAX_HEADER_BYTES = 1024 * 1024 + 64 * 1024;
const HEADERS_TIMEOUT_MS = 60_000;
const REQUEST_TIMEOUT_MS = 300_000;
const KEEP_ALIVE_TIMEOUT_MS = 75_000;
// Only a client that neither sends nor reads is cut off; synchronous creations run up to 1,800 s and more without a byte.
const SILENT_SOCKET_MS = 7_200_000;
const HANDSHAKE_TIMEOUT_MS = 30_000;
// A request that is answered before its body has come (refused, too large) may go on sending for this long.
const LINGER_MS = 2000;
const QUIET_MS = 60_000;

/** Media type of streams of events. */
export const EVENT_STREAM = 'text/event-stream';

const SERVER_OPTIONS = {
  maxHeaderSize: MAX_HEADER_BYTES,
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
  connectionsCheckingInterval: 10_000,
  noDelay: true,
};

/** Makes a listener; nothing happens before `listen`. */
export function createListener(options: ListenerOptions): Listener {
  const { name, logger } = options;
  const running = new Set<ServerResponse>();
  let server: http.Server | https.Server | undefined;
  let isClosing = false;

  const handle: RequestListener = (request, response) => {
    running.add(response);
    response.once('close', () => running.delete(response));
    const { socket } = request; // the request forgets it when it is answered
    response.once('finish', () => cutOffUnread(request, socket));
    if (isClosing) response.setHeader('Connection', 'close');
    if (request.socket instanceof TLSSocket && hasBadCertificate(request.socket)) {
      request.socket.destroy();
      return;
    }
    options.handler(request, response);
  };

  const create = async (): Promise<http.Server | https.Server> => {
    if (!options.tls) return http.createServer(SERVER_OPTIONS, handle);
    const material = await readTlsMaterial(options.tls, options.readFile, logger);
    // Without authorities there is nothing to check a client certificate against.
    const requestCert = options.tls.asksClientCertificate && material.ca !== undefined;
    try {
      return https.createServer(
        {
          ...SERVER_OPTIONS,
          ...material,
          requestCert,
          rejectUnauthorized: false,
          handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
        },
        handle,
      );
    } catch (error) {
      throw unusableTls(name, error);
    }
  };

  return {
    listen: async () => {
      const created = await create();
      created.setTimeout(SILENT_SOCKET_MS);
      created.maxConnections = options.maxConnections;
      created.on('drop', makesRoom(created, options));
      created.on('clientError', answerClientError);
      created.on('tlsClientError', (error) => logger.debug(`${name}: TLS handshake failed: ${error.message}`));
      await new Promise<void>((resolve, reject) => {
        created.once('error', (error) => reject(listenError(options, error)));
        created.listen({ host: options.address, port: options.port }, resolve);
      });
      created.on('error', (error) => logger.error(`${name}: ${error.message}`, { error }));
      server = created;
      return addressOf(created, options);
    },

    close: async (graceMs) => {
      const closing = server;
      if (!closing) return;
      server = undefined;
      isClosing = true;
      for (const response of running) {
        if (!response.headersSent) response.setHeader('Connection', 'close');
        // It would never end by itself; its client goes on at another daemon, or here later.
        else if (String(response.getHeader('Content-Type')).startsWith(EVENT_STREAM)) response.end();
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => closing.closeAllConnections(), Math.max(0, graceMs));
        // Requests that are still on their way have begun nothing: they do not get the time of those that are being served.
        const half = setInterval(() => {
          for (const { req } of running) {
            if (!req.complete) req.socket.destroy();
          }
          if (running.size === 0) closing.closeAllConnections();
        }, LINGER_MS);
        closing.close(() => {
          clearTimeout(timer);
          clearInterval(half);
          resolve();
        });
        closing.closeIdleConnections();
      });
    },

    reloadTls: async () => {
      if (!options.tls || !(server instanceof https.Server)) return;
      const material = await readTlsMaterial(options.tls, options.readFile, logger);
      try {
        server.setSecureContext(material);
      } catch (error) {
        throw unusableTls(name, error);
      }
    },
  };
}

/** What happens when a connection had to be refused: idle ones make room for the next, and the log says so once in a while. */
function makesRoom(server: http.Server, { name, maxConnections, logger }: ListenerOptions): () => void {
  let isSaid = false;
  return () => {
    server.closeIdleConnections();
    if (isSaid) return;
    isSaid = true;
    setTimeout(() => {
      isSaid = false;
    }, QUIET_MS).unref();
    logger.warn(`${name}: ${maxConnections} connections are open, further ones are refused (option MAX_CONNECTIONS).`);
  };
}

/** Ends the connection of a client that does not stop sending although it has its answer. */
function cutOffUnread(request: IncomingMessage, socket: Socket): void {
  if (request.complete) return;
  const timer = setTimeout(() => {
    if (!request.complete) socket.destroy();
  }, LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
}

const unusableTls = (name: string, error: unknown): ImError =>
  new ImError('internal', `The TLS key and certificate of the ${name} cannot be used: ${errorText(error)}`, {
    cause: error,
  });

function hasBadCertificate(socket: TLSSocket): boolean {
  return !socket.authorized && Object.keys(socket.getPeerCertificate() ?? {}).length > 0;
}

function addressOf(server: http.Server, options: ListenerOptions): ListenAddress {
  const bound: AddressInfo | string | null = server.address();
  return typeof bound === 'object' && bound !== null
    ? { address: bound.address, port: bound.port }
    : { address: options.address, port: options.port };
}

const LISTEN_PROBLEMS: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'the port is in use by another program'],
  ['EACCES', 'this needs privileges that the daemon does not have'],
  ['EADDRNOTAVAIL', 'this host has no such address'],
]);

function listenError(options: ListenerOptions, error: Error): ImError {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const reason = LISTEN_PROBLEMS.get(code) ?? error.message;
  const where = `${options.address} port ${options.port}`;
  return new ImError(
    'internal',
    `The ${options.name} cannot listen on ${where}: ${reason}. See option ${options.portOption}.`,
    {
      cause: error,
    },
  );
}

/** Requests that never became one: too many headers, too slow, not HTTP. */
function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, text] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', `The request headers are larger than ${MAX_HEADER_BYTES} bytes.`]
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', 'The request did not arrive in time.']
        : ['400 Bad Request', 'The request is not valid HTTP.'];
  const head = `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${text.length}\r\n`;
  socket.end(`${head}Connection: close\r\n\r\n${text}`);
  const timer = setTimeout(() => socket.destroy(), 5000);
  socket.once('close', () => clearTimeout(timer));
}
