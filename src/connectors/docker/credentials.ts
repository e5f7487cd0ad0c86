// SPDX-License-Identifier: Apache-2.0
// From an authorization item to the address of a Docker engine (docker.md §1).

import { badRequest, type CloudCredential } from '../../domain/index.js';
import { trimEndOf } from '../../util/trim-text.js';
import { socketPath } from '../shared/choose-credential.js';
import { incompleteAuthData } from '../shared/cloud-errors.js';
import type { HttpEndpoint } from '../shared/http.js';
import { isSwitchedOff } from '../shared/switched-off.js';

/** An engine: how to call it, and where its published ports are. */
export interface DockerEndpoint {
  readonly http: HttpEndpoint;
  /** Host name or address of a remote engine; undefined for an engine behind a socket of this host. */
  readonly server: string | undefined;
}

const PLAIN_PORT = 2375;
const TLS_PORT = 2376;

/**
 * Reads the credential: `http://host` (port 2375), `https://host` (2376), `tcp://host` and bare hosts (TLS when a client certificate is
 * given), `unix://var/run/docker.sock` and `unix:///var/run/docker.sock`.
 * @param isVerifiedByDefault VERIFI_SSL; `verify = false` in the item switches the check off for this cloud
 * @throws ImError `bad-request` without host or with a scheme that is none of these
 */
export function dockerEndpoint(cloud: CloudCredential, isVerifiedByDefault: boolean): DockerEndpoint {
  if (cloud.protocol === 'unix') return unixEndpoint(cloud);
  if (cloud.server === '') throw incompleteAuthData('Docker', 'host');

  const certificate = cloud.item.public_key ?? '';
  const privateKey = cloud.item.private_key ?? '';
  const hasClientCertificate = certificate !== '' && privateKey !== '';
  const isTls = usesTls(cloud, hasClientCertificate);
  const port = cloud.port === -1 ? (isTls ? TLS_PORT : PLAIN_PORT) : cloud.port;
  const host = cloud.server.includes(':') ? `[${cloud.server}]` : cloud.server;
  const origin = `${isTls ? 'https' : 'http'}://${host}:${port}`;
  return {
    server: cloud.server,
    http: {
      origin,
      name: `the Docker engine at ${origin}`,
      pathPrefix: trimEndOf(cloud.path, '/'),
      ...(isTls && {
        tls: {
          isVerified: isVerifiedByDefault && !isSwitchedOff(cloud.item.verify),
          ...(hasClientCertificate && { certificate, privateKey }),
        },
      }),
    },
  };
}

function unixEndpoint(cloud: CloudCredential): DockerEndpoint {
  const path = socketPath(cloud);
  if (path === '' || path === '/') throw incompleteAuthData('Docker', 'host (unix:///path/of/docker.sock)');
  return {
    server: undefined,
    http: { origin: 'http://localhost', socketPath: path, name: `the Docker engine at unix://${path}` },
  };
}

function usesTls(cloud: CloudCredential, hasClientCertificate: boolean): boolean {
  switch (cloud.protocol) {
    case 'https':
      return true;
    case 'http':
      return false;
    case 'tcp':
    case '':
      return hasClientCertificate;
    default:
      throw badRequest(
        `The host of Docker cloud ${cloud.id} starts with ${cloud.protocol}://; use http://, https:// or unix://.`,
      );
  }
}
