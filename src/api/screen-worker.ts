// SPDX-License-Identifier: Apache-2.0
// The worker that screens documents: one message in, one out.
import { parentPort } from 'node:worker_threads';
import { type ScreenRequest, screen } from './screen-document.js';

parentPort?.on('message', (request: ScreenRequest) => parentPort?.postMessage(screen(request)));
