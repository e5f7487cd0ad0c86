// SPDX-License-Identifier: Apache-2.0
// Writing documents: text form, JSON form, the inventory variant and the stored form.
import { expect } from 'chai';
import {
  deserializeRadl,
  inventoryJson,
  type JsonValue,
  parseRadl,
  parseRadlJson,
  printRadl,
  serializeRadl,
  stringifyJsonValue,
  stringifyRadlJson,
} from '../../src/radl/index.js';
import { errorOf } from './support.js';

const EXAMPLE = `description lab (name = 'My lab')
network pub ( outbound = 'yes' and
outports = '22,80-8080' )
system web (
cpu.count >= 2 and
cpu.count <= 8 and
memory.size >= 2G and
disk.0.applications contains (name = 'nginx' and
version = '1.24') and
soft 10 ( price <= 0.1 ) and
disk.0.image.url = ['one://h/1','ost://k/2']
)

configure web (
@begin

- tasks: []

@end
)
contextualize 600 (
option ansible_version = '8.0'
system web configure web step 1 
)
deploy web 2 cloudA`;

describe('text form', () => {
  it('of the example of the specification is exact', () => {
    const text = EXAMPLE.replace('@begin\n\n- tasks: []\n\n@end', '@begin\n- tasks: []\n@end');
    expect(printRadl(parseRadl(text))).to.equal(EXAMPLE);
  });

  it('keeps the blanks of references and empty sections', () => {
    expect(printRadl(parseRadl('network a system b configure c'))).to.equal('network a \nsystem b \nconfigure c\n');
    expect(printRadl(parseRadl('network a () system b () configure c ()'))).to.equal(
      'network a (  )\nsystem b (\n\n)\n\nconfigure c ()\n',
    );
    expect(printRadl(parseRadl('deploy a 3'))).to.equal('\ndeploy a 3');
    expect(printRadl(parseRadl('contextualize 300 ()'))).to.equal('contextualize ()');
    expect(printRadl(parseRadl("contextualize (option a = 'b')"))).to.equal("contextualize  (\noption a = 'b'\n\n)");
  });

  it('writes fractions without exponent', () => {
    const text = 'a = 0.00005 and b = 123456789012345678.0 and c = 1.50 and d = 100000000000000000000000.0';
    expect(printRadl(parseRadl(`network n (${text})`))).to.equal(
      'network n ( a = 0.00005 and\nb = 123456789012345680.0 and\nc = 1.5 and\nd = 100000000000000000000000.0 )\n',
    );
  });

  it('escapes single quotes in texts and lists', () => {
    const text = printRadl(parseRadl(`network n (a = "it's" and b = ["q'q"])`));
    expect(text).to.equal("network n ( a = 'it\\'s' and\nb = ['q\\'q'] )\n");
    expect(printRadl(parseRadl(text))).to.equal(text);
  });
});

describe('JSON form', () => {
  const compact = (text: string) => stringifyRadlJson(parseRadl(text), 'compact');

  it('writes exact values, bounds, lists, groups and softs in base units', () => {
    expect(
      compact(
        "system s (m >= 1M and m <= 1G and w >= 5 and w <= 5 and f = 2.5GB and l = ['a'] and e = 1.5G and e >= 1500M and soft 2 (a = 1) and c contains (name = 'x' and v < 3))",
      ),
    ).to.equal(
      '[{"class":"system","id":"s","m_min":1000000,"m_max":1000000000,"w":5,"f":2500000000.0,"l":["a"],"e":1500000000,' +
        '"softs":[{"weight":2,"items":{"a":1}}],"c":[{"name":"x","v_max":3}]}]',
    );
  });

  it('orders the classes, and leaves out what is unset', () => {
    expect(compact('deploy s 1 system s contextualize () network n configure c () ansible h ()')).to.equal(
      '[{"class":"ansible","id":"h"},{"class":"network","id":"n","reference":true},{"class":"system","id":"s","reference":true},' +
        '{"class":"configure","id":"c","recipes":null},{"class":"deploy","system":"s","vm_number":1},{"class":"contextualize"}]',
    );
    expect(compact("description d (name = 'x') network n ()")).to.equal(
      '[{"class":"network","id":"n"},{"class":"description","id":"d","name":"x"}]',
    );
  });

  it('pretty layout sorts keys by character and indents, ASCII only', () => {
    const json = new Map<string, JsonValue>([
      ['\u{1f600}', 1n],
      ['\uffff', 2],
      ['a', '\u007f\u2028"\\/\n'],
    ]);
    expect(stringifyJsonValue(json, 'pretty')).to.equal(
      '{\n  "a": "\\u007f\\u2028\\"\\\\/\\n",\n  "\\uffff": 2.0,\n  "\\ud83d\\ude00": 1\n}',
    );
    expect(stringifyJsonValue({ a: [], b: {}, c: undefined, d: null, e: true }, 'pretty')).to.equal(
      '{\n  "a": [],\n  "b": {},\n  "d": null,\n  "e": true\n}',
    );
  });

  it('writes numbers as the reference does', () => {
    const numbers = [1e20, 1e16, 9999999999999998, 0.0001, 0.00009, 1.5e-7, -0, 10n ** 30n, 2];
    expect(stringifyJsonValue(numbers, 'compact')).to.equal(
      '[1e+20,1e+16,9999999999999998.0,0.0001,9e-05,1.5e-07,-0.0,1000000000000000000000000000000,2.0]',
    );
    expect(() => stringifyJsonValue(Number.NaN, 'compact')).to.throw(RangeError);
  });

  it('of the inventory has networks, systems and deploys with _ in top-level keys', () => {
    const radl = parseRadl(
      'system s (cpu.count >= 1 and disk.0.applications contains (a.b = 1)) configure s () deploy s 1 network n',
    );
    expect(stringifyJsonValue(inventoryJson(radl), 'compact')).to.equal(
      '[{"class":"network","id":"n","reference":true},{"class":"system","id":"s","cpu_count_min":1,"disk_0_applications":[{"a.b":1}]},' +
        '{"class":"deploy","system":"s","vm_number":1}]',
    );
  });
});

