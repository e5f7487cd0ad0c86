// SPDX-License-Identifier: Apache-2.0
// The owners in a record of grycap/im: its InfrastructureManager items (persistence.md §5, auth.md §8).
import { isJsonObject, type JsonObject, type JsonValue, type Owner } from '../../domain/index.js';
import { parseJson } from './json.js';

const OWN_TYPE = 'InfrastructureManager';
const OIDC_PREFIX = '__OPENID__';

/**
 * Owners of the list of items, or of its JSON text. Credentials of clouds, which the oldest records have among them, own nothing, and
 * neither do items without a name.
 * @throws SyntaxError when the text is no JSON
 */
export function readOwners(value: JsonValue | undefined): readonly Owner[] {
  const items = typeof value === 'string' && value.trim() !== '' ? parseJson(value) : value;
  return (Array.isArray(items) ? items : []).flatMap((item: JsonValue) => {
    const owner = isJsonObject(item) && (item.type ?? OWN_TYPE) === OWN_TYPE ? ownerOf(item) : undefined;
    return owner === undefined ? [] : [owner];
  });
}

function ownerOf({ username, password, token }: JsonObject): Owner | undefined {
  const person = typeof token === 'string' && !isText(password) ? personOf(token) : undefined;
  const name = isText(username) ? username : person?.username;
  const secret = person?.password ?? (typeof password === 'string' ? password : undefined);
  return name === undefined
    ? undefined
    : {
        username: name,
        ...(secret !== undefined && { password: secret }),
        ...(typeof token === 'string' && { token }),
      };
}

const isText = (value: JsonValue | undefined): value is string => typeof value === 'string' && value !== '';

/** Whom a stored token was made for, where the record does not say it: it was checked when it was stored. */
function personOf(token: string): { readonly username: string; readonly password: string } | undefined {
  let claims: JsonValue;
  try {
    claims = parseJson(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
  if (!isJsonObject(claims) || !isText(claims.iss) || !isText(claims.sub)) {
    return undefined;
  }
  const name = [claims.preferred_username, claims.name, claims.sub].find(isText) ?? claims.sub;
  return { username: `${OIDC_PREFIX}${name}`, password: `${claims.iss.replace(/\/?$/, '/')}${claims.sub}` };
}
