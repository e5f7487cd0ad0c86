// SPDX-License-Identifier: Apache-2.0
// Methods on single virtual machines (xmlrpc-api.md §3).
import { badRequest } from '../../domain/index.js';
import type { Call, InfrastructureManager } from '../../manager/manager.js';
import { printRadl, stringifyRadlJson } from '../../radl/index.js';
import { plainProperty } from '../property-value.js';
import { fromProperty, type Method, signature } from './method.js';

const VM_AUTH = signature(['inf_id', 'vm_id', 'auth_data']);

type PowerOperation = (manager: InfrastructureManager, call: Call, id: string, vmId: string | number) => Promise<void>;

function powerMethod(name: string, operate: PowerOperation): Method {
  return {
    name,
    signature: VM_AUTH,
    run: async ({ manager, args, call }) => {
      await operate(manager, call(args.auth(2)), args.id(0), args.vmId(1));
      return '';
    },
  };
}

export const vmMethods: readonly Method[] = [
  {
    name: 'GetVMInfo',
    signature: VM_AUTH,
    run: async ({ manager, args, call, isVmInfoJson }) => {
      const radl = await manager.vmInfo(call(args.auth(2)), args.id(0), args.vmId(1));
      return isVmInfoJson ? stringifyRadlJson(radl, 'pretty') : printRadl(radl);
    },
  },
  {
    name: 'GetVMProperty',
    signature: signature(['inf_id', 'vm_id', 'property', 'auth_data']),
    run: async ({ manager, args, call }) => {
      const [vmId, property] = [args.vmId(1), args.text(2, 'property')];
      const value = await manager.vmProperty(call(args.auth(3)), args.id(0), vmId, property);
      if (value === undefined) throw badRequest(`Incorrect property ${property} for VM ID ${vmId}`);
      return fromProperty(plainProperty(value));
    },
  },
  {
    name: 'GetVMContMsg',
    signature: VM_AUTH,
    run: ({ manager, args, call }) => manager.vmContMsg(call(args.auth(2)), args.id(0), args.vmId(1)),
  },
  {
    name: 'AlterVM',
    documentAt: 2,
    signature: signature(['inf_id', 'vm_id', 'radl_data', 'auth_data']),
    run: async ({ manager, args, call }) => {
      const document = args.document(2, 'radl_data');
      return printRadl(await manager.alterVm(call(args.auth(3)), args.id(0), args.vmId(1), document));
    },
  },
  powerMethod('StartVM', (manager, call, id, vmId) => manager.startVm(call, id, vmId)),
  powerMethod('StopVM', (manager, call, id, vmId) => manager.stopVm(call, id, vmId)),
  powerMethod('RebootVM', (manager, call, id, vmId) => manager.rebootVm(call, id, vmId)),
  {
    name: 'CreateDiskSnapshot',
    signature: signature(['inf_id', 'vm_id', 'num_disk', 'image_name', 'auto_delete', 'auth_data']),
    run: ({ manager, args, call }) =>
      manager.createSnapshot(
        call(args.auth(5)),
        args.id(0),
        args.vmId(1),
        args.integer(2, 'num_disk'),
        args.text(3, 'image_name'),
        args.flag(4, 'auto_delete', false),
      ),
  },
];