describe('reading JSON', () => {
  const text = (json: string) => printRadl(parseRadlJson(json));
  const system = (members: string) => text(`[{"class":"system","id":"s",${members}}]`);

  it('makes features of members in key order, also 1 and __proto__', () => {
    expect(system('"b":1,"1":2.0,"__proto__":"x","a":[ "p" ],"x_min":3,"y_max":1e2,"name_min":"t"')).to.equal(
      "system s (\nb = 1 and\n1 = 2.0 and\n__proto__ = 'x' and\na = ['p'] and\nx >= 3 and\ny <= 100.0 and\nname_min = 't'\n)\n\n",
    );
  });

  it('keeps all digits and the last of duplicate keys', () => {
    expect(system('"a":123456789012345678901234567890,"b":"x","b":"y"')).to.equal(
      "system s (\na = 123456789012345678901234567890 and\nb = 'y'\n)\n\n",
    );
  });

  it('reads groups, softs, empty lists and booleans', () => {
    expect(
      system(
        '"apps":[{"name":"a"},{"name":"b","v_min":1}],"softs":[{"weight":2,"items":{"x":1}},{"weight":3}],"disk.0.image.url":[],"none":[],"flag":true,"one":{"name":"z"}',
      ),
    ).to.equal(
      "system s (\napps contains (name = 'a') and\napps contains (name = 'b' and\nv >= 1) and\nsoft 2 ( x = 1 ) and\nsoft 3 (  ) and\n" +
        "disk.0.image.url = [''] and\nflag = 'true' and\none contains (name = 'z')\n)\n\n",
    );
    const json = '[{"class":"system","id":"s","flag":true,"off":false}]';
    expect(stringifyRadlJson(parseRadlJson(json), 'compact')).to.equal(json);
  });

  it('reads references, recipes, deploys, contextualize and a lone description', () => {
    expect(
      text(
        '[{"class":"network","id":"n","reference":true},{"class":"network","id":"m","reference":false,"a":1},{"class":"configure","id":"c","recipes":null},' +
          '{"class":"deploy","system":"s","vm_number":2,"cloud":""},{"class":"contextualize","items":[{"system":"s","configure":"c","step":0,"ctxt_tool":""}]}]',
      ),
    ).to.equal(
      'network n \nnetwork m ( a = 1 )\nconfigure c ()\ncontextualize  (\nsystem s configure c  \n)\ndeploy s 2',
    );
    expect(text('[{"class":"description","id":"d"}]')).to.equal('description d ()\n');
    for (const empty of ['[]', '{}', '""', ' [ ] ']) expect(text(empty)).to.equal('');
  });

  const wrong: Readonly<Record<string, RegExp>> = {
    '[{"class":"machine","id":"s"}]': /^Invalid class 'machine'$/,
    '[{"class":"constructor","id":"s"}]': /^Invalid class 'constructor'$/,
    '[{"id":"s"}]': /^Missing 'class'/,
    '[{"class":"system"}]': /^Missing or invalid 'id'/,
    '[{"class":"system","id":""}]': /^Empty 'id'/,
    '[{"class":"ansible","id":"h","reference":true}]': /cannot be a reference/,
    '[{"class":"configure","id":"c"}]': /^Missing or invalid 'recipes'/,
    '[{"class":"configure","id":"c","recipes":"a: ["}]': /^Error parsing YAML: /,
    '[{"class":"deploy","system":"s"}]': /^Missing or invalid 'vm_number'/,
    '[{"class":"contextualize","max_time":"5"}]': /^Invalid 'max_time'/,
    '[{"class":"contextualize","items":[{"system":"s"}]}]': /^Missing or invalid 'configure'/,
    '[{"class":"system","id":"s","x":[1,2]}]': /^Invalid type; expected a list of features$/,
    '[{"class":"system","id":"s","x":null}]': /^Invalid value in property 'x'/,
    '[{"class":"system","id":"s"},{"class":"system","id":"s"}]': /^Aspect with the same id was found\.$/,
    '[{"class":"system","id":"s","x":"a","x_min":5}]': /^Conflict adding `x >= 5` because `x = 'a'` is already set/,
    '{"a":1}': /list of objects/,
    '3': /list of objects/,
    '[[]]': /object with a 'class'/,
    '': /^Invalid JSON at line 1, column 1: expected a value/,
    '[{': /^Invalid JSON at line 1, column 3: expected a key/,
    '[1,]': /^Invalid JSON at line 1, column 4/,
    '[NaN]': /^Invalid JSON/,
    '[1e999]': /^Invalid JSON.*a fraction of at most/,
    '["\\x"]': /an escape sequence/,
    '["a\nb"]': /at the end of the text/,
    '[01]': /',' or '\]'/,
  };
  for (const [json, message] of Object.entries(wrong)) {
    it(`refuses ${json}`, () => {
      expect(errorOf(() => parseRadlJson(json)).message).to.match(message);
    });
  }

  it('reports what is wrong with each element', () => {
    const error = errorOf(() => parseRadlJson('[{"class":"x"},{"class":"system"},{"class":"network","id":"n"}]'));
    expect(error.problems).to.have.length(2);
  });

  it('is bounded in depth', () => {
    expect(errorOf(() => parseRadlJson('['.repeat(100_000))).message).to.contain('nested');
    expect(errorOf(() => parseRadlJson(`[{"class":"system","id":"s","a":${'9'.repeat(5000)}}]`)).message).to.contain(
      'digits',
    );
  });
});

