// SPDX-License-Identifier: Apache-2.0
// The path of a request before it is matched: absolute form, root path and doubled slashes are dealt with (rest-api.md §1-2).

/** A path ready for matching. */
export interface RequestPath {
  /** Begins with one slash; no slash is doubled. */
  readonly path: string;
  /** With its question mark; empty when there is none. */
  readonly query: string;
}

/**
 * @param target request target as the client sent it
 * @param rootPath normalised; requests are served with and without it
 */
export function requestPath(target: string, rootPath: string): RequestPath {
  const relative = target.replace(/^[a-z]+:\/\/[^/?]*/i, '');
  const question = relative.indexOf('?');
  const raw = question === -1 ? relative : relative.slice(0, question);
  const query = question === -1 ? '' : relative.slice(question);
  const path = `/${raw}`.replace(/\/{2,}/g, '/');
  const hasRoot = rootPath !== '' && (path === rootPath || path.startsWith(`${rootPath}/`));
  return { path: hasRoot ? path.slice(rootPath.length) || '/' : path, query };
}

/** The path without its final slashes; the root keeps its one. */
export function withoutFinalSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
