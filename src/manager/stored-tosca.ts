// SPDX-License-Identifier: Apache-2.0
// The TOSCA document that is kept with an infrastructure: its text for users, its whole form for updates and outputs (tosca.md §11).
import {
  badRequest,
  type CloudCredential,
  errorText,
  type Infrastructure,
  isJsonObject,
  type JsonObject,
  type VirtualMachine,
} from '../domain/index.js';
import { endpoint } from '../placement/index.js';
import { STATISTICS_KEY } from '../store/index.js';
import {
  type InfrastructureView,
  loadStoredTosca,
  serializeTosca,
  storeTosca,
  type ToscaDocument,
  type VmView,
} from '../tosca/index.js';
import { withToscaErrors } from './deployment-document.js';
import type { ManagerEnvironment } from './environment.js';

/** Users' text: what `GET .../tosca` answers, the list filter searches and exports carry. */
const TEXT_KEY = 'TOSCA';
/** Everything that reading it again needs, so that nothing is ever fetched twice. */
const FORM_KEY = 'toscaDocument';

/** The infrastructure's free map with a document in it. */
export function withTosca(
  { tosca }: Pick<ManagerEnvironment, 'tosca'>,
  extra: JsonObject,
  document: ToscaDocument,
): JsonObject {
  const statistics = extra[STATISTICS_KEY];
  return {
    ...extra,
    [TEXT_KEY]: serializeTosca(document),
    [FORM_KEY]: storeTosca(document, { types: tosca.types }),
    [STATISTICS_KEY]: { ...(isJsonObject(statistics) && statistics), templateName: templateName(document) },
  };
}

/** `metadata.template_name`, else the base name of `metadata.icon` without its extension (oidc-vault-oai-stats.md §4). */
function templateName({ root }: ToscaDocument): string {
  const metadata = root.get('metadata');
  const field = (key: string): string => {
    const value: unknown = metadata instanceof Map ? metadata.get(key) : undefined;
    return typeof value === 'string' ? value : '';
  };
  const icon = field('icon').split('/').at(-1) ?? '';
  return field('template_name') || icon.replace(/\.[^.]*$/, '');
}

/** The text that users see; undefined for an infrastructure that was not made from TOSCA. */
export function storedToscaText({ extra }: Pick<Infrastructure, 'extra'>): string | undefined {
  const text = extra[TEXT_KEY];
  return typeof text === 'string' ? text : undefined;
}

/**
 * The kept document; also out of the bare text that grycap/im keeps.
 * @throws ImError `bad-request` when it cannot be read: what an old database held was never checked here
 */
export async function storedTosca(
  { tosca }: Pick<ManagerEnvironment, 'tosca'>,
  { id, extra }: Pick<Infrastructure, 'id' | 'extra'>,
): Promise<ToscaDocument | undefined> {
  const form = extra[FORM_KEY] ?? extra[TEXT_KEY];
  if (typeof form !== 'string') {
    return undefined;
  }
  try {
    return await withToscaErrors(() => loadStoredTosca(form, { types: tosca.types, documentId: id }));
  } catch (error) {
    throw badRequest(
      `The TOSCA document that is kept with infrastructure ${id} cannot be read: ${errorText(error)} Its outputs and updates need it; ` +
        'VMs can still be added with RADL and removed.',
      { cause: error },
    );
  }
}

/** The kept document of an infrastructure, for reading another one that is meant for it. */
export async function storedToscaOf(environment: ManagerEnvironment, id: string): Promise<ToscaDocument | undefined> {
  const infrastructure = await environment.store.getInfrastructure(id);
  return infrastructure === undefined ? undefined : storedTosca(environment, infrastructure);
}

/** An infrastructure as translation and outputs look at it. */
export async function infrastructureView(
  { store, connectors }: Pick<ManagerEnvironment, 'store' | 'connectors'>,
  infrastructure: Infrastructure,
  clouds: readonly CloudCredential[],
): Promise<InfrastructureView> {
  const logs = await store.readVmLogs(infrastructure.id);
  const vms = await store.listVms(infrastructure.id, { includeDestroyed: true });
  const view = (vm: VirtualMachine): VmView => {
    const item = connectors.selectCredential(vm.cloud, clouds)?.item;
    return {
      number: vm.number,
      providerId: vm.providerId,
      createdAt: vm.createdAt,
      isDestroyed: vm.isDestroyed,
      info: vm.info,
      requested: vm.requested,
      log: logs.get(vm.number) ?? '',
      cloud: {
        type: vm.cloud.type,
        url: endpoint(vm.cloud),
        username: item?.username,
        password: item?.password,
        token: item?.token,
      },
    };
  };
  return { radl: infrastructure.radl, vms: vms.map(view) };
}