describe('stored form', () => {
  it('keeps operators, units, kinds of numbers, bounds and recipes', () => {
    const text =
      "description d (name = 'x') network n ansible h (host = 'h') system s (m >= 512M and m <= 1GiB and v >= '1' and f = 2.0 and i = 99999999999999999999 and " +
      "x = 2 and x >= 2 and l = [] and soft 1.5 (a < 1) and c contains (name = 'q' and z > 3)) configure a () configure b configure c (\n@begin\n- x: '\u{1f600}'\n@end\n) " +
      'deploy s 2 c deploy s 2.5 contextualize 7 (option o >= 3 system s configure a with cloud_init)';
    const radl = parseRadl(text);
    const copy = deserializeRadl(serializeRadl(radl));
    expect(printRadl(copy)).to.equal(printRadl(radl));
    expect(stringifyRadlJson(copy, 'compact')).to.equal(stringifyRadlJson(radl, 'compact'));
    expect(serializeRadl(copy)).to.equal(serializeRadl(radl));
  });

  it('keeps what only JSON can say', () => {
    const json =
      '[{"class":"system","id":"with space","__proto__":true,"":"z","n":-3,"d":-0.0},{"class":"deploy","system":"s","vm_number":"2"},{"class":"deploy","system":"s","vm_number":null}]';
    const radl = parseRadlJson(json);
    expect(stringifyRadlJson(deserializeRadl(serializeRadl(radl)), 'compact')).to.equal(
      stringifyRadlJson(radl, 'compact'),
    );
  });

  it('keeps absent, empty and filled contextualize apart', () => {
    for (const text of [
      '',
      'contextualize ()',
      "contextualize (option a = 'b')",
      'contextualize (system a configure b)',
    ]) {
      expect(deserializeRadl(serializeRadl(parseRadl(text))).contextualize).to.have.property('maxTime', 0);
      expect(printRadl(deserializeRadl(serializeRadl(parseRadl(text))))).to.equal(printRadl(parseRadl(text)));
    }
  });

  it('costs little for small documents', () => {
    const text = "system s (cpu.count = 2 and memory.size = 512M and disk.0.os.name = 'linux')";
    expect(serializeRadl(parseRadl(text)).length).to.be.lessThan(2 * text.length);
  });

  it('refuses anything else without quoting it', () => {
    const valid = serializeRadl(parseRadl("system s (password = 'TopSecret' and n = 1)"));
    const broken = [
      '',
      '{',
      '[]',
      'null',
      '{"radl":2}',
      '{"radl":1}',
      valid.slice(0, -1),
      valid.replace('[]', '3'),
      valid.replace('1]', '1.5]'),
    ];
    for (const text of broken) {
      const error = errorOf(() => deserializeRadl(text));
      expect(error.message, text).to.match(/^Malformed stored RADL document/);
      expect(error.message).not.to.contain('TopSecret');
    }
  });
});
