// SPDX-License-Identifier: Apache-2.0
// The behaviour that every connector owes to the daemon, as one suite that runs unchanged against each of them.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { CloudConnector, LaunchRequest } from '../../src/connectors/index.js';
import { ImError } from '../../src/domain/index.js';
import { parseRadl, printRadl, printSystem } from '../../src/radl/index.js';
import { until } from '../support/waiting.js';
import {
  alterWith,
  failure,
  type Launched,
  launchAll,
  launchOk,
  launchRequest,
  type MemoryLedger,
  memoryLedger,
  never,
  type RequestParts,
  vmReference,
} from './support.js';

/** A connector under test. */
export interface ContractSubject {
  readonly name: string;
  /** A new connector, as the daemon makes one for each call. */
  connect(): CloudConnector;
  /** Document with one system that the cloud can launch several times, with a private network when it has networks. */
  readonly radl: string;
  /** A number of CPUs, other than that of the document, that the cloud has; default 3. */
  readonly alteredCpus?: number;
  /** How many VMs of the infrastructure the provider has; undefined when there is no provider that could tell. */
  countVms?(infrastructureId: string): Promise<number>;
  /** Everything that the provider has of an infrastructure: VMs, networks, volumes. */
  leftovers?(infrastructureId: string): Promise<readonly string[]>;
}

