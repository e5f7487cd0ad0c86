// SPDX-License-Identifier: Apache-2.0
// Methods on clouds, estimates and statistics (xmlrpc-api.md §3).
import { fromJson, type Method, signature } from './method.js';

export const cloudMethods: readonly Method[] = [
  {
    name: 'GetCloudImageList',
    signature: signature(['cloud_id', 'auth_data'], ['filters']),
    run: async ({ manager, args, call }) =>
      fromJson(await manager.cloudImages(call(args.auth(1)), args.id(0), args.texts(2, 'filters'))),
  },
  {
    name: 'GetCloudQuotas',
    signature: signature(['cloud_id', 'auth_data']),
    run: async ({ manager, args, call }) => fromJson(await manager.cloudQuotas(call(args.auth(1)), args.id(0))),
  },
  {
    name: 'EstimateResources',
    documentAt: 0,
    // The documentation of the reference prints the name without its second r.
    aliases: ['EstimateResouces'],
    signature: signature(['radl_data', 'auth_data']),
    run: async ({ manager, args, call }) =>
      fromJson(await manager.estimate(call(args.auth(1)), args.document(0, 'radl_data'))),
  },
  {
    name: 'GetStats',
    aliases: ['GetStat'],
    signature: signature(['init_date', 'end_date', 'auth_data']),
    run: async ({ manager, args, call }) => {
      const [from, to] = [args.date(0, 'init_date'), args.date(1, 'end_date')];
      const range = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
      return fromJson(await manager.stats(call(args.auth(2)), range));
    },
  },
];
