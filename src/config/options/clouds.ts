// SPDX-License-Identifier: Apache-2.0
// Options of the work with clouds (connectors/common.md A10).
import { example, text } from '../option.js';

export const cloudOptions = {
  priceFile: text({
    name: 'PRICE_FILE',
    unit: 'path',
    default: '',
    help:
      'File with prices of instance types, one line "type, region, price per hour[, compute units]" each; region * stands for all. With it ' +
      'the cheapest type that fits is chosen; without it the smallest by CPUs, memory and GPUs. It is read again when it changes. Empty: none.',
    shipped: example('/etc/im/prices.csv'),
  }),
};
