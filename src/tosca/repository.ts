// SPDX-License-Identifier: Apache-2.0
// The `repositories` of a document: checks, and the URL behind a name (spec tosca 4.2, 8.9).
import type { Findings } from './error.js';
import { checkFields } from './unknown-field.js';
import { asMap, asText, isMap, namedEntries, type Value, type ValueMap } from './value.js';

/** Repository bodies by name. */
export type Repositories = ValueMap;

const FIELDS = new Set(['url', 'description', 'credential']);

/** The URL of a repository, trimmed and without trailing slashes; undefined when there is none. */
export function repositoryUrl(repositories: Repositories, name: string): string | undefined {
  const body = repositories.get(name);
  const url = asText(body) ?? asText(asMap(body).get('url'));
  return url?.trim().replace(/\/{1,100}$/, '');
}

/** A file in a repository, or the file alone when it names none. */
export function fileUrl(repositories: Repositories, file: string, repository: Value | undefined): string {
  const name = asText(repository);
  const base = name === undefined ? undefined : repositoryUrl(repositories, name);
  return base === undefined ? file : `${base}/${file}`;
}

/** Whether the text has a scheme and a host. */
export function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#]+/i.test(text) || /^file:/i.test(text);
}

/** Whether the text is an http or https URL: all that is ever fetched. */
export function isWebUrl(text: string): boolean {
  return /^https?:\/\/[^/?#]+/i.test(text) && URL.canParse(text);
}

/** Checks the section. */
export function checkRepositories(findings: Findings, repositories: Repositories): void {
  for (const [name, body] of namedEntries(repositories)) {
    const path = ['repositories', name];
    if (isMap(body)) {
      checkFields(findings, `repositories "${name}"`, body, FIELDS, path);
      if (asText(body.get('url')) === undefined) {
        findings.add('MissingRequiredFieldError', `Repository "${name}" is missing required field "url".`, { path });
        continue;
      }
    }
    if (!isWebUrl(repositoryUrl(repositories, name) ?? '')) {
      findings.add('URLException', `repsositories "${name}" Invalid Url`, { path });
    }
  }
}
