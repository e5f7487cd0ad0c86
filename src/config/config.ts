// SPDX-License-Identifier: Apache-2.0
// The effective configuration as every room sees it: one frozen, typed value, derived from the option table.
import type { OptionDefinition } from './option.js';
import type { imOptions, openNebulaOptions } from './option-table.js';

/** The values of a set of options, by field. */
export type ValuesOf<Options> = {
  readonly [Key in keyof Options]: Options[Key] extends OptionDefinition<infer Value> ? Value : never;
};

/** Section `[OpenNebula]`. */
export interface OpenNebulaConfig extends ValuesOf<typeof openNebulaOptions> {}

/**
 * The effective configuration. A field is the camel-case form of the (correctly spelled) option: REST_PORT is
 * `restPort`, VERIFI_SSL is `verifySsl`. Times are in seconds unless the option says otherwise.
 */
export interface Config extends ValuesOf<typeof imOptions> {
  readonly openNebula: OpenNebulaConfig;
}
