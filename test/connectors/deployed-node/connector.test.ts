// SPDX-License-Identifier: Apache-2.0
// The connector of existing machines (deployednode.md §5; the numbers are those of its list).
import { expect } from 'chai';
import { builtInConnectorTypes, type CloudConnector, createConnectorRegistry } from '../../../src/connectors/index.js';
import { parseRadl, printRadl } from '../../../src/radl/index.js';
import { describeConnectorContract } from '../connector-contract.js';
import {
  alterWith,
  cloud,
  connectorEnvironment,
  failure,
  launchOk,
  launchRequest,
  never,
  recordingLogger,
  vmReference,
} from '../support.js';

const connect = (logger = recordingLogger().logger): CloudConnector =>
  createConnectorRegistry(connectorEnvironment({}, logger), builtInConnectorTypes).connect(cloud('DeployedNode'));

const node = (features: string): string => `network net (outbound = 'yes')
system node (net_interface.0.connection = 'net'${features === '' ? '' : ` and ${features}`})`;
const WITH_PASSWORD = node(
  "net_interface.0.ip = '192.0.2.9' and disk.0.os.credentials.username = 'ubuntu' and disk.0.os.credentials.password = 'pw'",
);

describeConnectorContract({ name: 'DeployedNode', connect: () => connect(), radl: WITH_PASSWORD });

describe('DeployedNode connector', () => {
  const candidates = async (radl: string) => connect().candidates(parseRadl(radl).systems[0]!, never);

  it('takes a machine with address, user and password (1) or private key (2), without image (6)', async () => {
    expect((await candidates(WITH_PASSWORD)).candidates).to.have.length(1);
    const withKey = node(
      "net_interface.0.ip = '192.0.2.9' and disk.0.os.credentials.username = 'u' and disk.0.os.credentials.private_key = 'k'",
    );
    expect((await candidates(withKey)).candidates).to.have.length(1);
  });

  it('does not look at the image (6)', async () => {
    const withImage = WITH_PASSWORD.replace(/\)$/, " and disk.0.image.url = 'one://any/thing')");
    expect((await candidates(withImage)).candidates).to.have.length(1);
  });

  it('refuses a machine without password and key (3), without address (4), without user (5), and says what is missing', async () => {
    const cases = [
      ["net_interface.0.ip = '192.0.2.9' and disk.0.os.credentials.username = 'u'", 'password'],
      ["disk.0.os.credentials.username = 'u' and disk.0.os.credentials.password = 'p'", 'net_interface.0.ip'],
      ["net_interface.0.ip = '192.0.2.9' and disk.0.os.credentials.password = 'p'", 'username'],
      [
        "net_interface.0.ip = '' and disk.0.os.credentials.username = 'u' and disk.0.os.credentials.password = 'p'",
        'ip',
      ],
    ] as const;
    for (const [features, missing] of cases) {
      const list = await candidates(node(features));
      expect(list.candidates).to.deep.equal([]);
      expect(list.refusals.join()).to.contain(missing);
    }
  });

  it('shows the document as the user wrote it, with state and provider', async () => {
    const connector = connect();
    const [launched] = await launchOk(connector, await launchRequest({ connector, radl: WITH_PASSWORD }));
    expect(printRadl(launched!.info).replace(/\s+/g, ' ')).to.contain(
      "system node ( net_interface.0.connection = 'net' and net_interface.0.ip = '192.0.2.9' and " +
        "disk.0.os.credentials.username = 'ubuntu' and disk.0.os.credentials.password = 'pw' and " +
        "state = 'running' and provider.type = 'DeployedNode' )",
    );
    expect(launched!.cloudState).to.equal('running');
  });

  it('warns when one machine is deployed several times, with distinct ids all the same (13)', async () => {
    const { logger, lines } = recordingLogger();
    const connector = connect(logger);
    const launched = await launchOk(
      connector,
      await launchRequest({ connector, radl: WITH_PASSWORD, numbers: [0, 1] }),
    );
    expect(launched[0]!.providerId).to.not.equal(launched[1]!.providerId);
    expect(lines.join()).to.contain('same machine 192.0.2.9');
  });

  it('refuses power operations and changes with readable texts (8, 9, 10)', async () => {
    const connector = connect();
    const request = await launchRequest({ connector, radl: WITH_PASSWORD });
    const [launched] = await launchOk(connector, request);
    const vm = vmReference(request, launched!);
    for (const operation of ['stop', 'start', 'reboot'] as const) {
      expect((await failure(connector[operation]!(vm, never))).message).to.equal('Operation not supported');
    }
    expect((await failure(alterWith(connector, vm, WITH_PASSWORD))).message).to.equal('Not supported');
  });

  it('says that the machines are the user’s own', () => {
    expect(connect().capabilities.has('existing-hosts')).to.equal(true);
    expect(connect().listImages).to.equal(undefined);
  });
});
