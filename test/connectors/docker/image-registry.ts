// SPDX-License-Identifier: Apache-2.0
// A read-only image registry with one small image, for real pulls without internet.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTar } from '../../../src/connectors/docker/tar.js';

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A running registry. */
export interface ImageRegistry {
  /** `localhost:PORT`; the engine speaks plain HTTP with registries of that name. */
  readonly host: string;
  /** Digest of the image. */
  readonly digest: string;
  /** Manifests that were asked for: one per pull. */
  readonly pulls: readonly string[];
  close(): Promise<void>;
}

/**
 * Starts a registry.
 * @param hasLayer false: the image is described, but its content is missing, so that a pull fails half-way
 */
export async function startRegistry(hasLayer: boolean): Promise<ImageRegistry> {
  // A file of its own makes each registry's image a different one.
  const layer = createTar([{ path: 'note', mode: 0o644, content: Buffer.from(`${Math.random()}`) }]);
  const rootfs = { type: 'layers', diff_ids: [digestOf(layer)] };
  const config = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs }));
  const describe = (mediaType: string, bytes: Buffer) => ({ mediaType, size: bytes.length, digest: digestOf(bytes) });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: describe('application/vnd.docker.container.image.v1+json', config),
      layers: [describe('application/vnd.docker.image.rootfs.diff.tar', layer)],
    }),
  );
  const blobs = new Map<string, Buffer>([[digestOf(config), config]]);
  if (hasLayer) blobs.set(digestOf(layer), layer);

  const pulls: string[] = [];
  const server = createServer(({ url = '', method }, outgoing) => {
    const [, kind, reference = ''] = /^\/v2\/team\/img\/(manifests|blobs)\/(.+)$/.exec(url) ?? [];
    const isManifest = kind === 'manifests' && (reference === '2' || reference === digestOf(manifest));
    if (isManifest) pulls.push(reference);
    const body = url === '/v2/' ? Buffer.from('{}') : isManifest ? manifest : blobs.get(reference);
    if (body === undefined) {
      outgoing.writeHead(404, { 'content-type': 'application/json' });
      outgoing.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"not here"}]}');
      return;
    }
    outgoing.writeHead(200, {
      'content-type': isManifest ? MANIFEST : 'application/octet-stream',
      'content-length': body.length,
      'docker-content-digest': digestOf(body),
      'docker-distribution-api-version': 'registry/2.0',
    });
    outgoing.end(method === 'HEAD' ? undefined : body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `localhost:${(server.address() as AddressInfo).port}`,
    digest: digestOf(manifest),
    pulls,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
