// SPDX-License-Identifier: Apache-2.0
// The doors of the contextualization room: what a run needs from outside (ports) and the plan that its two halves share.
import type { CloudState, JsonObject } from '../domain/index.js';
import type { Radl } from '../radl/index.js';
import type { Logger } from '../util/logger.js';

/** A living VM as the configuration sees it. */
export interface ConfigurableVm {
  readonly number: number;
  readonly systemName: string;
  readonly cloudType: string;
  /** Host of the cloud credential, empty when it has none. */
  readonly cloudServer: string;
  readonly providerId: string | null;
  readonly cloudState: CloudState;
  readonly isDeleting: boolean;
  /** The machine is the user's own: its password is never changed (connector capability `existing-hosts`). */
  readonly isExistingHost: boolean;
  readonly info: Radl;
  readonly requested: Radl;
}

/** Options that the configuration reads (contextualization.md §15). Times in milliseconds. */
export interface ContextualizationSettings {
  readonly remoteConfDir: string;
  readonly maxContextualizationTimeMs: number;
  readonly waitRunningVmTimeoutMs: number;
  readonly waitSshAccessTimeoutMs: number;
  readonly waitPublicIpTimeoutMs: number;
  readonly ansibleInstallTimeoutMs: number;
  readonly checkStateIntervalMs: number;
  readonly playbookRetries: number;
  readonly maxSshErrors: number;
  readonly vmNumUseCtxtDist: number;
  readonly processPerVm: boolean;
  /** CTXT_INCREMENTAL: what has not changed is not configured again when VMs are added. */
  readonly incremental: boolean;
  readonly defaultVmName: string;
  readonly defaultDomain: string;
  readonly privateNetMasks: readonly string[];
  /** Ansible content shipped with the daemon that goes to nodes (`utils/...`). */
  readonly contextualizationDir: string;
  readonly recipesDir: string;
  /** Where set-up put the Ansible runtime bundles. */
  readonly runtimeBundleDir: string;
  /** Where the daemon keeps roles and collections that it has fetched. */
  readonly galaxyCacheDir: string;
}

/** Key pair of the infrastructure, made by the daemon once and kept sealed (contextualization.md §24.4). */
export interface AnsibleKey {
  /** PKCS#1 PEM. */
  readonly privateKey: string;
  /** OpenSSH text. */
  readonly publicKey: string;
}

/** What a run asks from the rest of the house. Every method is durable when its promise resolves. */
export interface ContextualizationPorts {
  /** The infrastructure's merged document, as it is now. */
  radl(): Promise<Radl>;
  /** Living VMs in number order, as they are now. */
  vms(): Promise<readonly ConfigurableVm[]>;
  /** One of them as it is now, without reading the others; undefined when it is gone. */
  vm(number: number): Promise<ConfigurableVm | undefined>;
  /** Asks the providers for the state and addresses of these VMs now. Failures are kept with the VMs, not thrown. */
  refresh(numbers: readonly number[]): Promise<void>;
  /**
   * Adds a line to the infrastructure's log in the form of contextualization.md §13.1 (time stamp and newline are added).
   * `plain`: the text as it is, for the one text that clients see without time stamp (§2).
   */
  logInfrastructure(line: string, form?: 'stamped' | 'plain'): Promise<void>;
  /** Appends text to a VM's log as it is. Cheap: batched by the receiver. */
  logVm(number: number, text: string): Promise<void>;
  /** The master of earlier runs; null when there is none yet. */
  master(): Promise<number | null>;
  setMaster(number: number | null): Promise<void>;
  /** `recipes`: what a VM is configured with, kept until its next result. */
  setVmResult(number: number, isConfigured: boolean, recipes?: string): Promise<void>;
  /** The `recipes` of the living VMs whose last result was good, by number. */
  configuredRecipes(): Promise<ReadonlyMap<number, string>>;
  /** Changes a VM's live document (credentials taken over); `change` may run again on a newer document. */
  updateVmInfo(number: number, change: (info: Radl) => void): Promise<void>;
  ansibleKey(): Promise<AnsibleKey>;
  /** Token for IM_INFRASTRUCTURE_AUTH / BEARER_TOKEN: opens this infrastructure only (spec/README.md). */
  infrastructureToken(): Promise<string>;
  /** Checksums of the roles and collections that the infrastructure uses since their first use; {} at first. */
  loadContentPins(): Promise<JsonObject>;
  saveContentPins(pins: JsonObject): Promise<void>;
  /** SHA-256 fingerprint of a host key seen earlier for this VM; undefined when none. */
  hostKey(number: number): Promise<string | undefined>;
  rememberHostKey(number: number, fingerprint: string): Promise<void>;
  /** The same for machines that are no VMs of the infrastructure (bastions, Ansible hosts), by `host:port`. */
  sharedHostKey(place: string): Promise<string | undefined>;
  rememberSharedHostKey(place: string, fingerprint: string): Promise<void>;
  /** Where an interrupted run had come to; {} for a fresh one. */
  loadProgress(): Promise<JsonObject>;
  saveProgress(progress: JsonObject): Promise<void>;
}

