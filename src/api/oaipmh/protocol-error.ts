// SPDX-License-Identifier: Apache-2.0
// Errors of the OAI-PMH protocol with its standard sentences (oidc-vault-oai-stats.md §7.3).

const TEXTS = {
  badVerb:
    'Value of the verb argument is not a legal OAI-PMH verb, the verb argument is missing, or the verb argument is ' +
    'repeated.',
  badArgument:
    'The request includes illegal arguments, is missing required arguments, includes a repeated argument, or values ' +
    'for arguments have an illegal syntax.',
  cannotDisseminateFormat:
    'The metadata format identified by the value given for the metadataPrefix argument is not supported by the item ' +
    'or by the repository.',
  idDoesNotExist: 'The value of the identifier argument is unknown or illegal in this repository.',
  badResumptionToken: 'The value of the resumptionToken argument is invalid or expired.',
  noRecordsMatch:
    'The combination of the values of the from, until, set, and metadataPrefix arguments results in an empty list.',
  noSetHierarchy: 'The repository does not support sets',
} as const;

/** Codes of the protocol. */
export type ProtocolErrorCode = keyof typeof TEXTS;

/** A request that the protocol answers with an error element, and status 200 like everything else. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code: ProtocolErrorCode;

  constructor(code: ProtocolErrorCode) {
    super(TEXTS[code]);
    this.code = code;
  }
}
