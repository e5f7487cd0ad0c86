// SPDX-License-Identifier: Apache-2.0
// Options of the XML-RPC API (configuration.md §2.5), whose historic names are misspelt.
import { boolean, integer, text } from '../option.js';

export const xmlrpcOptions = {
  activateXmlrpc: boolean({ name: 'ACTIVATE_XMLRPC', default: true, help: 'Serves the XML-RPC API.' }),
  xmlrpcPort: integer({
    name: 'XMLRCP_PORT',
    aliases: ['XMLRPC_PORT'],
    unit: 'TCP port',
    default: 8899,
    min: 0,
    max: 65535,
    help: 'Port of the XML-RPC API. 0: any free port.',
  }),
  xmlrpcAddress: text({
    name: 'XMLRCP_ADDRESS',
    aliases: ['XMLRPC_ADDRESS'],
    default: '0.0.0.0',
    emptyMeansDefault: true,
    help: 'Address on which the XML-RPC API listens.',
  }),
  xmlrpcSsl: boolean({
    name: 'XMLRCP_SSL',
    aliases: ['XMLRPC_SSL'],
    default: false,
    help: 'Serves the XML-RPC API over TLS.',
  }),
  xmlrpcSslKeyfile: text({
    name: 'XMLRCP_SSL_KEYFILE',
    aliases: ['XMLRPC_SSL_KEYFILE'],
    unit: 'path',
    default: '/etc/im/pki/server-key.pem',
    help: 'Private key (PEM) of the XML-RPC API.',
  }),
  xmlrpcSslCertfile: text({
    name: 'XMLRCP_SSL_CERTFILE',
    aliases: ['XMLRPC_SSL_CERTFILE'],
    unit: 'path',
    default: '/etc/im/pki/server-cert.pem',
    help: 'Certificate (PEM) of the XML-RPC API, followed by its chain.',
  }),
  xmlrpcSslCaCerts: text({
    name: 'XMLRCP_SSL_CA_CERTS',
    aliases: ['XMLRPC_SSL_CA_CERTS'],
    unit: 'path',
    default: '/etc/im/pki/ca-chain.pem',
    help: 'Certificates (PEM) of the authorities. A missing file is only reported.',
  }),
  vmInfoJson: boolean({
    name: 'VMINFO_JSON',
    default: false,
    help: 'GetVMInfo answers RADL in its JSON form instead of its text form.',
  }),
};
