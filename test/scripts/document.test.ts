// SPDX-License-Identifier: Apache-2.0
// The example documents are valid RADL with valid recipes, and the quickstart fills them in correctly.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { fillInputs, movePublishedPort } from '../../scripts/quickstart/document.js';
import { checkRadl, parseRadl } from '../../src/radl/index.js';
import { loadYaml } from '../../src/yaml.js';

const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url));
const example = (name: string): string => readFileSync(path.join(EXAMPLES, name), 'utf8');
const HOST_INPUTS = new Map([
  ['ssh_port', '8822'],
  ['service_port', '8000'],
  ['user', 'cloud'],
  ['private_key', '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbg==\n-----END OPENSSH PRIVATE KEY-----\n'],
]);

describe('an input mark of a document', () => {
  it('is replaced wherever it is', () => {
    expect(
      fillInputs(
        "a = '@input.x@' and b = @input.x@ @input.y@",
        new Map([
          ['x', '$1'],
          ['y', '2'],
        ]),
      ),
    ).to.equal("a = '$1' and b = $1 2");
  });

  it('without a value is an error that names it', () => {
    expect(() => fillInputs('@input.user@', new Map())).to.throw('@input.user@');
  });
});

describe('a published port of a document', () => {
  const document = "network public ( outbound = 'yes' and outports = '2222-22,8080-8000' )";

  it('moves to another host port', () => {
    expect(movePublishedPort(document, 8080, 8081, 8000)).to.equal(document.replace('8080-8000', '8081-8000'));
  });

  it('stays when it need not move', () => {
    expect(movePublishedPort(document, 8080, 8080, 8000)).to.equal(document);
  });

  it('that is not there is an error', () => {
    expect(() => movePublishedPort(document, 80, 81, 8000)).to.throw('no outport 80-8000');
  });
});

describe('the examples', () => {
  for (const name of readdirSync(EXAMPLES).filter((file) => file.endsWith('.radl'))) {
    it(`${name} is valid, and its recipes are lists of plays`, () => {
      const radl = parseRadl(fillInputs(example(name), HOST_INPUTS));
      checkRadl(radl);
      for (const configure of radl.configures) {
        const plays = loadYaml(configure.recipe ?? '');
        expect(plays, `${name}, configure ${configure.name}`).to.be.an('array').that.is.not.empty;
      }
    });
  }

  it('quickstart.radl publishes the port that the quickstart moves when it is taken', () => {
    expect(() => movePublishedPort(example('quickstart.radl'), 8080, 9090, 8000)).not.to.throw();
  });
});
