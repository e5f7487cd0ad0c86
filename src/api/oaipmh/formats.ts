// SPDX-License-Identifier: Apache-2.0
// The metadata formats of the repository, and how the fields of a template become their elements (oidc-vault-oai-stats.md §7.4).
import type { TemplateRecord } from './template-record.js';
import { element, type XmlElement } from './xml.js';

const DC = 'http://purl.org/dc/elements/1.1/';
const OAI_DC = 'http://www.openarchives.org/OAI/2.0/oai_dc/';
const DATACITE = 'http://datacite.org/schema/kernel-4';
const OAIRE = 'http://namespace.openaire.eu/schema/oaire/';

/** Makes the element of one value. */
type Field = (value: string) => XmlElement;

/** A metadata format. */
export interface MetadataFormat {
  readonly prefix: string;
  readonly schema: string;
  readonly namespace: string;
  /** The element that holds all others. */
  readonly root: string;
  /** Namespaces by the names that the elements use. */
  readonly namespaces: Readonly<Record<string, string>>;
  /** By metadata key; others are not published. */
  readonly fields: ReadonlyMap<string, Field>;
}

const plain =
  (name: string, attributes: Readonly<Record<string, string>> = {}): Field =>
  (value) =>
    element(name, value, attributes);

const RIGHTS = plain('datacite:rights', { rightsURI: 'http://purl.org/coar/access_right/c_abf2' });

/** The same in every format. */
const COMMON: readonly (readonly [string, Field])[] = [
  ['publisher', plain('dc:publisher')],
  ['format', plain('dc:format')],
  ['description', plain('dc:description')],
];

/** The same in the first two formats. */
const DUBLIN_CORE: readonly (readonly [string, Field])[] = [
  ['display_name', plain('dc:title')],
  ['template_author', plain('dc:creator')],
  ['creation_date', plain('dc:date')],
  ['resource_type', plain('dc:resourceType')],
  ['identifier', plain('dc:identifier')],
];

/** The formats by their prefix, in the order in which they are listed. */
export const FORMATS: ReadonlyMap<string, MetadataFormat> = new Map(
  [
    {
      prefix: 'oai_dc',
      schema: 'http://www.openarchives.org/OAI/2.0/oai_dc.xsd',
      namespace: OAI_DC,
      root: 'oai_dc:dc',
      namespaces: { oai_dc: OAI_DC, dc: DC },
      fields: new Map<string, Field>([
        ...COMMON,
        ...DUBLIN_CORE,
        ['rights', plain('dc:rights')],
        ['template_version', plain('dc:version')],
        ['tag', plain('dc:subject')],
      ]),
    },
    {
      prefix: 'oai_openaire',
      schema: 'https://www.openaire.eu/schema/1.0/oaf-1.0.xsd',
      namespace: OAIRE,
      root: 'oaire:resource',
      namespaces: { dc: DC, datacite: DATACITE, oaire: OAIRE },
      fields: new Map<string, Field>([
        ...COMMON,
        ...DUBLIN_CORE,
        ['rights', RIGHTS],
        ['template_version', plain('oaire:version')],
        ['subject', plain('oaire:subject')],
      ]),
    },
    {
      prefix: 'oai_datacite',
      schema: 'https://schema.datacite.org/meta/kernel-4.3/metadata.xsd',
      namespace: DATACITE,
      root: 'datacite:resource',
      namespaces: { dc: DC, datacite: DATACITE },
      fields: new Map<string, Field>([
        ...COMMON,
        ['display_name', plain('datacite:title')],
        ['template_author', (value) => element('datacite:creator', [element('datacite:creatorName', value)])],
        ['creation_date', plain('datacite:date', { dateType: 'Issued' })],
        [
          'resource_type',
          plain('ns0:resourceType', {
            'xmlns:ns0': OAIRE,
            resourceTypeGeneral: 'software',
            uri: 'http://purl.org/coar/resource_type/c_5ce6',
          }),
        ],
        ['identifier', plain('datacite:identifier', { identifierType: 'URN' })],
        ['rights', RIGHTS],
        ['template_version', plain('dc:version')],
        [
          'related_identifier',
          plain('datacite:relatedIdentifier', { relatedIdentifierType: 'DOI', relationType: 'isContinuedBy' }),
        ],
      ]),
    },
  ].map((format) => [format.prefix, format]),
);

/** The metadata of a template in a format. */
export function metadataElement({ fields }: TemplateRecord, format: MetadataFormat): XmlElement {
  const children = [...fields].flatMap(([key, values]) => {
    const field = format.fields.get(key);
    return field === undefined ? [] : values.map(field);
  });
  const namespaces = Object.entries(format.namespaces).map(([name, uri]) => [`xmlns:${name}`, uri]);
  return element(format.root, children, {
    ...Object.fromEntries(namespaces),
    'xsi:schemaLocation': `${format.namespace} ${format.schema}`,
  });
}
