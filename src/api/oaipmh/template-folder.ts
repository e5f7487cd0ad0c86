// SPDX-License-Identifier: Apache-2.0
// Where the templates are: a folder of a GitHub repository, out of the base URL of the configuration (oidc-vault-oai-stats.md §7.1).
import { ImError } from '../../domain/index.js';

/** A folder of a GitHub repository. */
export interface TemplateFolder {
  /** Begins every record's identifier; ends with a slash. */
  readonly identifierBase: string;
  /** Answers with all files of the branch as JSON. */
  readonly treeUrl: string;
  /** Path inside the repository, with a final slash; empty for its root. */
  readonly path: string;
  /** Where the file with this path inside the repository is read. */
  fileUrl(path: string): string;
}

const unusable = (url: string): ImError =>
  new ImError(
    'provider',
    `The option OAIPMH_REPO_BASE_IDENTIFIER_URL must be a folder of GitHub ` +
      `(https://github.com/OWNER/REPOSITORY/blob/BRANCH/FOLDER/), not ${url.slice(0, 200)}`,
  );

/**
 * Reads the base URL in its two forms, that of the web pages and that of the raw files.
 * @throws ImError `provider` when it is neither
 */
export function templateFolder(baseUrl: string): TemplateFolder {
  const parsed = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  const parts = parsed?.pathname.split('/').filter((part) => part !== '') ?? [];
  const isPage = parsed?.hostname === 'github.com' && parts[2] === 'blob';
  const isRaw = parsed?.hostname === 'raw.githubusercontent.com';
  const [owner, repository, branch, ...folders] = isPage ? [...parts.slice(0, 2), ...parts.slice(3)] : parts;
  if ((!isPage && !isRaw) || owner === undefined || repository === undefined || branch === undefined) {
    throw unusable(baseUrl);
  }
  const fileBase = `https://raw.githubusercontent.com/${owner}/${repository}/${branch}/`;
  return {
    identifierBase: baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`,
    treeUrl: `https://api.github.com/repos/${owner}/${repository}/git/trees/${branch}?recursive=1`,
    // Paths of the tree are not percent-encoded, those of URLs are.
    path: folders.map((folder) => `${decoded(folder)}/`).join(''),
    fileUrl: (path) => fileBase + path.split('/').map(encodeURIComponent).join('/'),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray percent sign stands for itself
  }
}
