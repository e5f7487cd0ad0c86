// SPDX-License-Identifier: Apache-2.0
// The OAI-PMH repository over a GitHub that is only remembered: verbs, formats, bad files, caching.
import { expect } from 'chai';
import type { OaiRepository } from '../../../src/api/oai-repository.js';
import { createOaiRepository, type OaiSettings } from '../../../src/api/oaipmh/index.js';
import { silentLogger } from '../../../src/util/logger.js';
import { failureOf } from '../../support/waiting.js';

const BASE = 'https://github.com/acme/tpl/blob/main/some%20dir/';
const RAW = 'https://raw.githubusercontent.com/acme/tpl/main/some%20dir/';
const TREE = 'https://api.github.com/repos/acme/tpl/git/trees/main?recursive=1';
const URL_OF_SERVICE = 'http://im.example/oai';

const SETTINGS: OaiSettings = {
  oaipmhRepoBaseIdentifierUrl: BASE,
  oaipmhRepoName: 'Repo <1> & more',
  oaipmhRepoDescription: 'templates',
  oaipmhRepoAdminEmail: 'me@x',
};

const NEW = `metadata:
  display_name: "A < B & \\"C\\""
  creation_date: 2024-02-29
  template_version: 1.0
  template_author: [Ann, Bob]
  rights: secret
  unknown_key: x
  related_identifier: 10.1/2
`;

const GITHUB = new Map([
  [
    TREE,
    JSON.stringify({
      tree: [
        { path: 'some dir', type: 'tree' },
        { path: 'some dir/new.yaml', type: 'blob' },
        { path: 'some dir/sub/old.yaml', type: 'blob' },
        { path: 'some dir/icon.png', type: 'blob' },
        { path: 'some dir/no-metadata.yaml', type: 'blob' },
        { path: 'some dir/broken.yaml', type: 'blob' },
        { path: 'some dir/missing.yaml', type: 'blob' },
        { path: 'some dirt/other.yaml', type: 'blob' },
        { path: 7 },
      ],
    }),
  ],
  [`${RAW}new.yaml`, NEW],
  [`${RAW}sub/old.yaml`, 'metadata: {display_name: Old, creation_date: whenever}\n'],
  [`${RAW}no-metadata.yaml`, 'topology_template: {}\n'],
  [`${RAW}broken.yaml`, 'metadata: [}\n'],
]);