/** Runs the suite. */
export function describeConnectorContract(subject: ContractSubject): void {
  describe(`connector contract: ${subject.name}`, () => {
    const offered = subject.connect();
    const isIdempotent = offered.capabilities.has('idempotent-launch');
    let connector: CloudConnector;
    let infrastructureId: string;
    let ledger: MemoryLedger;
    const requests: LaunchRequest[] = [];

    const requestFor = async (parts: Partial<RequestParts> = {}): Promise<LaunchRequest> => {
      const request = await launchRequest({
        connector,
        radl: subject.radl,
        infrastructureId,
        resources: ledger,
        ...parts,
      });
      requests.push(request);
      return request;
    };

    /** As the daemon looks for interrupted launches. */
    const lookUp = (by: CloudConnector, tokens: readonly string[], { infrastructureId, concrete }: LaunchRequest) =>
      by.findByToken(tokens, infrastructureId, never, 'whole-window', [concrete]);

    /** Removes whatever a test launched, as the daemon would: by token, then what the ledger holds. */
    const destroyAll = async (): Promise<void> => {
      for (const request of requests.splice(0)) {
        const tokens = request.vms.map(({ token }) => token);
        for (const found of await lookUp(connector, tokens, request)) {
          const number = request.vms.find(({ token }) => token === found.token)!.number;
          await connector.destroy(
            {
              infrastructureId,
              number,
              providerId: found.providerId,
              info: request.concrete,
              requested: request.requested,
              extra: {},
              cloudState: 'unknown',
            },
            never,
          );
        }
      }
      for (const resource of ledger.resources.toReversed()) await connector.destroyResource?.(resource, never);
    };

    beforeEach(() => {
      connector = subject.connect();
      infrastructureId = randomUUID();
      ledger = memoryLedger(infrastructureId, connector.cloud);
    });

    afterEach(async () => {
      await destroyAll();
      expect(await subject.leftovers?.(infrastructureId)).to.deep.equal(subject.leftovers && []);
    });

    /** Launches VMs and waits until the provider has started them; a cloud may say `pending` for a while. */
    const launchStarted = async (request: LaunchRequest): Promise<readonly Launched[]> => {
      const launched = await launchOk(connector, request);
      const references = launched.map((vm) => vmReference(request, vm));
      await until(
        async () =>
          (await connector.observe(references, never)).every((seen) => seen.ok && seen.cloudState !== 'pending'),
        'the VMs to start',
        60_000,
      );
      return launched;
    };

    it('offers candidates without changing the system, each with a user name', async () => {
      const system = parseRadl(subject.radl).systems[0]!;
      const before = printSystem(system);
      const { candidates } = await connector.candidates(system, never);
      expect(candidates).to.not.have.length(0);
      expect(printSystem(system)).to.equal(before);
      for (const candidate of candidates) {
        expect(candidate.system.name).to.equal(system.name);
        expect(candidate.system.features.getText('disk.0.os.credentials.username')).to.be.a('string').that.is.not.empty;
      }
    });

    it('gives one outcome per VM with distinct ids, and leaves the documents of the request alone', async () => {
      const request = await requestFor({ numbers: [0, 1, 5] });
      const before = [request.concrete, request.requested].map(printRadl);
      const launched = await launchOk(connector, request);
      expect(launched.map(({ number }) => number)).to.deep.equal([0, 1, 5]);
      expect(new Set(launched.map(({ providerId }) => providerId)).size).to.equal(3);
      expect([request.concrete, request.requested].map(printRadl)).to.deep.equal(before);
    });

    it('describes each VM in a document of its own with one system and its provider', async () => {
      const request = await requestFor({ numbers: [0, 1] });
      const [first, second] = await launchOk(connector, request);
      expect(first!.info).to.not.equal(second!.info);
      for (const { info } of [first!, second!]) {
        expect(info.systems).to.have.length(1);
        expect(info.systems[0]!.features.getText('provider.type')).to.equal(connector.cloud.type);
        expect(info.systems[0]!.features.getText('disk.0.os.credentials.username')).to.be.a('string').that.is.not.empty;
      }
    });

    it('observes every VM once, in a connector of its own', async () => {
      const request = await requestFor({ numbers: [0, 1] });
      const vms = (await launchStarted(request)).map((launched) => vmReference(request, launched));
      const observations = await subject.connect().observe(vms, never);
      expect(observations.map(({ number }) => number).toSorted()).to.deep.equal([0, 1]);
      for (const observation of observations) {
        expect(observation).to.include({ ok: true, cloudState: 'running' });
      }
      // The search for orphans sees them under the same ids.
      const marked = await connector.listMarked?.(never);
      const ids = new Map(marked?.map(({ token, providerId }) => [token, providerId]));
      for (const [index, { token }] of (marked === undefined ? [] : request.vms).entries()) {
        expect(ids.get(token)).to.equal(vms[index]!.providerId);
      }
    });

    it('has nothing new to say about a VM that did not change', async () => {
      const request = await requestFor();
      const [launched] = await launchStarted(request);
      const [first] = await connector.observe([vmReference(request, launched!)], never);
      const info = first?.ok === true ? (first.info ?? launched!.info) : launched!.info;
      const [second] = await connector.observe([{ ...vmReference(request, launched!), info }], never);
      expect(second).to.include({ ok: true });
      expect(second).to.not.have.property('info');
    });

    it('observes nothing for no VMs', async () => {
      expect(await connector.observe([], never)).to.deep.equal([]);
    });

    if (isIdempotent) {
      it('gives the same VM for the same token', async () => {
        const request = await requestFor();
        const [first] = await launchOk(connector, request);
        const [again] = await launchOk(subject.connect(), request);
        expect(again!.providerId).to.equal(first!.providerId);
        expect(printRadl(again!.info)).to.equal(printRadl(first!.info));
        expect(await subject.countVms?.(infrastructureId)).to.equal(1);
      });

      it('finds VMs by their tokens and adopts them as the launch would have given them', async () => {
        const request = await requestFor({ numbers: [0, 1] });
        const launched = await launchOk(connector, request);
        const later = subject.connect();
        const tokens = request.vms.map(({ token }) => token);
        const found = await lookUp(later, [...tokens, `${infrastructureId}-99-0`], request);
        expect(found.map(({ token }) => token)).to.have.members(tokens);
        for (const vm of found) {
          const outcome = await later.adopt(request, vm);
          const original = launched.find(({ providerId }) => providerId === vm.providerId)!;
          if (!outcome.ok) throw new Error(outcome.message);
          expect(outcome.number).to.equal(original.number);
          expect(printRadl(outcome.info)).to.equal(printRadl(original.info));
        }
      });
    } else {
      it('finds no VM by token, since it creates nothing', async () => {
        const request = await requestFor();
        await launchOk(connector, request);
        const tokens = request.vms.map(({ token }) => token);
        expect(await lookUp(connector, tokens, request)).to.deep.equal([]);
      });
    }

    it('finds nothing of another infrastructure', async () => {
      const request = await requestFor();
      await launchOk(connector, request);
      const tokens = request.vms.map(({ token }) => token);
      expect(await lookUp(connector, tokens, { ...request, infrastructureId: randomUUID() })).to.deep.equal([]);
    });

    it('launches nothing once the launch is called off', async () => {
      const request = await requestFor({ numbers: [0, 1], signal: AbortSignal.abort(new Error('called off')) });
      const outcomes = await launchAll(connector, request);
      expect(outcomes.map(({ number, ok }) => ({ number, ok }))).to.deep.equal([
        { number: 0, ok: false },
        { number: 1, ok: false },
      ]);
      expect((await subject.countVms?.(infrastructureId)) ?? 0).to.equal(0);
    });

    it('deletes a VM, and deleting it again is no error', async () => {
      const request = await requestFor();
      const [launched] = await launchOk(connector, request);
      const vm = vmReference(request, launched!);
      await connector.destroy(vm, never);
      await subject.connect().destroy(vm, never);
      expect((await subject.countVms?.(infrastructureId)) ?? 0).to.equal(0);
    });

    if (offered.destroyResource !== undefined) {
      it('deletes what it registered, and deleting it again is no error', async () => {
        const request = await requestFor();
        const [launched] = await launchOk(connector, request);
        expect(ledger.resources).to.not.have.length(0);
        await connector.destroy(vmReference(request, launched!), never);
        for (const resource of [...ledger.resources.toReversed(), ...ledger.resources.toReversed()]) {
          expect(resource.providerId).to.be.a('string');
          await connector.destroyResource!(resource, never);
        }
        expect(await subject.leftovers?.(infrastructureId)).to.deep.equal(subject.leftovers && []);
      });

      it('finds what it registered as long as that exists', async () => {
        const request = await requestFor();
        const [launched] = await launchOk(connector, request);
        const interrupted = ledger.resources.map((resource) => ({ ...resource, providerId: null }));
        for (const [index, resource] of interrupted.entries()) {
          expect(await connector.findResource!(resource, never)).to.equal(ledger.resources[index]!.providerId);
        }
        await connector.destroy(vmReference(request, launched!), never);
        for (const resource of interrupted.toReversed()) {
          await connector.destroyResource!(resource, never);
          expect(await connector.findResource!(resource, never)).to.equal(undefined);
        }
      });
    }

    it('stops, starts and reboots in this order, or says that it cannot', async () => {
      const request = await requestFor();
      const [launched] = await launchStarted(request);
      const vm = vmReference(request, launched!);
      const words = { stop: 'stopped', start: 'running', reboot: 'running' } as const;
      let { cloudState } = vm;
      for (const operation of ['stop', 'start', 'reboot'] as const) {
        if (connector.capabilities.has(operation)) {
          cloudState = await connector[operation]!({ ...vm, cloudState }, never);
          expect(cloudState).to.equal(words[operation]);
        } else {
          const error = await failure(connector[operation]!(vm, never));
          expect(error).to.be.instanceOf(ImError).with.property('code', 'not-supported');
        }
        const [observed] = await connector.observe([{ ...vm, cloudState }], never);
        expect(observed).to.include({ ok: true, cloudState });
      }
    });

    it('alters a VM, or says that it cannot', async () => {
      const request = await requestFor();
      const [launched] = await launchStarted(request);
      const vm = vmReference(request, launched!);
      const cpus = subject.alteredCpus ?? 3;
      const wanted = `system s (cpu.count = ${cpus})`;
      if (connector.capabilities.has('alter')) {
        const { info } = await alterWith(connector, vm, wanted, ledger);
        expect(info.systems[0]!.features.getNumber('cpu.count')).to.equal(cpus);
      } else {
        const error = await failure(alterWith(connector, vm, wanted, ledger));
        expect(error).to.be.instanceOf(ImError).with.property('code', 'not-supported');
      }
    });

    it('offers the optional operations that its capabilities promise', () => {
      const promised = {
        stop: ['stop'],
        start: ['start'],
        reboot: ['reboot'],
        alter: ['alter'],
        snapshot: ['snapshot', 'deleteImage'],
        images: ['listImages'],
        quotas: ['quotas'],
      } as const;
      for (const [capability, methods] of Object.entries(promised)) {
        const isPromised = [...connector.capabilities].some((known) => known === capability);
        for (const method of methods) {
          if (isPromised) expect(connector[method], method).to.be.a('function');
        }
      }
    });
  });
}
