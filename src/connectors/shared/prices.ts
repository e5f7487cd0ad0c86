// SPDX-License-Identifier: Apache-2.0
// Prices of instance types from the operator's file (PRICE_FILE): clouds do not tell them (common.md A10).
import { readFile, stat } from 'node:fs/promises';
import { errorText, ImError } from '../../domain/index.js';

/** What the file says of a type. */
export interface TypePrice {
  /** Per hour, in the currency of the file. */
  readonly price: number;
  /** Compute units for `cpu.performance`, where the operator knows them. */
  readonly computeUnits?: number;
}

/** Prices by type and region. */
export interface PriceTable {
  /** That of the region, else that of all regions; undefined when the file has none. */
  find(type: string, region: string): TypePrice | undefined;
}

const LARGEST_FILE_BYTES = 64 * 1024 * 1024;
const NO_PRICES: PriceTable = { find: () => undefined };

/** Keeps the last file that was read, until it changes. */
let kept: { readonly path: string; readonly changedMs: number; readonly table: PriceTable } | undefined;

/**
 * Reads the file when it is new or changed.
 * @param path empty: no prices
 * @throws ImError `provider` naming file and line when it cannot be read
 */
export async function readPrices(path: string): Promise<PriceTable> {
  if (path === '') return NO_PRICES;
  try {
    const { mtimeMs, size } = await stat(path);
    if (kept?.path === path && kept.changedMs === mtimeMs) return kept.table;
    if (size > LARGEST_FILE_BYTES) throw new Error(`it is larger than ${LARGEST_FILE_BYTES} bytes`);
    const table = parsePrices(await readFile(path, 'utf8'));
    kept = { path, changedMs: mtimeMs, table };
    return table;
  } catch (error) {
    throw new ImError('provider', `The price file ${path} cannot be read: ${errorText(error)}`, { cause: error });
  }
}

/**
 * Reads lines `type, region, price[, compute units]`; region `*` is every region, `#` begins a comment.
 * @throws Error naming the line
 * @example parsePrices('t3.micro, eu-west-1, 0.0114').find('t3.micro', 'eu-west-1') // { price: 0.0114 }
 */
export function parsePrices(text: string): PriceTable {
  const prices = new Map<string, TypePrice>();
  for (const [index, line] of text.split('\n').entries()) {
    const [content = ''] = line.split('#');
    if (content.trim() === '') continue;
    const [type = '', region = '', price = '', units, ...rest] = content.split(',').map((field) => field.trim());
    const isValid = type !== '' && region !== '' && isAmount(price) && (units === undefined || isAmount(units));
    if (!isValid || rest.length > 0) {
      throw new Error(`line ${index + 1} is not "type, region, price per hour[, compute units]"`);
    }
    prices.set(`${type}\0${region}`, {
      price: Number(price),
      ...(units !== undefined && { computeUnits: Number(units) }),
    });
  }
  return { find: (type, region) => prices.get(`${type}\0${region}`) ?? prices.get(`${type}\0*`) };
}

const isAmount = (text: string): boolean => /^\d+(\.\d+)?$/.test(text);