/** One run over an infrastructure. */
export interface ContextualizationRun {
  readonly infrastructureId: string;
  /** Distinguishes runs on the nodes (directory of a run); stable over a restart of the daemon. */
  readonly runId: string;
  /** Reconfigure with a list: only these run the configure steps (all run the basic ones). */
  readonly vmList?: readonly number[];
  /** Forget what is installed on the master (reconfigure, core.md §19.5). */
  readonly refreshRoles: boolean;
  /** The run follows an addition of VMs. */
  readonly isAddition?: boolean;
  readonly startedAt: number;
  readonly ports: ContextualizationPorts;
  readonly signal: AbortSignal;
}

/** How a run ended. VM results were reported through the ports. */
export interface ContextualizationOutcome {
  /** False when an infrastructure-wide step failed (core.md §3.1). */
  readonly isInfrastructureConfigured: boolean;
}

/** Runs configurations. One instance per daemon. */
export interface Contextualizer {
  /** Resolves when the run has ended, well or badly. Rejects only when it was cancelled (`cancelled`) or on a defect. */
  run(run: ContextualizationRun): Promise<ContextualizationOutcome>;
  /** Stops what a cancelled run left running on the nodes, as far as they answer within a few seconds. Never throws. */
  killRemote(infrastructureId: string, runId: string, ports: ContextualizationPorts): Promise<void>;
  /** Closes kept connections. Remote processes are left running (spec/README.md). */
  close(): Promise<void>;
}

/** A place in the network that the daemon may contact, with the one address to use. */
export interface GuardedPlace {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly address: string;
}

/**
 * How the daemon gets what documents refer to: guarded against addresses that are not public, through URL_MIRRORS. Errors may have a
 * property `isTransient`: another try may succeed.
 */
