// SPDX-License-Identifier: Apache-2.0
// BOOT_MODE over every function of both APIs: 1 lets nothing change, 2 lets infrastructures go (core.md §5.3).
import { expect } from 'chai';
import { parseRadl } from '../../../src/radl/index.js';
import { MemoryCloud } from '../../support/memory-cloud.js';
import { callOf, demolish, type House, startHouse } from '../../support/operations-house.js';
import { type RestService, startRest } from '../rest/rest-service.js';
import { type Door, restDoors, xmlRpcDoors } from './doors.js';

const DOCUMENT = `network pub (outbound = 'yes')
system node (net_interface.0.connection = 'pub' and disk.0.image.url = 'mem://1')
deploy node 1
`;

/** With the parameters of the tests, these take the infrastructure away. */
const DELETIONS: readonly string[] = [
  'DELETE /infrastructures/{infId}',
  'GET /infrastructures/{infId}/data',
  'PUT /leftovers/sweep',
  'XML-RPC DestroyInfrastructure',
  'XML-RPC ExportInfrastructure',
];

const isDeletion = ({ name }: Door): boolean => DELETIONS.includes(name);
const isRead = ({ name }: Door): boolean => /^(GET |XML-RPC (Get|Estimate))/.test(name) && !DELETIONS.includes(name);

describe('BOOT_MODE', () => {
  let house: House;
  let service: RestService;
  let id: string;

  const start = async (bootMode: 0 | 1 | 2, directory?: string): Promise<readonly Door[]> => {
    house = await startHouse({
      types: [new MemoryCloud().connectorType()],
      bootMode,
      ...(directory !== undefined && { directory }),
    });
    service = await startRest({}, { manager: house.manager });
    const target = () => ({ infrastructureId: id, document: DOCUMENT, cloudId: 'mem' });
    return [...(await restDoors(service, target)), ...xmlRpcDoors(house.manager, target)].filter(
      ({ isPublic }) => !isPublic,
    );
  };
  beforeEach(async () => {
    await start(0);
    ({ infrastructureId: id } = await house.manager.createInfrastructure(callOf(), parseRadl(DOCUMENT), {
      isAsync: false,
    }));
    await service.stop();
    await house.stop();
  });
  afterEach(async () => {
    await service.stop();
    await demolish(house);
  });

  const isDisabled = async ({ api, knock }: Door): Promise<boolean> => {
    const { text, status } = await knock(callOf().items);
    const isSaid = text.includes('Function currently disabled.');
    if (isSaid && api === 'rest') expect(status).to.equal(403);
    return isSaid;
  };

  for (const mode of [1, 2] as const) {
    it(`${mode} disables whatever changes something${mode === 2 ? ', but deleting' : ''}`, async () => {
      const doors = await start(mode, house.directory);
      const ordered = [...doors.filter((door) => !isDeletion(door)), ...doors.filter(isDeletion)];
      expect(doors.filter((door) => !isRead(door)).length).to.be.greaterThan(25);
      for (const door of ordered) {
        const isExpected = !isRead(door) && !(mode === 2 && isDeletion(door));
        expect(await isDisabled(door), `${door.name} in mode ${mode}`).to.equal(isExpected);
      }
    });
  }

  it('1 says nothing to strangers that it does not say to owners', async () => {
    const doors = await start(1, house.directory);
    for (const door of doors.filter((candidate) => !isRead(candidate) && candidate.isOfInfrastructure)) {
      const { text } = await door.knock([{ type: 'InfrastructureManager', username: 'eva', password: 'x' }]);
      expect(text, door.name).to.contain('Function currently disabled.');
    }
  });
});
