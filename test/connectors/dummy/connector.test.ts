// SPDX-License-Identifier: Apache-2.0
// The Dummy connector (dummy.md §7; the numbers are those of its list).
import { expect } from 'chai';
import { builtInConnectorTypes, type CloudConnector, createConnectorRegistry } from '../../../src/connectors/index.js';
import { parseRadl, printRadl } from '../../../src/radl/index.js';
import { describeConnectorContract } from '../connector-contract.js';
import { alterWith, cloud, connectorEnvironment, launchOk, launchRequest, never, vmReference } from '../support.js';

const connect = (): CloudConnector =>
  createConnectorRegistry(connectorEnvironment(), builtInConnectorTypes).connect(cloud('Dummy'));

const RADL = `network net (outbound = 'yes')
system web (cpu.count >= 1 and net_interface.0.connection = 'net')`;

describeConnectorContract({ name: 'Dummy', connect, radl: RADL });

describe('Dummy connector', () => {
  const launchOne = async (radl = RADL, numbers = [0]) => {
    const connector = connect();
    const request = await launchRequest({ connector, radl, numbers });
    const launched = await launchOk(connector, request);
    return { connector, request, launched, vm: vmReference(request, launched[0]!) };
  };

  it('launches VMs that run at once (1) with distinct numeric ids (15)', async () => {
    const { launched } = await launchOne(RADL, [0, 1, 2, 3, 4]);
    expect(launched.every(({ cloudState }) => cloudState === 'running')).to.equal(true);
    const ids = launched.map(({ providerId }) => providerId);
    expect(new Set(ids).size).to.equal(5);
    for (const id of ids) expect(id).to.match(/^\d{12,}$/);
  });

  it('accepts systems without image (2) and with any image (3)', async () => {
    const { candidates } = await connect().candidates(
      parseRadl("system s (disk.0.image.url = 'one://x/1')").systems[0]!,
      never,
    );
    expect(candidates).to.have.length(1);
    expect((await connect().candidates(parseRadl('system s ()').systems[0]!, never)).candidates).to.have.length(1);
  });

  it('writes its own credentials over those of the user (4, 5) and no instance id (6)', async () => {
    const { launched } = await launchOne(
      "system s (disk.0.os.credentials.username = 'root' and disk.0.os.credentials.password = 'mine')",
    );
    const { features } = launched[0]!.info.systems[0]!;
    expect(features.getText('disk.0.os.credentials.username')).to.equal('username');
    expect(features.getText('disk.0.os.credentials.password')).to.equal('password');
    expect(features.has('instance_id')).to.equal(false);
    expect(features.has('instance_name')).to.equal(false);
  });

  it('keeps a user name that the candidate has', async () => {
    const { candidates } = await connect().candidates(
      parseRadl("system s (disk.0.os.credentials.username = 'ana')").systems[0]!,
      never,
    );
    expect(candidates[0]!.system.features.getText('disk.0.os.credentials.username')).to.equal('ana');
  });

  it('shows the document as the user wrote it, with provider and address (6)', async () => {
    const { launched } = await launchOne();
    expect(printRadl(launched[0]!.info).replace(/\s+/g, ' ').trim()).to.equal(
      "network net ( outbound = 'yes' ) " +
        "system web ( cpu.count >= 1 and net_interface.0.connection = 'net' and state = 'running' and " +
        "provider.type = 'Dummy' and net_interface.0.ip = '10.0.0.1' and " +
        "disk.0.os.credentials.username = 'username' and disk.0.os.credentials.password = 'password' )",
    );
  });

  it('stops and starts (8), and a reboot leaves the state alone (9)', async () => {
    const { connector, vm } = await launchOne();
    expect(await connector.stop!(vm, never)).to.equal('stopped');
    expect(await connector.start!({ ...vm, cloudState: 'stopped' }, never)).to.equal('running');
    expect(await connector.reboot!({ ...vm, cloudState: 'stopped' }, never)).to.equal('stopped');
  });

  it('remembers nothing: a stopped VM is observed as stopped', async () => {
    const { vm } = await launchOne();
    expect(await connect().observe([{ ...vm, cloudState: 'stopped' }], never)).to.deep.equal([
      { number: 0, ok: true, cloudState: 'stopped' },
    ]);
  });

  const altered = async (wanted: string): Promise<string> => {
    const { connector, vm } = await launchOne('system s (cpu.count >= 1 and memory.size >= 512M)');
    const { info } = await alterWith(connector, vm, `system s (${wanted})`);
    expect(printRadl(vm.info)).to.contain('cpu.count >= 1');
    return printRadl(info).replace(/\s+/g, ' ');
  };

  it('alters to one exact value each, memory in M (10)', async () => {
    const text = await altered('cpu.count = 2 and memory.size = 1G');
    expect(text).to.contain('cpu.count = 2 and memory.size = 1000M');
    expect(text.match(/cpu\.count/g)).to.have.length(1);
  });

  it('alters only what is named (11)', async () => {
    expect(await altered('cpu.count = 4')).to.contain('cpu.count = 4 and memory.size >= 512M');
    expect(await altered('memory.size = 2G')).to.contain('cpu.count >= 1 and memory.size = 2000M');
  });

  it('makes snapshots by name (12) and deletes images', async () => {
    const { connector, vm } = await launchOne();
    expect(await connector.snapshot!(vm, 0, 'img1', true, never)).to.equal('mock0://linux.for.ev.er/img1');
    await connector.deleteImage!('mock0://linux.for.ev.er/img1', never);
  });

  it('lists the two images and the quotas (13)', async () => {
    expect(await connect().listImages!({ distribution: 'none' }, never)).to.deep.equal([
      { uri: 'mock0://linux.for.ev.er/image1', name: 'Image Name1' },
      { uri: 'mock0://linux.for.ev.er/image2', name: 'Image Name2' },
    ]);
    expect(await connect().quotas!(never)).to.deep.equal({
      cores: { used: 1, limit: 10 },
      ram: { used: 1, limit: 10 },
      instances: { used: 1, limit: 10 },
      floating_ips: { used: 1, limit: 10 },
      security_groups: { used: 1, limit: 10 },
    });
  });
});