export interface ContentSource {
  fetchBytes(
    url: string,
    limits: { readonly maxBytes: number; readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<Buffer>;
  /** Where a program that we start may get a URL from; it must use that address only. */
  locate(url: string): Promise<GuardedPlace>;
}

/** Tools of the room given by the composition root. */
export interface ContextualizationEnvironment {
  /** Roles and collections come through this; without it documents that ask for them fail. */
  readonly contentSource?: ContentSource;
  readonly settings: ContextualizationSettings;
  readonly logger: Logger;
  readonly now: () => number;
}

// ---- the plan: made by pure functions (plan/), carried out by the runner (runner/) ----

/** A file for the infrastructure's directory on the master. */
export interface PlannedFile {
  /** Relative to `<REMOTE_CONF_DIR>/<infrastructure id>/`. */
  readonly path: string;
  readonly content: string;
  /** 0o600 or 0o700. */
  readonly mode: number;
}

/** What the native bootstrap does on one node (contextualization.md §24.2). */
export interface PlannedBootstrap {
  readonly vm: number;
  readonly fqdn: string;
  readonly hostname: string;
  readonly isNatInstance: boolean;
  /** Opens the infrastructure to its machines: BEARER_TOKEN of their users (§11.2). Empty: none. */
  readonly bearerToken: string;
}

/** One Ansible run over VMs of one system. */
export interface PlannedTask {
  /** `main_<system>` or `<configure>_<system>`: the name in the logs. */
  readonly name: string;
  readonly systemName: string;
  /** Path of the playbook, relative to the infrastructure's directory. */
  readonly playbook: string;
  /** VM numbers, in order. */
  readonly vms: readonly number[];
  /** Password of vault-encrypted recipes. */
  readonly vaultPassword?: string;
  /** A play lets one failing VM stop all others (`any_errors_fatal`...): a failure then is the failure of all VMs of the task. */
  readonly failsTogether?: boolean;
  /** Changes when the recipe does; absent for `main`. */
  readonly recipeHash?: string;
}

/** Tasks between two barriers. Tasks of one system run in the order given, different systems beside each other. */
export interface PlannedStep {
  /** Number as in contextualization.md §3.1: 2 = main, 3+k = contextualize items. */
  readonly number: number;
  readonly tasks: readonly PlannedTask[];
}

/** Everything to do once the VMs have their addresses. */
export interface ConfigurationPlan {
  readonly files: readonly PlannedFile[];
  readonly etcHosts: string;
  /** Inventory host name (`<ip>_<number>`) by VM number. */
  readonly hostNames: ReadonlyMap<number, string>;
  readonly bootstrap: readonly PlannedBootstrap[];
  /** Numbers of the Windows VMs, which are prepared over WinRM. */
  readonly windows: readonly number[];
  readonly steps: readonly PlannedStep[];
  /** Galaxy roles and collections that the documents ask for. */
  readonly roles: readonly { readonly source: string; readonly name?: string; readonly version?: string }[];
  readonly collections: readonly { readonly name: string; readonly version?: string }[];
  /** The playbooks in clear, also those that are written encrypted: to find out what they need. */
  readonly playbookTexts: readonly string[];
  /** Lines for the infrastructure log (VMs left out and why). */
  readonly warnings: readonly string[];
  /** VMs that take no part, with the reason. */
  readonly leftOut: ReadonlyMap<number, string>;
}

/** Inputs of the planner. */
export interface PlanInput {
  readonly infrastructureId: string;
  readonly radl: Radl;
  readonly vms: readonly ConfigurableVm[];
  readonly masterVm: number | null;
  readonly vmList?: readonly number[];
  readonly infrastructureToken: string;
  readonly settings: ContextualizationSettings;
  /** Route found to each VM from the master: address and port to put into the inventory. */
  readonly routes: ReadonlyMap<number, { readonly host: string; readonly port: number }>;
  /** User that Ansible logs in with, by VM number. */
  readonly users: ReadonlyMap<number, string>;
  /** Ansible content shipped with the daemon (`utils/...`), as `readUtilityFiles` of plan/utility-files.ts reads it. */
  readonly utilityFiles: readonly PlannedFile[];
}

/** Is the configuration of this infrastructure, or of single VMs, disabled (contextualization.md §2)? */
export interface DisabledCheck {
  readonly isInfrastructureDisabled: boolean;
  /** VMs whose system has an empty `configure`. */
  readonly disabledVms: ReadonlySet<number>;
}

/** Text of one VM's log that an event caused, and results. */
export interface RenderedChunk {
  readonly vm: number;
  readonly text: string;
}

/** Why a VM failed in one process. */
export interface FailureDetail {
  /** Name of the task of the recipe; absent when Ansible itself failed. */
  readonly recipeTask?: string;
  /** Inventory name of the machine. */
  readonly host?: string;
  /** The last lines that say why. */
  readonly lines: readonly string[];
}

/** Turns the event stream of one Ansible process into the log text of each VM (contextualization.md §13.3). */
export interface EventRenderer {
  /** Feeds complete lines as they were written by Ansible (JSON events, or plain text of errors and warnings). */
  feed(lines: readonly string[]): readonly RenderedChunk[];
  /** After the process ended: rest of the text and the result of each VM. */
  end(exitCode: number): {
    readonly chunks: readonly RenderedChunk[];
    readonly results: ReadonlyMap<number, 'ok' | 'failed' | 'unreachable'>;
    /** Failures that may be tried again (unreachable, SSH, package lock, galaxy download), contextualization.md §24.7. */
    readonly retryable: ReadonlySet<number>;
    /** Why the VMs that are not `ok` failed, as far as the process told. */
    readonly failures: ReadonlyMap<number, FailureDetail>;
  };
}
