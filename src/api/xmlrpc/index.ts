// SPDX-License-Identifier: Apache-2.0
// The XML-RPC API as a server that the composition root starts and stops.
import { createListener, type Listener } from '../listener.js';
import type { XmlRpcDependencies } from './dependencies.js';
import { createXmlRpcHandler } from './handler.js';

export type { XmlRpcDependencies, XmlRpcSettings } from './dependencies.js';

/** Makes the server; it listens when told to. */
export function createXmlRpcServer(dependencies: XmlRpcDependencies): Listener {
  const { settings, readFile, logger } = dependencies;
  return createListener({
    name: 'XML-RPC API',
    portOption: 'XMLRCP_PORT',
    address: settings.xmlrpcAddress,
    port: settings.xmlrpcPort,
    handler: createXmlRpcHandler(dependencies),
    maxConnections: settings.maxConnections,
    readFile,
    logger,
    ...(settings.xmlrpcSsl && {
      tls: {
        keyFile: settings.xmlrpcSslKeyfile,
        certificateFile: settings.xmlrpcSslCertfile,
        authoritiesFile: settings.xmlrpcSslCaCerts,
        asksClientCertificate: true,
      },
    }),
  });
}
