// SPDX-License-Identifier: Apache-2.0
// OAI-PMH 2.0 repository of template metadata: reads the request, frames the answer (oidc-vault-oai-stats.md §7.2).
import type { OaiRepository } from '../oai-repository.js';
import { ProtocolError } from './protocol-error.js';
import { createTemplateLibrary, type TemplateLibraryOptions } from './template-library.js';
import { type OaiArguments, VERBS } from './verbs.js';
import { element, printXml, type XmlElement } from './xml.js';

/** The options of the repository (configuration.md §2.7). */
export interface OaiSettings {
  readonly oaipmhRepoBaseIdentifierUrl: string;
  readonly oaipmhRepoName: string;
  readonly oaipmhRepoDescription: string;
  readonly oaipmhRepoAdminEmail: string;
}

/** What the repository needs from outside. */
export interface OaiOptions extends Omit<TemplateLibraryOptions, 'baseUrl'> {
  readonly settings: OaiSettings;
}

const ARGUMENTS = new Set(['verb', 'identifier', 'metadataPrefix', 'from', 'until', 'set', 'resumptionToken']);

/** Attributes of the request element in their order, and the arguments that they show. */
const REQUEST_ATTRIBUTES = [
  ['verb', 'verb'],
  ['metadataPrefix', 'metadataPrefix'],
  ['identifier', 'identifier'],
  ['from', 'from'],
  ['until', 'until'],
  ['setSpec', 'set'],
  ['resumptionToken', 'resumptionToken'],
] as const;

const ROOT_ATTRIBUTES = {
  'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
  'xsi:schemaLocation': 'http://www.openarchives.org/OAI/2.0/ http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd',
  xmlns: 'http://www.openarchives.org/OAI/2.0/',
};

/** Makes the repository; undefined unless base URL, name and description are all configured. */
export function createOaiRepository({ settings, ...outside }: OaiOptions): OaiRepository | undefined {
  const { oaipmhRepoBaseIdentifierUrl: baseUrl, oaipmhRepoName: repositoryName } = settings;
  if (baseUrl === '' || repositoryName === '' || settings.oaipmhRepoDescription === '') return undefined;
  const library = createTemplateLibrary({ ...outside, baseUrl });
  return {
    answer: async (parameters, url) => {
      const given: OaiArguments = new Map(parameters);
      const frame = (request: XmlElement, content: XmlElement): string => {
        const responseDate = new Date(outside.now()).toISOString().replace(/\.\d+/, '');
        return printXml(element('OAI-PMH', [element('responseDate', responseDate), request, content], ROOT_ATTRIBUTES));
      };
      const verb = given.get('verb') ?? '';
      const illegal = illegalRequest(parameters);
      if (illegal !== undefined) return frame(element('request', url), errorElement(illegal));
      const request = element('request', url, requestAttributes(given));
      try {
        const children = await VERBS.get(verb)?.({
          arguments: given,
          url,
          repositoryName,
          adminEmail: settings.oaipmhRepoAdminEmail,
          records: () => library.records(),
        });
        return frame(request, element(verb, children ?? []));
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        return frame(request, errorElement(error));
      }
    },
  };
}

/** What makes a request so wrong that the answer must not repeat its arguments. */
function illegalRequest(parameters: URLSearchParams): ProtocolError | undefined {
  const verbs = parameters.getAll('verb');
  if (verbs.length !== 1 || !VERBS.has(verbs[0] ?? '')) return new ProtocolError('badVerb');
  const names = [...parameters.keys()];
  const isIllegal = names.some((name) => !ARGUMENTS.has(name)) || new Set(names).size < names.length;
  return isIllegal ? new ProtocolError('badArgument') : undefined;
}

function requestAttributes(given: OaiArguments): Readonly<Record<string, string>> {
  return Object.fromEntries(
    REQUEST_ATTRIBUTES.flatMap(([attribute, argument]) => {
      const value = given.get(argument);
      // Lists of identifiers do not show it, as in the reference.
      const isHidden = attribute === 'setSpec' && given.get('verb') === 'ListIdentifiers';
      return value === undefined || isHidden ? [] : [[attribute, value]];
    }),
  );
}

const errorElement = (error: ProtocolError): XmlElement => element('error', error.message, { code: error.code });
