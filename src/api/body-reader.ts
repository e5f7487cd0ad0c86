// SPDX-License-Identifier: Apache-2.0
// Reads the body of a request into memory, never more of it than the limit.
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { badRequest, ImError } from '../domain/index.js';

const tooLarge = (limitBytes: number): ImError =>
  new ImError(
    'payload-too-large',
    `The request body is larger than ${limitBytes} bytes (option MAX_REQUEST_BODY_BYTES).`,
  );

/**
 * The bytes of a body.
 * @param isGzip unpacks it; the limit holds for what comes out as well
 * @throws ImError `payload-too-large`; `bad-request` when the client breaks off or the packed data is damaged
 */
export async function readBody(request: IncomingMessage, limitBytes: number, isGzip = false): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limitBytes) throw tooLarge(limitBytes);
  const chunks: Buffer[] = [];
  let size = 0;
  let packedSize = 0;
  if (isGzip) {
    request.on('data', (chunk: Buffer) => {
      packedSize += chunk.length;
    });
  }
  const stream: Readable = isGzip ? request.pipe(createGunzip()) : request;
  const onError = (error: Error): void => void stream.destroy(error);
  if (isGzip) request.once('error', onError);
  try {
    for await (const chunk of stream) {
      size += chunk.length;
      if (size > limitBytes || packedSize > limitBytes) throw tooLarge(limitBytes);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof ImError) throw error;
    throw badRequest(isGzip ? 'The body is not valid gzip data.' : 'The request body ended before it was complete.', {
      cause: error,
    });
  } finally {
    request.off('error', onError);
  }
  return Buffer.concat(chunks, size);
}

/**
 * The text of bytes that must be UTF-8; a byte order mark is dropped.
 * @returns undefined when they are not
 */
export function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
