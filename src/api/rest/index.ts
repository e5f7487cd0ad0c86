// SPDX-License-Identifier: Apache-2.0
// The REST API as a server that the composition root starts and stops.
import { createListener, type Listener } from '../listener.js';
import { createApp } from './app.js';
import type { RestDependencies } from './dependencies.js';

export type { ListenAddress } from '../listener.js';
export type { RestDependencies, RestSettings } from './dependencies.js';
export { openApiDocument } from './openapi.js';

/** Makes the server; it listens when told to. */
export function createRestServer(dependencies: RestDependencies): Listener {
  const { settings, readFile, logger } = dependencies;
  return createListener({
    name: 'REST API',
    portOption: 'REST_PORT',
    address: settings.restAddress,
    port: settings.restPort,
    handler: createApp(dependencies),
    maxConnections: settings.maxConnections,
    readFile,
    logger,
    ...(settings.restSsl && {
      tls: {
        keyFile: settings.restSslKeyfile,
        certificateFile: settings.restSslCertfile,
        authoritiesFile: settings.restSslCaCerts,
        asksClientCertificate: false,
      },
    }),
  });
}
