// SPDX-License-Identifier: Apache-2.0
// One process on the control node: started once, followed over SSH, re-attached after an interruption (contextualization.md §24.5).
import { ImError } from '../../domain/index.js';
import { isTransient, shellCommand } from '../../ssh/index.js';
import { sleep } from '../../util/deadline.js';
import type { ControlLink } from './control-link.js';
import { createLineSplitter, type FileLine } from './line-splitter.js';
import { TASK_PROGRAM } from './node-programs.js';

/** What to run. Texts may hold `{task}` and `{secrets}`, the directories of this process. */
export interface TaskSpec {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
  /** Files that only live as long as the process, in a memory file system. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly secretsName: string;
  readonly files: Readonly<Record<string, string>>;
  /** The process is ended after this, even when no daemon is there any more. */
  readonly limitSeconds: number;
}

/** How it ended. */
export type TaskEnd = (
  | {
      readonly kind: 'exited';
      /** Exit code; minus the number of the signal that ended it. */
      readonly code: number;
    }
  /** Without exit code: its supervisor was killed, or the node restarted. */
  | { readonly kind: 'lost' }
) & {
  /** The kernel of the node ended processes for lack of memory while it ran. */
  readonly isMemoryExhausted: boolean;
};

/** How to follow. */
export interface FollowOptions {
  /** Complete lines of the event file, from its beginning. The next ones wait for the promise. */
  readonly onLines: (lines: readonly FileLine[]) => Promise<void>;
  /** Consecutive broken connections that are borne (MAX_SSH_ERRORS). */
  readonly maxErrors: number;
  readonly signal: AbortSignal;
}

const LONGEST_FOLLOW_MS = 7 * 24 * 3600 * 1000;
const RECONNECT_PAUSE_MS = 1000;

function parseEnd(stderr: string): TaskEnd | undefined {
  const line = stderr.trim().split('\n').at(-1) ?? '';
  const [, what, code, isMemoryExhausted] = /^\{"(exit|lost)": (-?\d+), "oom": (true|false)\}$/.exec(line) ?? [];
  if (what === undefined) return undefined;
  const memory = { isMemoryExhausted: isMemoryExhausted === 'true' };
  return what === 'exit' ? { kind: 'exited', code: Number(code), ...memory } : { kind: 'lost', ...memory };
}

/**
 * Starts the process at the given place of the control node, unless it was started there before, and follows it to its end.
 * @throws ImError `provider` when the node cannot be asked any more or the process cannot be started; the signal's reason on abort (the
 *   process then goes on).
 */
export async function runTaskProcess(
  link: ControlLink,
  place: string,
  spec: TaskSpec,
  { onLines, maxErrors, signal }: FollowOptions,
): Promise<TaskEnd> {
  const splitter = createLineSplitter(0);
  const stdin = `${JSON.stringify({
    command: spec.command,
    environment: spec.environment,
    directory: spec.directory,
    secrets: spec.secrets,
    secrets_name: spec.secretsName,
    files: spec.files,
    limit_seconds: spec.limitSeconds,
  })}\n`;
  let errors = 0;
  let position = 0;
  for (;;) {
    try {
      const connection = await link.connection(signal);
      const command = shellCommand('python3', '-c', TASK_PROGRAM, place, String(position));
      const { stderr } = await connection.exec(command, {
        stdin,
        keepStdinOpen: true,
        timeoutMs: LONGEST_FOLLOW_MS,
        signal,
        onStdout: async (chunk) => {
          position += chunk.length;
          errors = 0;
          const lines = splitter.push(chunk);
          if (lines.length > 0) await onLines(lines);
        },
      });
      const end = parseEnd(stderr);
      if (end) {
        const rest = splitter.flush();
        if (rest.length > 0) await onLines(rest);
        return end;
      }
      throw new ImError('provider', `A task could not be run on ${connection.host}: ${stderr.trim().slice(-300)}`);
    } catch (error) {
      signal.throwIfAborted();
      errors += 1;
      if (!isTransient(error) || errors > maxErrors) throw tooManyErrors(error, errors);
      await sleep(RECONNECT_PAUSE_MS * errors, signal);
    }
  }
}

/** The text of core.md §23.8, which users know. */
function tooManyErrors(error: unknown, errors: number): unknown {
  if (errors <= 1 && !isTransient(error)) return error;
  return new ImError(
    'provider',
    'Too much errors getting the status of ctxt process. Check some network connection problems or if user credentials has been changed.',
    { cause: error },
  );
}
