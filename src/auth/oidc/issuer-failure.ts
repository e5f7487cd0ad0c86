// SPDX-License-Identifier: Apache-2.0
// The error for an identity provider that cannot be asked: it says nothing about the token, so it is no refusal.
import { errorText, ImError } from '../../domain/index.js';
import { UnreachableError } from '../bounded-http.js';
import { providerText } from '../provider-text.js';
import { causeOf, harmlessCause, IssuerAnswerError } from './issuer-fetch.js';

/** @param secrets what was sent and must not come back in the text */
export function issuerFailure(issuer: string, error: unknown, secrets: readonly string[] = []): ImError {
  const answer = causeOf(error, IssuerAnswerError);
  const reason = answer
    ? `Code: ${answer.status}. Message: ${answer.body}`
    : errorText(causeOf(error, UnreachableError) ?? error);
  return new ImError(
    'provider',
    `The token cannot be checked: the OIDC issuer ${issuer} does not answer as it should ` +
      `(${providerText(reason, secrets)}). Try again later.`,
    { cause: harmlessCause(error) },
  );
}
