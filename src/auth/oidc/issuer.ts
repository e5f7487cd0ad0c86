// SPDX-License-Identifier: Apache-2.0
// One identity provider: its discovery document, and what can be asked of it about a token (oidc-vault-oai-stats.md §1).
import * as openid from 'openid-client';
import { ImError } from '../../domain/index.js';
import type { Logger } from '../../util/logger.js';
import { providerText } from '../provider-text.js';
import { refused, type TokenClaims } from '../token.js';
import { issuerFailure } from './issuer-failure.js';
import { causeOf, harmlessCause, IssuerAnswerError, type IssuerFetch } from './issuer-fetch.js';
import { createSignatureCheck, type SignatureCheck } from './signature.js';

// Our own fetch ends earlier, with a better text.
const LIBRARY_TIMEOUT_SECONDS = 15;

/** Credentials of this service at an issuer. */
export interface ClientCredentials {
  readonly id: string;
  readonly secret: string;
}

/** What is needed to talk to issuers. */
export interface IssuerOptions {
  readonly fetch: IssuerFetch;
  /** Absent: introspection is not possible. */
  readonly client?: ClientCredentials;
  readonly logger: Logger;
}

/** An issuer whose discovery document is known. */
export interface Issuer {
  /**
   * Claims about the user to whom the token belongs.
   * @param subject of the token; undefined when the token names none
   * @throws ImError `invalid-credentials` when the issuer refuses the token, `provider` when it cannot be asked
   */
  userinfo(token: string, subject: string | undefined): Promise<TokenClaims>;
  /**
   * What the issuer says about the token.
   * @throws ImError `invalid-credentials` when it is not active, `provider` when the issuer cannot be asked
   */
  introspect(token: string): Promise<TokenClaims>;
  /** Checks the signature with the published keys of the issuer. */
  readonly verifySignature: SignatureCheck;
  readonly hasUserinfo: boolean;
}

/**
 * Reads the discovery document.
 * @throws ImError `provider` when it cannot be read, or when it is that of another issuer
 */
export async function discoverIssuer(issuer: string, options: IssuerOptions): Promise<Issuer> {
  const { fetch, client } = options;
  try {
    const found = await openid.discovery(
      new URL(issuer),
      client?.id ?? 'infrastructure-manager',
      undefined,
      undefined,
      {
        [openid.customFetch]: fetch,
        timeout: LIBRARY_TIMEOUT_SECONDS,
        // Our fetch decides where TLS is needed.
        execute: [openid.allowInsecureRequests],
      },
    );
    return issuerOf(issuer, found.serverMetadata(), options);
  } catch (error) {
    throw error instanceof ImError ? error : issuerFailure(issuer, error);
  }
}

function issuerOf(issuer: string, metadata: openid.ServerMetadata, { fetch, client, logger }: IssuerOptions): Issuer {
  const configured = (authentication: openid.ClientAuth): openid.Configuration => {
    const configuration = new openid.Configuration(
      metadata,
      client?.id ?? 'infrastructure-manager',
      undefined,
      authentication,
    );
    configuration[openid.customFetch] = fetch;
    configuration.timeout = LIBRARY_TIMEOUT_SECONDS;
    openid.allowInsecureRequests(configuration);
    return configuration;
  };
  const plain = configured(openid.None());
  const secrets = (token: string): readonly string[] => [token, ...(client ? writtenSecrets(client) : [])];
  const waysIn = client ? clientAuthentications(client).map(configured) : [];
  let preferred = 0;

  const introspectAs = async (way: number, token: string): Promise<TokenClaims> => {
    const configuration = waysIn[way];
    if (!configuration) throw new ImError('internal', `No client credentials for introspection at ${issuer}.`);
    try {
      const claims = await openid.tokenIntrospection(configuration, token, { token_type_hint: 'access_token' });
      preferred = way;
      return { ...claims };
    } catch (error) {
      const status = causeOf(error, IssuerAnswerError)?.status;
      if ((status === 400 || status === 401) && way + 1 < waysIn.length) return introspectAs(way + 1, token);
      throw error;
    }
  };

  return {
    hasUserinfo: metadata.userinfo_endpoint !== undefined,
    verifySignature: createSignatureCheck({ issuer, jwksUri: metadata.jwks_uri, fetch }),
    userinfo: async (token, subject) => {
      if (metadata.userinfo_endpoint === undefined) {
        throw issuerFailure(issuer, new Error('it has no userinfo_endpoint'));
      }
      try {
        return { ...(await openid.fetchUserInfo(plain, token, subject ?? openid.skipSubjectCheck)) };
      } catch (error) {
        const answer = causeOf(error, IssuerAnswerError);
        if (answer && !answer.isOutage) {
          // Two full stops, as clients know it.
          throw refused(
            `Code: ${answer.status}. Message: ${providerText(answer.body, secrets(token))}..`,
            harmlessCause(error),
          );
        }
        if (error instanceof openid.ClientError && error.code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED') {
          throw refused('The user information is about another subject than the token.', harmlessCause(error));
        }
        throw issuerFailure(issuer, error, secrets(token));
      }
    },
    introspect: async (token) => {
      if (metadata.introspection_endpoint === undefined) {
        throw issuerFailure(issuer, new Error('it has no introspection_endpoint'));
      }
      try {
        const claims = await introspectAs(preferred, token);
        if (claims.active === true) return claims;
      } catch (error) {
        const answer = causeOf(error, IssuerAnswerError);
        if (!answer || answer.isOutage) throw issuerFailure(issuer, error, secrets(token));
        logger.warn(
          `The OIDC issuer ${issuer} answers ${answer.status} to the introspection of a token ` +
            `(${providerText(answer.body, secrets(token))}): check OIDC_CLIENT_ID and OIDC_CLIENT_SECRET.`,
        );
      }
      throw refused('Invalid token or Client credentials.');
    },
  };
}

/** The client secret in the forms in which it travels, and in which an answer may repeat it. */
function writtenSecrets({ id, secret }: ClientCredentials): readonly string[] {
  const encode = (text: string): string =>
    encodeURIComponent(text)
      .replace(/[-_.!~*'()]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
      .replaceAll('%20', '+');
  return [
    Buffer.from(`${id}:${secret}`).toString('base64'),
    Buffer.from(`${encode(id)}:${encode(secret)}`).toString('base64'),
    secret,
    encode(secret),
  ];
}

/** RFC 6749 §2.3.1 wants id and secret form-encoded; issuers that do not decode them get them as they are. */
function clientAuthentications({ id, secret }: ClientCredentials): readonly openid.ClientAuth[] {
  const encoded = openid.ClientSecretBasic(secret);
  if (/^[A-Za-z0-9]*$/.test(id + secret)) return [encoded];
  const raw: openid.ClientAuth = (_server, _client, _body, headers) => {
    headers.set('authorization', `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`);
  };
  return [encoded, raw];
}
