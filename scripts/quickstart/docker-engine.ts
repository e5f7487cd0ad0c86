// SPDX-License-Identifier: Apache-2.0
// A few calls of the Docker API for set-up and tests, so that neither needs the engine's command line client.
import { createReadStream } from 'node:fs';
import { type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { isRecord, member, parseJson } from './json.js';

const DEFAULT_ENGINE_HOST = 'unix:///var/run/docker.sock';

/** A request to the engine; `body` is JSON unless it is a stream, which is sent as a tar file. */
interface EngineRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly timeoutMs?: number;
}

/** The engine's address: `DOCKER_HOST` of the environment, else the usual socket. */
export function engineHost(environment: Readonly<Record<string, string | undefined>>): string {
  const host = environment.DOCKER_HOST;
  return host === undefined || host === '' ? DEFAULT_ENGINE_HOST : host;
}

/** Client of one engine. Every call has a time limit (30 s unless told). Errors name the call and hold the engine's own message. */
export class DockerEngine {
  constructor(readonly host: string = DEFAULT_ENGINE_HOST) {}

  /** Why no engine can be used here, or undefined when one answers within 5 s. */
  async problem(): Promise<string | undefined> {
    try {
      await this.call({ method: 'GET', path: '/_ping', timeoutMs: 5000 });
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Answer of a call as text; fails on any status of 400 and above. */
  async call(call: EngineRequest): Promise<string> {
    const answer = await this.open(call);
    const content = await text(answer);
    const status = answer.statusCode ?? 0;
    if (status >= 400) throw new EngineError(call, status, content);
    return content;
  }

  /** Answer of a call as JSON. */
  async callJson(call: EngineRequest): Promise<unknown> {
    return parseJson(await this.call(call));
  }

  /** Sends a call whose answer is a stream of JSON lines (pull, build, import); gives each line's object to `onLine`. */
  async stream(call: EngineRequest, onLine: (line: Readonly<Record<string, unknown>>) => void): Promise<void> {
    const answer = await this.open(call);
    const status = answer.statusCode ?? 0;
    if (status >= 400) throw new EngineError(call, status, await text(answer));
    for await (const line of linesOf(answer)) {
      const value = parseJson(line);
      if (!isRecord(value)) continue;
      if (typeof value.error === 'string') throw new EngineError(call, status, value.error);
      onLine(value);
    }
  }

  /** Labels of a local image, or undefined when there is no such image. */
  async imageLabels(name: string): Promise<ReadonlyMap<string, string> | undefined> {
    const image = await this.image(name);
    if (image === undefined) return undefined;
    const labels = member(image, 'Config', 'Labels');
    return new Map(Object.entries(isRecord(labels) ? labels : {}).map(([key, value]) => [key, String(value)]));
  }

  /** Id of a local image, or undefined when there is no such image. */
  async imageId(name: string): Promise<string | undefined> {
    const id = member(await this.image(name), 'Id');
    return typeof id === 'string' ? id : undefined;
  }

  /** Removes an image by id; one that containers still use stays. */
  async removeImage(id: string): Promise<void> {
    await this.ignoring([404, 409], { method: 'DELETE', path: `/images/${id}` });
  }

  /** A call whose refusal with one of these statuses is as good as success. */
  async ignoring(statuses: readonly number[], call: EngineRequest): Promise<void> {
    try {
      await this.call(call);
    } catch (error) {
      if (!(error instanceof EngineError && statuses.includes(error.status))) throw error;
    }
  }

  private async image(name: string): Promise<unknown> {
    try {
      return await this.callJson({ method: 'GET', path: `/images/${encodeURIComponent(name)}/json` });
    } catch (error) {
      if (error instanceof EngineError && error.status === 404) return undefined;
      throw error;
    }
  }

  private open(call: EngineRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const outgoing = request({ ...this.target(call.path), method: call.method }, resolve);
      outgoing.setTimeout(call.timeoutMs ?? 30_000, () => outgoing.destroy(new Error('no answer in time')));
      outgoing.on('error', (error) => {
        const where = `the container engine at ${this.host} failed in ${call.method} ${call.path}`;
        reject(new Error(`${where}: ${error.message}`, { cause: error }));
      });
      send(outgoing, call.body);
    });
  }

  private target(path: string): RequestOptions {
    if (this.host.startsWith('unix://')) {
      return { socketPath: this.host.slice('unix://'.length).replace(/^\/*/, '/'), path };
    }
    const url = new URL(this.host.replace(/^tcp:/, 'http:'));
    return { hostname: url.hostname, port: url.port === '' ? '2375' : url.port, path };
  }
}

/** The engine refused a call. */
export class EngineError extends Error {
  constructor(
    call: EngineRequest,
    readonly status: number,
    content: string,
  ) {
    const value = parseJson(content);
    const message = isRecord(value) && typeof value.message === 'string' ? value.message : content.trim();
    super(`container engine, ${call.method} ${call.path}: ${message}`);
  }
}

/** A tar file as the body of a call. */
export function tarFile(path: string): Readable {
  return createReadStream(path);
}

function send(outgoing: ClientRequest, body: unknown): void {
  if (isReadable(body)) {
    outgoing.setHeader('content-type', 'application/x-tar');
    body.on('error', (error) => outgoing.destroy(error));
    body.pipe(outgoing);
  } else if (body === undefined) {
    outgoing.end();
  } else {
    outgoing.setHeader('content-type', 'application/json');
    outgoing.end(JSON.stringify(body));
  }
}

function isReadable(value: unknown): value is Readable {
  return typeof value === 'object' && value !== null && 'pipe' in value;
}

async function* linesOf(answer: IncomingMessage): AsyncGenerator<string> {
  answer.setEncoding('utf8');
  let rest = '';
  for await (const chunk of answer) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line.trim() !== '');
  }
  if (rest.trim() !== '') yield rest;
}