describe('the OAI-PMH repository', () => {
  let fetched: string[];
  let github: Map<string, string>;
  let now: number;
  let repository: OaiRepository;

  const make = (settings: Partial<OaiSettings> = {}): OaiRepository | undefined =>
    createOaiRepository({
      settings: { ...SETTINGS, ...settings },
      fetchText: async (url) => {
        fetched.push(url);
        const text = github.get(url);
        if (text === undefined) throw new Error(`Cannot fetch ${url}: Not Found`);
        return text;
      },
      now: () => now,
      logger: silentLogger,
    });
  const ask = (query: string): Promise<string> => repository.answer(new URLSearchParams(query), URL_OF_SERVICE);
  const errorOf = async (query: string): Promise<string | undefined> =>
    /<error code="(\w+)">/.exec(await ask(query))?.[1];

  beforeEach(() => {
    fetched = [];
    github = new Map(GITHUB);
    now = Date.UTC(2026, 10, 20, 8, 56, 30, 123);
    const made = make();
    if (!made) throw new Error('it is enabled');
    repository = made;
  });

  it('needs base URL, name and description', () => {
    for (const name of ['oaipmhRepoBaseIdentifierUrl', 'oaipmhRepoName', 'oaipmhRepoDescription'] as const) {
      expect(make({ [name]: '' }), name).to.equal(undefined);
    }
    expect(make({ oaipmhRepoAdminEmail: '' })).not.to.equal(undefined);
  });

  it('identifies itself without asking GitHub', async () => {
    expect(
      await ask('verb=Identify'),
    ).to.equal(`<OAI-PMH xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/ http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd" xmlns="http://www.openarchives.org/OAI/2.0/">
  <responseDate>2026-11-20T08:56:30Z</responseDate>
  <request verb="Identify">http://im.example/oai</request>
  <Identify>
    <repositoryName>Repo &lt;1&gt; &amp; more</repositoryName>
    <baseURL>http://im.example/oai</baseURL>
    <protocolVersion>2.0</protocolVersion>
    <earliestDatestamp>2000-01-01</earliestDatestamp>
    <deletedRecord>no</deletedRecord>
    <granularity>YYYY-MM-DD</granularity>
    <adminEmail>me@x</adminEmail>
  </Identify>
</OAI-PMH>
`);
    expect(fetched).to.deep.equal([]);
  });

  it('lists what is a template below the folder, and leaves out everything else', async () => {
    const text = await ask('verb=ListIdentifiers&metadataPrefix=oai_dc');
    const identifiers = [...text.matchAll(/<identifier>(.*)<\/identifier>/g)].map(([, identifier]) => identifier);
    expect(identifiers).to.deep.equal([`${BASE}new.yaml`, `${BASE}sub/old.yaml`]);
    expect(fetched).not.to.include(`${RAW}icon.png`);
  });

  it('dates templates that have no date 2000-01-01, in every verb', async () => {
    for (const verb of [
      'ListIdentifiers',
      'ListRecords',
      `GetRecord&identifier=${encodeURIComponent(BASE)}sub/old.yaml`,
    ]) {
      const dates = (await ask(`verb=${verb}&metadataPrefix=oai_dc`)).match(/<datestamp>.*<\/datestamp>/g);
      expect(dates?.at(-1), verb).to.equal('<datestamp>2000-01-01</datestamp>');
    }
  });

  it('writes the fields in the order of the template, as texts, several values one by one', async () => {
    const text = await ask(`verb=GetRecord&metadataPrefix=oai_dc&identifier=${encodeURIComponent(BASE)}new.yaml`);
    expect(text.match(/<dc:.*>/g)?.map((line) => line.trim())).to.deep.equal([
      '<dc:title>A &lt; B &amp; "C"</dc:title>',
      '<dc:date>2024-02-29</dc:date>',
      '<dc:version>1.0</dc:version>',
      '<dc:creator>Ann</dc:creator>',
      '<dc:creator>Bob</dc:creator>',
      '<dc:rights>openaccess</dc:rights>',
      `<dc:identifier>${BASE}new.yaml</dc:identifier>`,
      '<dc:resourceType>software</dc:resourceType>',
    ]);
  });

  it('writes each format with its own elements', async () => {
    const record = (prefix: string) =>
      ask(`verb=GetRecord&metadataPrefix=${prefix}&identifier=${encodeURIComponent(BASE)}new.yaml`);
    expect(await record('oai_openaire')).to.contain('<oaire:version>1.0</oaire:version>');
    const datacite = await record('oai_datacite');
    expect(datacite).to.contain('<datacite:creatorName>Ann</datacite:creatorName>');
    expect(datacite).to.contain('relatedIdentifierType="DOI" relationType="isContinuedBy">10.1/2<');
  });

  it('selects by date, both ends included', async () => {
    const found = async (range: string): Promise<number> =>
      (await ask(`verb=ListIdentifiers&metadataPrefix=oai_dc&${range}`)).match(/<header>/g)?.length ?? 0;
    expect(await found('from=2024-02-29')).to.equal(1);
    expect(await found('until=2024-02-29')).to.equal(2);
    expect(await found('until=2024-02-28')).to.equal(1);
    expect(await found('from=2024-03-01')).to.equal(0);
  });

  const list = 'verb=ListRecords&metadataPrefix=oai_dc';
  const errors: readonly (readonly [string, string])[] = [
    ['', 'badVerb'],
    ['verb=identify', 'badVerb'],
    ['verb=Identify&verb=Identify', 'badVerb'],
    ['verb=Other&colour=red', 'badVerb'],
    ['verb=Identify&colour=red', 'badArgument'],
    [`${list}&from=2024-01-01&from=2024-01-02`, 'badArgument'],
    ['verb=ListSets', 'noSetHierarchy'],
    [`${list}&set=a&resumptionToken=t`, 'badResumptionToken'],
    ['verb=ListRecords&set=a', 'noSetHierarchy'],
    ['verb=ListRecords', 'badArgument'],
    [`${list}&from=2024-1-1`, 'badArgument'],
    [`${list}&until=2023-02-29`, 'badArgument'],
    ['verb=ListIdentifiers&metadataPrefix=marc', 'cannotDisseminateFormat'],
    [`${list}&from=2030-01-01`, 'noRecordsMatch'],
    ['verb=GetRecord&metadataPrefix=oai_dc', 'badArgument'],
    ['verb=GetRecord&metadataPrefix=marc&identifier=x', 'cannotDisseminateFormat'],
    ['verb=GetRecord&metadataPrefix=oai_dc&identifier=x', 'idDoesNotExist'],
    ['verb=ListMetadataFormats&identifier=x', 'idDoesNotExist'],
  ];
  for (const [query, code] of errors) {
    it(`answers "${query}" with ${code}`, async () => {
      expect(await errorOf(query)).to.equal(code);
    });
  }

  it('repeats no argument of an illegal request, and escapes those of the others', async () => {
    expect(await ask('verb=Identify&x=1')).to.contain('<request>http');
    const text = await ask('verb=GetRecord&metadataPrefix=oai_dc&identifier="><evil/>');
    expect(text).to.contain('identifier="&quot;&gt;&lt;evil/&gt;"').and.not.to.contain('<evil');
  });

  it('asks GitHub once an hour, however many come at the same time', async () => {
    github.set(`${RAW}missing.yaml`, 'metadata: {display_name: Back}\n');
    await Promise.all([ask(list), ask(list), ask(list)]);
    const once = fetched.length;
    expect(fetched.filter((url) => url === TREE)).to.have.length(1);
    now += 3_599_000;
    await ask(list);
    expect(fetched).to.have.length(once);
    now += 2000;
    await ask(list);
    expect(fetched).to.have.length(2 * once);
  });

  it('asks again soon for templates that could not be read', async () => {
    expect(await ask(list)).not.to.contain('Back');
    github.set(`${RAW}missing.yaml`, 'metadata: {display_name: Back}\n');
    now += 61_000;
    expect(await ask(list)).to.contain('Back');
  });

  it('publishes what it knew when GitHub fails, and says what is wrong when it knows nothing', async () => {
    await ask(list);
    github.clear();
    now += 4_000_000;
    expect(await ask(list)).to.contain('new.yaml');
    const other = make();
    const error = await failureOf(other?.answer(new URLSearchParams(list), URL_OF_SERVICE) ?? Promise.resolve());
    expect(error.message).to.contain('Cannot fetch https://api.github.com/');
  });

  it('takes the raw form of the folder, and no other place', async () => {
    github.set(`https://raw.githubusercontent.com/acme/tpl/main/some%20dir/new.yaml`, NEW);
    const raw = make({ oaipmhRepoBaseIdentifierUrl: RAW.slice(0, -1) });
    expect(await raw?.answer(new URLSearchParams(list), URL_OF_SERVICE)).to.contain(`<identifier>${RAW}new.yaml<`);
    const other = make({ oaipmhRepoBaseIdentifierUrl: 'https://gitlab.com/acme/tpl/blob/main/x/' });
    const error = await failureOf(other?.answer(new URLSearchParams(list), URL_OF_SERVICE) ?? Promise.resolve());
    expect(error.message).to.contain('OAIPMH_REPO_BASE_IDENTIFIER_URL must be a folder of GitHub');
  });
});
