// SPDX-License-Identifier: Apache-2.0
// The connectors of one call: made once per cloud, found again for stored VMs.
import type { CloudConnector, VmReference } from '../connectors/index.js';
import {
  type AuthItem,
  badRequest,
  type CloudCredential,
  type CloudReference,
  errorText,
  type VirtualMachine,
} from '../domain/index.js';
import type { CloudOption } from '../placement/index.js';
import type { OperationEnvironment } from './environment.js';
import { guardedConnector } from './guarded-connector.js';

/** Connectors for the credentials of one call. */
export class CloudSession {
  readonly clouds: readonly CloudCredential[];
  readonly #environment: Pick<OperationEnvironment, 'connectors'>;
  readonly #connectors = new Map<CloudCredential, CloudConnector>();

  readonly #beforeChange: (() => Promise<void>) | undefined;

  /** @param beforeChange awaited before each provider call that changes something; throws when it must not be made any more */
  constructor(
    environment: Pick<OperationEnvironment, 'connectors' | 'cloudsOf'>,
    items: readonly AuthItem[],
    beforeChange?: () => Promise<void>,
  ) {
    this.#environment = environment;
    this.#beforeChange = beforeChange;
    this.clouds = environment.cloudsOf(items);
  }

  /** Every cloud of the call, usable or with the reason why not. */
  options(): readonly CloudOption[] {
    return this.clouds.map((cloud) => {
      try {
        return { cloud, connector: this.#connect(cloud) };
      } catch (error) {
        return { cloud, problem: errorText(error) };
      }
    });
  }

  /**
   * Connector for a stored VM or resource.
   * @throws ImError `bad-request` when the call brings no credential for it
   */
  connectorFor(reference: CloudReference): CloudConnector {
    const cloud = this.#environment.connectors.selectCredential(reference, this.clouds);
    if (cloud === undefined) {
      throw badRequest(
        reference.type === ''
          ? 'The record of the VM names no cloud: remove it at its provider, and here with force.'
          : `No auth data has been specified to ${reference.type}.`,
      );
    }
    return this.#connect(cloud);
  }

  /** The same for what goes on without it: undefined when the call brings no usable credential. */
  findConnector(reference: CloudReference): CloudConnector | undefined {
    try {
      return this.connectorFor(reference);
    } catch {
      return undefined;
    }
  }

  #connect(cloud: CloudCredential): CloudConnector {
    const known = this.#connectors.get(cloud);
    if (known !== undefined) {
      return known;
    }
    const plain = this.#environment.connectors.connect(cloud);
    const connector = this.#beforeChange === undefined ? plain : guardedConnector(plain, this.#beforeChange);
    this.#connectors.set(cloud, connector);
    return connector;
  }
}

/** A launched VM as connectors see it. Documents are only opened when a connector looks at them. */
export function vmReference(vm: VirtualMachine & { readonly providerId: string }): VmReference {
  return {
    infrastructureId: vm.infrastructureId,
    number: vm.number,
    providerId: vm.providerId,
    cloudState: vm.cloudState,
    get info() {
      return vm.info;
    },
    get requested() {
      return vm.requested;
    },
    get extra() {
      return vm.extra;
    },
  };
}

/** Has the provider given this VM an id? */
export function isLaunched(vm: VirtualMachine): vm is VirtualMachine & { readonly providerId: string } {
  return vm.providerId !== null;
}
