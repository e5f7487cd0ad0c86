// SPDX-License-Identifier: Apache-2.0
// Documents of single VMs: what of the infrastructure goes with them.
import { expect } from 'chai';
import { PartsBySystem, vmDocument, withConfiguration } from '../../../src/operations/index.js';
import { parseRadl, printRadl, type Radl } from '../../../src/radl/index.js';

const INFRASTRUCTURE = `description whole (name = 'it')
network net ()
system front (cpu.count = 1)
system wn (cpu.count = 2)
configure front (
@begin
- tasks: []
@end
)
configure wn (
@begin
- tasks: []
@end
)
configure boot (
@begin
packages: [vim]
@end
)
contextualize (
  system front configure front step 1
  system wn configure boot with cloud_init
  system wn configure wn step 2
)
deploy front 1
deploy wn 2
deploy wn 3
`;

const names = (list: readonly { readonly name: string }[]): readonly string[] => list.map(({ name }) => name);

describe('the document of a VM', () => {
  const infrastructure = parseRadl(INFRASTRUCTURE);
  const documentOf = (name: string): Radl => vmDocument(infrastructure, infrastructure.getSystem(name)!);

  it('can hold all recipes and deploys of the infrastructure', () => {
    const full = withConfiguration(documentOf('wn'), infrastructure);
    expect(names(full.systems)).to.deep.equal(['wn']);
    expect(names(full.configures)).to.deep.equal(['front', 'wn', 'boot']);
    expect(full.deploys).to.have.length(3);
  });

  it('can hold only what concerns its system, and stays as it was itself', () => {
    const document = documentOf('wn');
    const before = printRadl(document);
    const own = new PartsBySystem(infrastructure).addTo(document);
    expect(own.description?.name).to.equal('whole');
    expect(names(own.systems)).to.deep.equal(['wn']);
    expect(names(own.configures)).to.have.members(['wn', 'boot']);
    expect(own.contextualize.items?.map(({ configure }) => configure)).to.deep.equal(['boot', 'wn']);
    expect(own.deploys.map(({ system }) => system)).to.deep.equal(['wn']);
    expect(printRadl(document)).to.equal(before);
  });

  it('keeps the difference between no contextualize section, an empty one, and none of its own', () => {
    const partsOf = (text: string) => {
      const radl = parseRadl(text);
      return new PartsBySystem(radl).addTo(vmDocument(radl, radl.getSystem('a')!)).contextualize.items;
    };
    const systems = 'system a (cpu.count = 1)\nsystem b (cpu.count = 1)\n';
    expect(partsOf(`${systems}deploy a 1`)).to.equal(undefined);
    expect(partsOf(`${systems}contextualize ()\ndeploy a 1`)).to.deep.equal([]);
    expect(partsOf(`${systems}contextualize (system b configure b step 1)\ndeploy a 1`)).to.deep.equal([]);
  });
});
