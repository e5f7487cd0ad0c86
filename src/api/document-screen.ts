// SPDX-License-Identifier: Apache-2.0
// Large documents are read in a worker first: the daemon answers others meanwhile, and what cannot be read in reasonable time or
// memory never reaches it. Small ones, which are nearly all, are read at once.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { errorText, ImError } from '../domain/index.js';
import type { Logger } from '../util/logger.js';
import { createSemaphore } from '../util/semaphore.js';
import type { DocumentForm, ScreenFinding, ScreenRequest } from './screen-document.js';

export type { DocumentForm } from './screen-document.js';

/** Reads a document elsewhere. */
export interface DocumentScreen {
  /**
   * Does nothing with a small document; waits until a large one has been read.
   * @throws ImError `invalid-document` with the reason why it cannot be read; the signal's reason
   */
  check(form: DocumentForm, text: string, signal: AbortSignal): Promise<void>;
  /** Ends the worker. */
  close(): Promise<void>;
}

/** What bounds the worker. */
export interface ScreenOptions {
  readonly logger: Logger;
  /** Characters from which a document is large: reading that many takes some ten milliseconds. */
  readonly largeFrom?: number;
  readonly timeoutMs?: number;
  readonly memoryMb?: number;
  /** What the worker runs, for tests. */
  readonly program?: URL;
}

const PROGRAM = new URL('./screen-worker.js', import.meta.url);

/** Makes the screen; its worker starts with the first large document. */
export function createDocumentScreen({
  logger,
  largeFrom = 262_144,
  timeoutMs = 60_000,
  memoryMb = 1024,
  program = PROGRAM,
}: ScreenOptions): DocumentScreen {
  const turn = createSemaphore(1);
  let worker: Worker | undefined;

  const start = (): Worker => {
    const started = new Worker(program, { resourceLimits: { maxOldGenerationSizeMb: memoryMb } });
    started.unref();
    started.on('error', (error) => logger.warn(`The reader of large documents ended: ${errorText(error)}`));
    started.once('exit', () => {
      if (worker === started) worker = undefined;
    });
    worker = started;
    return started;
  };

  const stop = async (): Promise<void> => {
    const running = worker;
    worker = undefined;
    await running?.terminate();
  };

  const read = async (request: ScreenRequest, signal: AbortSignal): Promise<void> => {
    const running = worker ?? start();
    const deadline = AbortSignal.timeout(timeoutMs);
    running.postMessage(request);
    try {
      const [finding]: ScreenFinding[] = await once(running, 'message', {
        signal: AbortSignal.any([signal, deadline]),
      });
      if (finding !== undefined) throw refused(finding);
    } catch (error) {
      if (error instanceof ImError) throw error;
      await stop(); // it may still be busy with this document
      signal.throwIfAborted();
      if (deadline.aborted) throw refused(`The document cannot be read within ${timeoutMs / 1000} s. Split it.`);
      if (isOutOfMemory(error)) throw refused('The document needs too much memory to be read. Split it.');
      throw error;
    }
  };

  return {
    check: async (form, text, signal) => {
      if (text.length < largeFrom) return;
      await turn.run(() => read({ form, text }, signal), signal);
    },
    close: stop,
  };
}

const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';

const refused = (reason: string): ImError => new ImError('invalid-document', reason);
