// SPDX-License-Identifier: Apache-2.0
// The contract of a cloud connector. An instance is bound to one cloud credential; it keeps nothing that must survive it.
import type {
  AuthItem,
  CloudCredential,
  CloudState,
  JsonObject,
  JsonValue,
  Resource,
  ResourceKind,
} from '../domain/index.js';
import type { Network, Radl, System } from '../radl/index.js';
import type { Logger } from '../util/logger.js';

/** What a cloud can do beyond launch, observe and destroy. Asked, never guessed. */
export type Capability =
  | 'stop'
  | 'start'
  | 'reboot'
  | 'alter'
  | 'snapshot'
  | 'images'
  | 'quotas'
  /** The machines are the user's own: no new password is ever set on them and no image is needed. */
  | 'existing-hosts'
  /** Machines get user data at their first boot (shared/cloud-init.ts), so that they can be told to call home. */
  | 'user-data'
  /** A create call repeated with the same token gives the same VM. */
  | 'idempotent-launch';

/** Settings and tools that connectors get from the composition root. */
export interface ConnectorEnvironment {
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Cryptographically random text of letters and digits. */
  readonly randomText: (length: number) => string;
  readonly settings: ConnectorSettings;
  /**
   * Id that the cloud itself gives to the image of an `egi://` URL (connectors/egi.md §3).
   * @param cloud host of the credential, and its `vo` for URLs that name none
   * @throws ImError `bad-request` whose text says what does not fit
   */
  readonly resolveEgiImage: (
    url: string,
    cloud: { readonly server: string; readonly vo?: string | undefined },
  ) => Promise<string>;
}

/** The configuration options that connectors read. */
export interface ConnectorSettings {
  readonly verifySsl: boolean;
  /** May credentials name unix sockets of this host? */
  readonly allowsUnixSockets: boolean;
  readonly defaultVmName: string;
  readonly defaultDomain: string;
  readonly privateNetMasks: readonly string[];
  readonly vmTagUsername: string;
  readonly vmTagInfId: string;
  readonly vmTagImUrl: string;
  readonly vmTagIm: string;
  /** PRICE_FILE; empty: none. */
  readonly priceFile: string;
}

/** A way to serve a system: a concrete copy of it, for example one image and one instance type. */
export interface Candidate {
  readonly system: System;
}

/** Candidates, and for each image that was refused the reason, for the error text when nothing is left. */
export interface CandidateList {
  readonly candidates: readonly Candidate[];
  readonly refusals: readonly string[];
}

/** Registers what a connector creates besides the VM itself, so that a crash leaves nothing unknown (design/idempotency.md). */
export interface ResourceRecorder {
  /**
   * Writes an intent row, runs `create`, writes the provider's id. When the ledger already has this token as created, `create` is not run
   * and the known id is returned. An intent without id (crash) is asked for with `find` first, when given.
   * @param resource `vmNumber` null: shared by the infrastructure, deleted after its last VM of this cloud. `data.existed` true: it was there
   * before the call, so a launch that fails leaves it
   * @returns the provider's id
   */
  record(
    resource: {
      readonly kind: ResourceKind;
      readonly token: string;
      readonly vmNumber: number | null;
      readonly data?: JsonObject;
    },
    create: () => Promise<string>,
    find?: () => Promise<string | undefined>,
  ): Promise<string>;
}

/** Something that VMs without a ledger share, as the ledger is to hold it. */
export interface InheritedResource {
  readonly kind: ResourceKind;
  /** The same for the same thing, whichever of the VMs it is told for. */
  readonly token: string;
  readonly providerId: string;
  readonly data: JsonObject;
}

/** How a machine that nobody reaches from outside asks the service for the command that opens a tunnel (rest-api.md §9.15). */
export interface CallHome {
  readonly commandUrl: string;
  /** Opens this command of this machine, once. A secret: for the user data of this machine only. */
  readonly token: string;
}

