// SPDX-License-Identifier: Apache-2.0
// Items of a site of the EGI federation that could not be turned into the OpenStack cloud that they mean (connectors/egi.md §1): whoever
// wants that cloud hears why.
import { badRequest } from '../../domain/index.js';
import type { ConnectorType } from '../connector.js';

/** Never connects. The check of the caller replaces usable items before a connector is asked for. */
export const egiType: ConnectorType = {
  type: 'EGI',
  connect: ({ id, item }) => {
    throw badRequest(item.problem ?? `The EGI credential ${id} was stored before its site was known. Send it again.`);
  },
};
