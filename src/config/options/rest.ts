// SPDX-License-Identifier: Apache-2.0
// Options of the REST API (configuration.md §2.4).
import { boolean, example, integer, text } from '../option.js';

export const restOptions = {
  activateRest: boolean({ name: 'ACTIVATE_REST', default: true, help: 'Serves the REST API.' }),
  restPort: integer({
    name: 'REST_PORT',
    unit: 'TCP port',
    default: 8800,
    min: 0,
    max: 65535,
    help: 'Port of the REST API. 0: any free port.',
  }),
  restAddress: text({
    name: 'REST_ADDRESS',
    default: '0.0.0.0',
    emptyMeansDefault: true,
    help: 'Address on which the REST API listens; 127.0.0.1 for this host only, :: for IPv6 too.',
  }),
  restSsl: boolean({ name: 'REST_SSL', default: false, help: 'Serves the REST API over TLS.' }),
  restSslKeyfile: text({
    name: 'REST_SSL_KEYFILE',
    unit: 'path',
    default: '/etc/im/pki/server-key.pem',
    help: 'Private key (PEM) of the REST API.',
  }),
  restSslCertfile: text({
    name: 'REST_SSL_CERTFILE',
    unit: 'path',
    default: '/etc/im/pki/server-cert.pem',
    help: 'Certificate (PEM) of the REST API, followed by its chain.',
  }),
  restSslCaCerts: text({
    name: 'REST_SSL_CA_CERTS',
    unit: 'path',
    default: '/etc/im/pki/ca-chain.pem',
    help: 'Certificates (PEM) of the authorities. A missing file is only reported.',
  }),
  restRootPath: text({
    name: 'REST_ROOT_PATH',
    unit: 'URL path',
    default: '/',
    emptyMeansDefault: true,
    help: 'Path under which a proxy publishes the REST API; it appears in the URLs of the answers.',
  }),
  serviceUrl: text({
    name: 'SERVICE_URL',
    unit: 'URL',
    default: '',
    help:
      'Base URL under which machines reach the REST API: for VM_TAG_IM_URL, and for machines without public network, which call home ' +
      '(SSH_REVERSE_TUNNELS). Empty: that of the request; over XML-RPC, which has none, machines cannot call home.',
    shipped: example('https://im.example.org/im'),
  }),
  restMaxBlockingCalls: integer({
    name: 'REST_MAX_BLOCKING_CALLS',
    unit: 'calls',
    default: 32,
    min: 1,
    help: 'Calls that work at the same time; further ones wait in line.',
  }),
  restBlockingCallTimeout: integer({
    name: 'REST_BLOCKING_CALL_TIMEOUT',
    unit: 'seconds',
    default: 0,
    help: 'Time after which a call is answered with 504 while its work goes on. 0 or less: never.',
  }),
  enableCors: boolean({
    name: 'ENABLE_CORS',
    default: false,
    help: 'Lets web pages of other origins call the REST API.',
  }),
  corsOrigin: text({
    name: 'CORS_ORIGIN',
    default: '*',
    emptyMeansDefault: true,
    help: 'Origins that ENABLE_CORS lets in.',
  }),
};