/** One VM to launch. */
export interface LaunchVm {
  readonly number: number;
  /** Idempotency handle: the create call itself must carry it (name, tag or client token). */
  readonly token: string;
  /** Present where the cloud has `user-data` and the machine no public network: it is to call home (shared/cloud-init.ts). */
  readonly callHome?: CallHome;
}

/** A group of equal VMs to launch in one cloud. */
export interface LaunchRequest {
  readonly infrastructureId: string;
  /** First IM user name, for tags. */
  readonly username: string;
  /** Base URL of the service, empty when not known yet (VM_TAG_IM_URL). */
  readonly serviceUrl: string;
  /** What runs: description, networks, exactly one concrete system, and the contextualize, configure and deploy parts that concern it. Never changed by the connector. */
  readonly concrete: Radl;
  /** What was asked for: the same shape with the user's system. */
  readonly requested: Radl;
  readonly vms: readonly LaunchVm[];
  readonly resources: ResourceRecorder;
  readonly signal: AbortSignal;
}

/** Result for one VM of a launch: a launched VM, or a text for the user. What a failed try created is already removed again. */
export type LaunchOutcome =
  | {
      readonly number: number;
      readonly ok: true;
      readonly providerId: string;
      /** Live document of the VM. */
      readonly info: Radl;
      readonly cloudState: CloudState;
      readonly extra?: JsonObject;
    }
  | {
      readonly number: number;
      readonly ok: false;
      readonly message: string;
      /**
       * The provider may have made the VM all the same: its answer was lost and it cannot be asked. The next try then carries the same
       * token, and the ledger keeps the token until somebody could look.
       */
      readonly mayExist?: true;
    };

/** A VM as connectors see it. */
export interface VmReference {
  readonly infrastructureId: string;
  readonly number: number;
  readonly providerId: string;
  readonly info: Radl;
  readonly requested: Radl;
  readonly extra: JsonObject;
  /** Last state seen. Clouds that cannot be asked (Dummy, existing hosts) answer it again. */
  readonly cloudState: CloudState;
}

/** What the provider says about one VM. */
export type Observation =
  | {
      readonly number: number;
      readonly ok: true;
      readonly cloudState: CloudState;
      /** Present when the live document changed. */
      readonly info?: Radl;
      readonly extra?: JsonObject;
      /** Why the state is not running, for people; for example "not found at the provider". */
      readonly reason?: string;
    }
  | { readonly number: number; readonly ok: false; readonly message: string };

/** A VM found at the provider by its launch token. */
export interface ProviderVm {
  readonly token: string;
  readonly providerId: string;
}

/** How long to look for what a provider may not show yet: over its whole consistency window (the default), or once. */
export type LookUpPatience = 'whole-window' | 'one-look';

/** Result of altering a VM. */
export interface AlterResult {
  readonly info: Radl;
  readonly extra?: JsonObject;
}

/** An image of a cloud. */
export interface CloudImage {
  readonly uri: string;
  readonly name: string;
  readonly [key: string]: JsonValue;
}

/** Used and allowed amounts by name; limit -1 = none. */
export type Quotas = Readonly<Record<string, { readonly used: number; readonly limit: number }>>;

/**
 * A cloud. Methods fail with ImError (`provider`, `not-supported`, ...) whose text is for the user and holds no secret. Every provider call
 * has a time limit of its own. `signal` cancels waiting, not what the provider already does.
 */
export interface CloudConnector {
  readonly cloud: CloudCredential;
  readonly capabilities: ReadonlySet<Capability>;

  /** Ways to serve a system, best first for equal scores. Empty: this cloud cannot. */
  candidates(system: System, signal: AbortSignal): Promise<CandidateList>;

  /** Launches the VMs and yields exactly one outcome per VM, each as soon as it is known. */
  launch(request: LaunchRequest): AsyncIterable<LaunchOutcome>;

  /**
   * Which of these launch tokens the provider has a VM for. Looks over the provider's whole consistency window, unless the caller needs no
   * certainty because it is about to repeat a create call that the provider guards by the token (capability `idempotent-launch`).
   * @param documents concrete documents of the VMs; a cloud of many regions looks in theirs, and everywhere without them
   */
  findByToken(
    tokens: readonly string[],
    infrastructureId: string,
    signal: AbortSignal,
    patience?: LookUpPatience,
    documents?: readonly Radl[],
  ): Promise<readonly ProviderVm[]>;

