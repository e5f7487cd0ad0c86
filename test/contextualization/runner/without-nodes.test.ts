// SPDX-License-Identifier: Apache-2.0
// Runs that end before any machine is touched: disabled configurations, waits for addresses, no possible master (contextualization.md §2, §5).
import { expect } from 'chai';
import type { ContextualizationOutcome, ContextualizationSettings } from '../../../src/contextualization/contract.js';
import { createContextualizer } from '../../../src/contextualization/index.js';
import { parseRadl } from '../../../src/radl/index.js';
import { silentLogger } from '../../../src/util/logger.js';
import { createWorld, lastLine, testSettings, type VmOptions, type World } from './support/world.js';

const RECIPE = 'configure front (\n@begin\n- tasks:\n  - debug: msg=x\n@end\n)\n';
const SHORT = {
  waitRunningVmTimeoutMs: 300,
  waitPublicIpTimeoutMs: 300,
  checkStateIntervalMs: 50,
  runtimeBundleDir: '/nowhere',
};

const node = (ip: string): NonNullable<VmOptions['node']> => ({
  name: 'x',
  ip,
  privateIp: '10.0.0.1',
  run: async () => '',
  stop: async () => {},
});
const vm = (changes: Partial<VmOptions> = {}): VmOptions => ({
  system: 'front',
  credentials: [],
  node: node('192.0.2.1'),
  ...changes,
});

const run = (world: World, changes: Partial<ContextualizationSettings> = {}): Promise<ContextualizationOutcome> =>
  createContextualizer({ settings: testSettings({ ...SHORT, ...changes }), logger: silentLogger, now: Date.now }).run({
    infrastructureId: 'inf-1',
    runId: 'run-1',
    refreshRoles: false,
    startedAt: Date.now(),
    ports: world.ports,
    signal: new AbortController().signal,
  });

describe('a run that needs no machine', () => {
  for (const [name, recipes] of [
    ['an empty contextualize', `${RECIPE}contextualize ()`],
    ['an empty configure of every system', 'configure front ()'],
    ['items without Ansible', `${RECIPE}contextualize (\nsystem front configure front with cloud_init\n)`],
  ] as const) {
    it(`is disabled by ${name}: all VMs are configured at once`, async () => {
      const world = createWorld(recipes, [vm(), vm()]);
      expect(await run(world)).to.deep.equal({ isInfrastructureConfigured: true });
      expect(Object.fromEntries(world.results)).to.deep.equal({ 0: true, 1: true });
      expect(world.lines).to.deep.equal(['plain:Contextualization disabled by the RADL/TOSCA template.\n\n']);
    });
  }

  it('is disabled, but fails when the addresses do not come', async () => {
    const world = createWorld(`${RECIPE}contextualize ()`, [vm({ node: undefined })]);
    const results: boolean[] = [];
    world.ports.setVmResult = async (_number, isConfigured) => {
      results.push(isConfigured);
    };
    expect(await run(world)).to.deep.equal({ isInfrastructureConfigured: false });
    expect(results).to.deep.equal([true, false]);
    expect(world.refreshed[0]).to.deep.equal([0]);
  });

  it('fails when a VM has no address in time, refreshing only those that lack one', async () => {
    const world = createWorld(RECIPE, [vm(), vm({ node: undefined })]);
    expect(await run(world)).to.deep.equal({ isInfrastructureConfigured: false });
    expect(lastLine(world)).to.match(/^Error waiting the VMs to have an IP: none for VM 1/);
    expect(world.refreshed.every((numbers) => numbers.join() === '1')).to.equal(true);
    expect(Object.fromEntries(world.results)).to.deep.equal({ 0: false, 1: false });
  });

  it('fails when a public address that was asked for does not come', async () => {
    const world = createWorld(RECIPE, [vm()]);
    const [first] = world.vms;
    if (!first) throw new Error('one VM');
    const info = parseRadl(`network public (outbound = 'yes')\nnetwork private (outbound = 'no')
system front (net_interface.0.connection = 'public' and net_interface.1.connection = 'private' and net_interface.1.ip = '10.0.0.1')`);
    world.vms = [{ ...first, info }];
    expect(await run(world)).to.deep.equal({ isInfrastructureConfigured: false });
    expect(world.lines).to.include('Error waiting all the VMs to have all the requested IPs');
  });

  it('fails without a possible master', async () => {
    const world = createWorld(RECIPE, [vm({ isPrivate: true })]);
    expect(await run(world)).to.deep.equal({ isInfrastructureConfigured: false });
    expect(lastLine(world)).to.equal(
      'Contextualization Error: No correct Master VM found. Check if there a linux VM with Public IP.',
    );
  });

  it('ends when the master fails at its provider', async () => {
    const world = createWorld(RECIPE, [vm({ cloudState: 'pending' })]);
    world.ports.refresh = async () => {
      world.vms = world.vms.map((machine) => ({ ...machine, cloudState: 'failed' }));
    };
    expect(await run(world)).to.deep.equal({ isInfrastructureConfigured: false });
    expect(world.lines).to.include('Contextualization Error: Error Waiting the Master VM to boot');
  });

  it('leaves VMs out that are off, with the warning that users know', async () => {
    const world = createWorld(RECIPE, [vm({ cloudState: 'off' })]);
    await run(world);
    expect(world.lines).to.include(
      'WARNING: The VM ID: node-0 is not running, do not include in the contextualization agent.',
    );
    expect(Object.fromEntries(world.results)).to.deep.equal({ 0: false });
  });

  it('reports a VM with an empty configure at once, also when the rest fails', async () => {
    const world = createWorld(`${RECIPE}configure other ()`, [vm({ isPrivate: true }), vm({ system: 'other' })]);
    const seen: [number, boolean][] = [];
    world.ports.setVmResult = async (number, isConfigured) => {
      seen.push([number, isConfigured]);
    };
    await run(world);
    expect(seen[0]).to.deep.equal([1, true]);
    expect(world.logs.get(1)).to.equal('Contextualization disabled\n');
  });

  it('ends at its time limit while it waits, and honours a limit that passed before a restart', async () => {
    const world = createWorld(RECIPE, [vm({ node: undefined })]);
    const outcome = await run(world, { waitRunningVmTimeoutMs: 60_000, maxContextualizationTimeMs: 200 });
    expect(outcome).to.deep.equal({ isInfrastructureConfigured: false });
    expect(world.lines).to.include('ERROR: Max contextualization time passed.');
    expect(Object.fromEntries(world.results)).to.deep.equal({ 0: false });
  });

  it('rejects with cancelled when it is cancelled', async () => {
    const world = createWorld(RECIPE, [vm({ node: undefined })]);
    const controller = new AbortController();
    world.onLine = () => controller.abort();
    const contextualizer = createContextualizer({
      settings: testSettings({ ...SHORT, waitRunningVmTimeoutMs: 60_000 }),
      logger: silentLogger,
      now: Date.now,
    });
    const error = await contextualizer
      .run({
        infrastructureId: 'inf-1',
        runId: 'run-1',
        refreshRoles: false,
        startedAt: Date.now(),
        ports: world.ports,
        signal: controller.signal,
      })
      .then(
        () => undefined,
        (reason: { code?: string }) => reason,
      );
    expect(error?.code).to.equal('cancelled');
    expect(world.results.size).to.equal(0);
  });
});
