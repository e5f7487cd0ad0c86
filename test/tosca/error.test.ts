// SPDX-License-Identifier: Apache-2.0
// Error texts for people: the text of the reference, and behind each finding its place and what was probably meant.
import { expect } from 'chai';
import { explainedText, parseTosca } from '../../src/tosca/index.js';
import { document, environment, toscaError } from './support.js';

const explain = async (text: string): Promise<string> =>
  explainedText(await toscaError(parseTosca(text, environment())));

describe('explained error texts', () => {
  it('name line, column and what was probably meant, for each finding', async () => {
    const text = document(
      '  inputs:\n    count: {type: integer}\n  node_templates:\n    a:\n      type: tosca.nodes.Compute\n      propertys: {}\n' +
        '  outputs:\n    x:\n      value: {get_input: coun}\n',
    );
    const [head, first, second, ...rest] = (await explain(text)).split('\n\n');
    expect(head).to.match(/^Error parsing TOSCA template: \n/);
    expect(first).to.equal(
      '\tUnknownFieldError: Node template "a" contains unknown field "propertys". Refer to the definition to verify valid values. (line 10, column 7; did you mean "properties"?)',
    );
    expect(second).to.equal('\tUnknownInputError: Unknown input "coun". (line 13, column 7; did you mean "count"?)');
    expect(rest).to.deep.equal([]);
  });

  it('say nothing more where there is nothing more to say', async () => {
    const error = await toscaError(parseTosca('- a\n', environment()));
    expect(explainedText(error)).to.equal(error.message);
  });
});
