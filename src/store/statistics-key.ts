// SPDX-License-Identifier: Apache-2.0
// Where an infrastructure keeps what statistics need of its documents (oidc-vault-oai-stats.md §4).

/** Key of an infrastructure's `extra` that survives its deletion, for facts without secrets: `{ templateName: 'one-vm' }`. */
export const STATISTICS_KEY = 'statistics';
