// SPDX-License-Identifier: Apache-2.0
// Brings rendered text into the logs of the VMs, with the offset that belongs to it, in batches.
import { sleep } from '../../util/deadline.js';
import type { RenderedChunk } from '../contract.js';
import type { RunContext } from './run-context.js';

// Log text and the offset that belongs to it are written together, at most this often: a restart repeats no more than that.
const FLUSH_INTERVAL_MS = 400;

/** Writes the log text of one process together with how far it goes. */
export interface LogWriter {
  /** Takes the text of everything up to the given offset; written within {@link FLUSH_INTERVAL_MS}. */
  add(chunks: readonly RenderedChunk[], end: number): Promise<void>;
  /** Resolves when all text is durable. */
  flush(): Promise<void>;
}

/**
 * Makes the writer of one process.
 * @param logged what ends at or before this offset is in the logs already, from before a restart
 */
export function createLogWriter({ ports, progress, signal }: RunContext, key: string, logged: number): LogWriter {
  let texts = new Map<number, string>();
  let offset = logged;
  let writing: Promise<void> = Promise.resolve();
  let isScheduled = false;
  const write = async (): Promise<void> => {
    const pending = texts;
    const reached = offset;
    texts = new Map();
    await Promise.all([...pending].map(([vm, text]) => ports.logVm(vm, text)));
    await progress.update(({ runningTasks }) => {
      const task = runningTasks.get(key);
      return task ? { runningTasks: new Map(runningTasks).set(key, { ...task, offset: reached }) } : {};
    });
  };
  const flush = (): Promise<void> => {
    writing = writing.then(write);
    writing.catch(() => {}); // every later add and flush reports it
    return writing;
  };
  const schedule = (): void => {
    if (isScheduled) return;
    isScheduled = true;
    sleep(FLUSH_INTERVAL_MS, signal)
      .then(() => {
        isScheduled = false;
        return flush();
      })
      .catch(() => {}); // cancelled, or an error of the ports that the next add or flush reports
  };
  return {
    add: async (chunks, end) => {
      if (end <= logged) return;
      for (const { vm, text } of chunks) texts.set(vm, (texts.get(vm) ?? '') + text);
      offset = end;
      schedule();
      await writing;
    },
    flush,
  };
}
