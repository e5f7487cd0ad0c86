// SPDX-License-Identifier: Apache-2.0
// Methods on infrastructures (xmlrpc-api.md §3).
import { printRadl } from '../../radl/index.js';
import { importText } from '../import-text.js';
import { type Method, type MethodContext, signature } from './method.js';
import type { XmlRpcValue } from './value.js';

const INF_AUTH = signature(['inf_id', 'auth_data']);

/** A method with the parameters infrastructure and credentials. */
function simple(
  name: string,
  run: (
    context: MethodContext,
    call: ReturnType<MethodContext['call']>,
    infrastructureId: string,
  ) => Promise<XmlRpcValue>,
): Method {
  return {
    name,
    signature: INF_AUTH,
    run: (context) => run(context, context.call(context.args.auth(1)), context.args.id(0)),
  };
}

export const infrastructureMethods: readonly Method[] = [
  {
    name: 'GetVersion',
    signature: signature([]),
    run: async ({ manager }) => manager.version(),
  },
  {
    name: 'GetInfrastructureList',
    signature: signature(['auth_data'], ['flt']),
    run: ({ manager, args, call }) => manager.listInfrastructures(call(args.auth(0)), args.optionalText(1, 'flt')),
  },
  {
    name: 'CreateInfrastructure',
    documentAt: 0,
    signature: signature(['radl_data', 'auth_data'], ['async_call']),
    run: async ({ manager, args, call }) => {
      const options = { isAsync: args.flag(2, 'async_call', false) };
      const created = await manager.createInfrastructure(call(args.auth(1)), args.document(0, 'radl_data'), options);
      return created.infrastructureId;
    },
  },
  {
    name: 'DestroyInfrastructure',
    signature: signature(['inf_id', 'auth_data'], ['force', 'async_call']),
    run: async ({ manager, args, call }) => {
      const options = { isForced: args.flag(2, 'force', false), isAsync: args.flag(3, 'async_call', false) };
      await manager.destroyInfrastructure(call(args.auth(1)), args.id(0), options);
      return '';
    },
  },
  simple('StartInfrastructure', async ({ manager }, call, id) => {
    await manager.startInfrastructure(call, id);
    return '';
  }),
  simple('StopInfrastructure', async ({ manager }, call, id) => {
    await manager.stopInfrastructure(call, id);
    return '';
  }),
  simple('GetInfrastructureInfo', async ({ manager }, call, id) => (await manager.listVms(call, id)).map(String)),
  simple('GetInfrastructureState', async ({ manager }, call, id) => {
    const { state, vmStates } = await manager.infrastructureState(call, id);
    const vms = new Map([...vmStates].map(([number, vmState]) => [String(number), vmState]));
    return new Map<string, XmlRpcValue>([
      ['state', state],
      ['vm_states', vms],
    ]);
  }),
  {
    name: 'GetInfrastructureContMsg',
    signature: signature(['inf_id', 'auth_data'], ['headeronly']),
    run: ({ manager, args, call }) =>
      manager.infrastructureContMsg(call(args.auth(1)), args.id(0), args.flag(2, 'headeronly', false)),
  },
  simple('GetInfrastructureRADL', async ({ manager }, call, id) =>
    printRadl(await manager.infrastructureRadl(call, id)),
  ),
  simple('GetInfrastructureOwners', ({ manager }, call, id) => manager.owners(call, id)),
  {
    name: 'ChangeInfrastructureAuth',
    signature: signature(['inf_id', 'new_auth_data', 'overwrite', 'auth_data']),
    run: async ({ manager, args, call }) => {
      const options = { isOverwrite: args.flag(2, 'overwrite', false) };
      await manager.changeOwners(call(args.auth(3)), args.id(0), args.newAuth(1), options);
      return '';
    },
  },
  {
    name: 'AddResource',
    documentAt: 1,
    signature: signature(['inf_id', 'radl_data', 'auth_data'], ['context']),
    run: async ({ manager, args, call }) => {
      const options = { isContextualized: args.flag(3, 'context', true) };
      const added = await manager.addResources(call(args.auth(2)), args.id(0), args.document(1, 'radl_data'), options);
      return added.vmNumbers.map(BigInt);
    },
  },
  {
    name: 'RemoveResource',
    signature: signature(['inf_id', 'vm_list', 'auth_data'], ['context']),
    run: async ({ manager, args, call }) => {
      const options = { isContextualized: args.flag(3, 'context', true) };
      return BigInt(await manager.removeResources(call(args.auth(2)), args.id(0), args.vmIds(1), options));
    },
  },
  {
    name: 'Reconfigure',
    documentAt: 1,
    signature: signature(['inf_id', 'radl_data', 'auth_data'], ['vm_list']),
    run: async ({ manager, args, call }) => {
      const document = args.optionalDocument(1, 'radl_data');
      await manager.reconfigure(call(args.auth(2)), args.id(0), document, args.vmList(3));
      return '';
    },
  },
  {
    name: 'ExportInfrastructure',
    signature: signature(['inf_id', 'delete', 'auth_data']),
    run: ({ manager, args, call }) => {
      const options = { isDeleted: args.flag(1, 'delete', false) };
      return manager.exportInfrastructure(call(args.auth(2)), args.id(0), options);
    },
  },
  {
    name: 'ImportInfrastructure',
    signature: signature(['str_inf', 'auth_data']),
    run: async ({ manager, args, call }) => {
      const text = importText(args.text(0, 'str_inf'));
      return (await manager.importInfrastructure(call(args.auth(1)), text)).infrastructureId;
    },
  },
];
