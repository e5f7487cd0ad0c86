// SPDX-License-Identifier: Apache-2.0
// The verbs of the OAI-PMH protocol: what each one checks, in order, and what it answers (oidc-vault-oai-stats.md §7.3).
import { FORMATS, type MetadataFormat, metadataElement } from './formats.js';
import { ProtocolError } from './protocol-error.js';
import { EARLIEST_DATE, isCalendarDate, type TemplateRecord } from './template-record.js';
import { element, type XmlElement } from './xml.js';

/** Arguments of a request by name. */
export type OaiArguments = ReadonlyMap<string, string>;

/** What verbs work with. */
export interface VerbContext {
  readonly arguments: OaiArguments;
  /** Where the repository is reached. */
  readonly url: string;
  readonly repositoryName: string;
  readonly adminEmail: string;
  records(): Promise<readonly TemplateRecord[]>;
}

/** Children of the element that has the verb's name. @throws ProtocolError */
type Verb = (context: VerbContext) => Promise<readonly XmlElement[]>;

const header = ({ identifier, datestamp }: TemplateRecord): XmlElement =>
  element('header', [element('identifier', identifier), element('datestamp', datestamp)]);

const record = (template: TemplateRecord, format: MetadataFormat): XmlElement =>
  element('record', [header(template), element('metadata', [metadataElement(template, format)])]);

function formatOf({ arguments: given }: VerbContext): MetadataFormat {
  const format = FORMATS.get(given.get('metadataPrefix') ?? '');
  if (format === undefined) throw new ProtocolError('cannotDisseminateFormat');
  return format;
}

/** Records of a list request: the format, and the templates between the dates, both included. */
async function selected(
  context: VerbContext,
): Promise<{ readonly format: MetadataFormat; readonly templates: readonly TemplateRecord[] }> {
  const { arguments: given } = context;
  const [from, until] = [given.get('from'), given.get('until')];
  if (given.has('resumptionToken')) throw new ProtocolError('badResumptionToken');
  if (given.has('set')) throw new ProtocolError('noSetHierarchy');
  const areDates = [from, until].every((date) => date === undefined || isCalendarDate(date));
  if (!given.has('metadataPrefix') || !areDates) throw new ProtocolError('badArgument');
  const format = formatOf(context);
  const templates = (await context.records()).filter(
    ({ datestamp }) => (from === undefined || datestamp >= from) && (until === undefined || datestamp <= until),
  );
  if (templates.length === 0) throw new ProtocolError('noRecordsMatch');
  return { format, templates };
}

async function templateOf({ arguments: given, records }: VerbContext): Promise<TemplateRecord> {
  const template = (await records()).find(({ identifier }) => identifier === given.get('identifier'));
  if (template === undefined) throw new ProtocolError('idDoesNotExist');
  return template;
}

const identify: Verb = async ({ repositoryName, url, adminEmail }) => [
  element('repositoryName', repositoryName),
  element('baseURL', url),
  element('protocolVersion', '2.0'),
  element('earliestDatestamp', EARLIEST_DATE),
  element('deletedRecord', 'no'),
  element('granularity', 'YYYY-MM-DD'),
  element('adminEmail', adminEmail),
];

const listMetadataFormats: Verb = async (context) => {
  if (context.arguments.has('identifier')) await templateOf(context);
  return [...FORMATS.values()].map(({ prefix, schema, namespace }) =>
    element('metadataFormat', [
      element('metadataPrefix', prefix),
      element('schema', schema),
      element('metadataNamespace', namespace),
    ]),
  );
};

const listSets: Verb = async () => {
  throw new ProtocolError('noSetHierarchy');
};

const listIdentifiers: Verb = async (context) => (await selected(context)).templates.map(header);

const listRecords: Verb = async (context) => {
  const { format, templates } = await selected(context);
  return templates.map((template) => record(template, format));
};

const getRecord: Verb = async (context) => {
  const { arguments: given } = context;
  if (!given.has('identifier') || !given.has('metadataPrefix')) throw new ProtocolError('badArgument');
  const format = formatOf(context);
  return [record(await templateOf(context), format)];
};

/** The verbs by name. */
export const VERBS: ReadonlyMap<string, Verb> = new Map([
  ['Identify', identify],
  ['ListMetadataFormats', listMetadataFormats],
  ['ListSets', listSets],
  ['ListIdentifiers', listIdentifiers],
  ['ListRecords', listRecords],
  ['GetRecord', getRecord],
]);
