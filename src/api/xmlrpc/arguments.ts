// SPDX-License-Identifier: Apache-2.0
// The arguments of a call, read by position: what each kind of parameter accepts (xmlrpc-api.md §2.3).
import { itemsFromObjects, NO_IM_CREDENTIALS } from '../../auth/index.js';
import { type AuthItem, badRequest, ImError } from '../../domain/index.js';
import type { DeploymentDocument } from '../../manager/manager.js';
import { Radl } from '../../radl/index.js';
import { statsDate } from '../stats-date.js';
import { readDocument } from './document.js';
import { isArray, isStruct, type XmlRpcValue } from './value.js';

const VM_IDS_TEXT = 'Incorrect parameter type to RemoveResource function: expected: str, int or list of str.';

/** The arguments of one call. A `nil` counts as not given (spec/README.md). */
export class Arguments {
  readonly #values: readonly XmlRpcValue[];

  constructor(values: readonly XmlRpcValue[]) {
    this.#values = values;
  }

  #at(index: number): XmlRpcValue | undefined {
    return this.#values[index] ?? undefined;
  }

  /** An id; an integer is accepted for clients that make one of digits, and simply names nothing. */
  id(index: number): string {
    const value = this.#at(index);
    return typeof value === 'string' || typeof value === 'bigint' ? String(value) : '';
  }

  /** A VM id: text or integer; anything else names no VM. */
  vmId(index: number): string | number {
    const value = this.#at(index);
    if (typeof value === 'bigint') return Number(value);
    return typeof value === 'string' ? value : '';
  }

  /** @throws ImError `bad-request` when it is not a text */
  text(index: number, name: string): string {
    const value = this.#at(index);
    if (typeof value === 'string') return value;
    throw badRequest(`Parameter ${name} must be a string.`);
  }

  /** A text, or undefined when it is not given or empty. */
  optionalText(index: number, name: string): string | undefined {
    return this.#at(index) === undefined || this.#at(index) === '' ? undefined : this.text(index, name);
  }

  /** @throws ImError `bad-request` when it is neither a boolean nor an integer */
  flag(index: number, name: string, defaultValue: boolean): boolean {
    const value = this.#at(index);
    if (value === undefined) return defaultValue;
    if (typeof value === 'boolean') return value;
    if (typeof value === 'bigint') return value !== 0n;
    throw badRequest(`Parameter ${name} must be a boolean.`);
  }

  /** @throws ImError `bad-request` when it is not a small whole number */
  integer(index: number, name: string): number {
    const value = this.#at(index);
    const text = typeof value === 'bigint' || typeof value === 'string' ? String(value) : '';
    if (/^\d{1,9}$/.test(text)) return Number(text);
    throw badRequest(`Parameter ${name} must be a whole number.`);
  }

  /**
   * Authorization data: an array of structs, taken as they are.
   * @throws ImError `invalid-credentials`
   */
  auth(index: number): readonly AuthItem[] {
    const value = this.#at(index);
    if (value === undefined || !isArray(value)) {
      throw new ImError('invalid-credentials', NO_IM_CREDENTIALS, { details: { reason: 'missing' } });
    }
    return itemsFromObjects(value);
  }

  /** New owners: an array of structs, or one struct as old clients send it. Another shape names nobody, which their check will say. */
  newAuth(index: number): readonly AuthItem[] {
    const value = this.#at(index);
    if (value !== undefined && isStruct(value)) return itemsFromObjects([value]);
    return value !== undefined && isArray(value) ? itemsFromObjects(value) : [];
  }

  /**
   * A deployment document; an empty text is an empty document.
   * @throws RadlError, ImError `bad-request` when it is not a text
   */
  document(index: number, name: string): DeploymentDocument {
    return readDocument(this.text(index, name));
  }

  /** As {@link document}; not given is an empty one. */
  optionalDocument(index: number, name: string): DeploymentDocument {
    return this.#at(index) === undefined ? Radl.empty() : this.document(index, name);
  }

  /** Ids of VMs to remove: `"1,2"`, an integer, or an array of texts and integers. @throws ImError `bad-request` */
  vmIds(index: number): readonly (string | number)[] {
    const value = this.#at(index);
    if (typeof value === 'string') return value.split(',');
    if (typeof value === 'bigint') return [Number(value)];
    if (value === undefined || !isArray(value)) throw badRequest(VM_IDS_TEXT);
    return value.map((id) => {
      if (typeof id === 'string') return id;
      if (typeof id === 'bigint') return Number(id);
      throw badRequest(VM_IDS_TEXT);
    });
  }

  /** Ids of VMs to configure; undefined: all. @throws ImError `bad-request` */
  vmList(index: number): readonly number[] | undefined {
    const value = this.#at(index);
    if (value === undefined) return undefined;
    if (!isArray(value)) throw badRequest('Incorrect vm_list format.');
    return value.map((id) => {
      const text = typeof id === 'bigint' || typeof id === 'string' ? String(id) : '';
      if (!/^[+-]?\d{1,9}$/.test(text)) throw badRequest('Incorrect vm_list format.');
      return Number(text);
    });
  }

  /** A struct of texts; empty when not given. @throws ImError `bad-request` */
  texts(index: number, name: string): Readonly<Record<string, string>> {
    const value = this.#at(index);
    if (value === undefined) return {};
    if (!isStruct(value)) throw badRequest(`Parameter ${name} must be a struct of strings.`);
    const pairs = [...value].map(([key, member]): [string, string] => {
      if (typeof member === 'string' || typeof member === 'bigint') return [key, String(member)];
      throw badRequest(`Member ${key} of parameter ${name} must be a string.`);
    });
    return Object.fromEntries(pairs);
  }

  /** A day; undefined: no bound. @throws ImError `bad-request` */
  date(index: number, name: string): string | undefined {
    const text = this.optionalText(index, name);
    if (text === undefined) return undefined;
    const date = statsDate(text);
    if (date === undefined) throw badRequest(`Incorrect format in ${name} parameter: YYYY/MM/dd`);
    return date;
  }
}
