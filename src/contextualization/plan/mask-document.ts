// SPDX-License-Identifier: Apache-2.0
// The document as recipes see it in IM_INFRASTRUCTURE_RADL: simple values, without the secrets in it (contextualization.md §9.2).
import type { JsonObject, JsonValue } from '../../radl/index.js';

const MASK = '********';

// `disk_0_os_credentials_password`, `...private_key`, `proxy_host` (may hold a password), `proxy_key`, `vault.password`, tokens.
const SECRET_KEY = /password|passwd|private_?key|secret|token|(^|[._])proxy_/i;

/** One declaration with secret values replaced by a mask, as plain objects ready for YAML. */
export function maskDocument(declaration: JsonObject): unknown {
  return plain(declaration);
}

function plain(value: JsonValue): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map(plain);
  return Object.fromEntries([...value].map(([key, item]) => [key, SECRET_KEY.test(key) ? MASK : plain(item)]));
}

function isList(value: readonly JsonValue[] | JsonObject): value is readonly JsonValue[] {
  return Array.isArray(value);
}
