// SPDX-License-Identifier: Apache-2.0
// The door of the RADL room: everything other rooms may use of the language.
export type { AddModes, ConflictMode, MissingMode } from './add-feature.js';
export {
  connectedNetwork,
  hasPublicNetwork,
  interfaceNetworks,
  isConnectedWith,
  privateIp,
  publicIp,
} from './addresses.js';
export { applicationScore, applications, applicationsToInstall, isNewerApplication } from './application.js';
export type {
  AnsibleHost,
  Aspect,
  Configure,
  Contextualize,
  ContextualizeItem,
  Deploy,
  Description,
  Network,
  System,
} from './aspects.js';
export { cloneAspect, createDeploy, createNetwork, createSystem, itemTool } from './aspects.js';
export { checkRadl, radlProblems } from './check.js';
export { completeRadl, isFakeSystem, visibleRadl } from './complete.js';
export type { ConcreteSystem, SystemDefaults } from './concretize.js';
export { applySystem, concretize, withDefaults } from './concretize.js';
export { itemsByStep, mergeContextualize } from './contextualize.js';
export type { CredentialSelection, Credentials, LoginCredentials } from './credentials.js';
export {
  acceptNewCredentials,
  ansibleCredentials,
  credentials,
  loginCredentials,
  setCredentials,
} from './credentials.js';
export { deserializeRadl } from './deserialize.js';
export type { DiskWalk } from './disks.js';
export { dataDisks } from './disks.js';
export type { RadlProblem } from './error.js';
export { RadlError } from './error.js';
export type { ContainsFeature, SimpleFeature, SoftFeature } from './feature.js';
export { simpleFeature } from './feature.js';
export type { Feature } from './features.js';
export { Features } from './features.js';
export type { HostName } from './host-name.js';
export { renderNameTemplate, requestedInterfaceName } from './host-name.js';
export type { IpVersion } from './interfaces.js';
export {
  hasIp,
  interfaceCount,
  interfaceIndexForNetwork,
  interfaceIp,
  networkIds,
  removeInterface,
} from './interfaces.js';
export type { Interval } from './interval.js';
export { parseRadlJson, radlFromJson } from './json-in.js';
export { featuresToJson, inventoryJson, radlToJson, stringifyRadlJson } from './json-out.js';
export { readJson } from './json-read.js';
export type { JsonObject, JsonValue } from './json-value.js';
export type { JsonInput, JsonLayout } from './json-write.js';
export { stringifyJsonValue } from './json-write.js';
export type { MergeOutcome } from './merge.js';
export { mergeRadl } from './merge.js';
export { isPublicNetwork, lastPublicNetwork } from './network.js';
export type { Outport, OutportProtocol } from './outports.js';
export { formatOutports, networkOutports, parseOutports } from './outports.js';
export type { ParseOptions } from './parser.js';
export { parseRadl } from './parser.js';
export { printFeatures, printItem, printNetwork, printRadl, printSystem } from './print.js';
export type { IfPresent } from './radl.js';
export { Radl } from './radl.js';
export { reconfigureRadl, takeNewCredentials } from './reconfigure.js';
export { serializeRadl } from './serialize.js';
export { convertNumber, unitFactor } from './units.js';
export type { Comparator, Operator, RadlNumeric, RadlScalar, RadlValue } from './value.js';
export { compareVersions, parseVersion } from './version.js';
export type { NameDefaults, VmDocuments } from './vm-names.js';
export { DEFAULT_NAMES, isTlsNeeded, replaceDnsNames, requestedName } from './vm-names.js';
export {
  deletePublicNetworks,
  operatingSystem,
  remoteAccessPort,
  remotePort,
  setOutPort,
  setSshPort,
  sshPort,
  winrmPort,
} from './vm-ports.js';