  /**
   * Every VM there that carries a launch token, of whatever infrastructure, with one list call where the provider has one: for the search
   * for orphans. Absent: the cloud cannot be searched.
   */
  listMarked?(signal: AbortSignal): Promise<readonly ProviderVm[]>;

  /**
   * Rebuilds what `launch` would have yielded for a VM that exists already (found by token after a crash), finishing what was left undone
   * (start, further networks).
   */
  adopt(request: LaunchRequest, found: ProviderVm): Promise<LaunchOutcome>;

  /** State and live documents of VMs, with one list call where the provider has one. One observation per VM. */
  observe(vms: readonly VmReference[], signal: AbortSignal): Promise<readonly Observation[]>;

  /** Deletes a VM and what belongs only to it; returns when the provider confirms that it is gone. "Already gone" is success. */
  destroy(vm: VmReference, signal: AbortSignal): Promise<void>;

  /**
   * Deletes something that the ledger holds. "Already gone" is success. Only needed by clouds that register something.
   * @param living provider ids of the VMs that the infrastructure still has: what they use stays. Default: none
   */
  destroyResource?(resource: Resource, signal: AbortSignal, living?: ReadonlySet<string>): Promise<void>;

  /**
   * What VMs that came without a ledger (imported ones) may share at the cloud with each other and with later ones. The ledger takes it up
   * before they are deleted, and `destroyResource` deletes it after the last VM of the cloud. No cloud is asked. Absent: nothing is shared.
   * @param networks of the infrastructure's document
   */
  inherited?(vms: readonly VmReference[], networks: readonly Network[]): readonly InheritedResource[];

  /** Finds a registered resource whose creation was interrupted. */
  findResource?(resource: Resource, signal: AbortSignal): Promise<string | undefined>;

  /** Power operations return the state the provider reports afterwards. */
  start?(vm: VmReference, signal: AbortSignal): Promise<CloudState>;
  stop?(vm: VmReference, signal: AbortSignal): Promise<CloudState>;
  reboot?(vm: VmReference, signal: AbortSignal): Promise<CloudState>;
  /**
   * Changes a VM towards the given system. An alter that names no interfaces leaves addresses alone.
   * @param networks the networks of the request that are more than references; their outports are to be open afterwards
   * @param resources ledger of what the alter creates besides the VM (volumes, addresses)
   */
  alter?(
    vm: VmReference,
    wanted: System,
    signal: AbortSignal,
    networks?: readonly Network[],
    resources?: ResourceRecorder,
  ): Promise<AlterResult>;
  /** Makes an image of a disk and returns its URL. */
  snapshot?(
    vm: VmReference,
    disk: number,
    imageName: string,
    isAutoDelete: boolean,
    signal: AbortSignal,
  ): Promise<string>;
  deleteImage?(url: string, signal: AbortSignal): Promise<void>;
  listImages?(filters: Readonly<Record<string, string>>, signal: AbortSignal): Promise<readonly CloudImage[]>;
  quotas?(signal: AbortSignal): Promise<Quotas>;
}

/** What the registry knows about a kind of cloud. */
export interface ConnectorType {
  /** As in authorization items; case-sensitive. */
  readonly type: string;
  /** The machines are the user's own and stay when an infrastructure goes (capability `existing-hosts` of its connectors). */
  readonly hasExistingHosts?: boolean;
  /** @throws ImError `bad-request` when the item lacks what this cloud needs (auth.md §6) */
  connect(cloud: CloudCredential, environment: ConnectorEnvironment): CloudConnector;
  /** Picks the item of a call that serves a stored VM of this type; default: by cloud id, then exact host, then host substring (auth.md §7). */
  readonly selectItem?: (
    cloud: Pick<CloudCredential, 'id' | 'server' | 'extra'>,
    items: readonly AuthItem[],
  ) => AuthItem | undefined;
}
