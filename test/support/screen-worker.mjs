// SPDX-License-Identifier: Apache-2.0
// Runs src/api/screen-worker.ts from its source: workers do not inherit the loader of the tests.
import { tsImport } from 'tsx/esm/api';

await tsImport('../../src/api/screen-worker.ts', import.meta.url);
