// SPDX-License-Identifier: Apache-2.0
// Failures of AWS calls: texts with code and request id, and which of them say that something is not there.
import { errorText, ImError } from '../../domain/index.js';
import { DeadlineError } from '../../util/deadline.js';

const LONGEST_MESSAGE = 600;

/** Codes with which AWS asks to come back later; nothing was done then. */
const THROTTLING: ReadonlySet<string> = new Set([
  'RequestLimitExceeded',
  'EC2ThrottledException',
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  'TooManyRequestsException',
  'PriorRequestNotComplete',
  'SlowDown',
]);

/** An error as the SDK throws it; connection errors have neither code nor status. */
interface SdkError {
  readonly code: string | undefined;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  /** The clock of this host was off, and the SDK has corrected it for the next call. */
  readonly isClockCorrected: boolean;
}

function sdkError(error: unknown): SdkError {
  const metadata = error instanceof Error && '$metadata' in error ? error.$metadata : undefined;
  const field = (name: string): unknown =>
    typeof metadata === 'object' && metadata !== null ? Reflect.get(metadata, name) : undefined;
  const [status, requestId] = [field('httpStatusCode'), field('requestId')];
  return {
    code: error instanceof Error && metadata !== undefined ? error.name : undefined,
    status: typeof status === 'number' ? status : undefined,
    requestId: typeof requestId === 'string' ? requestId : undefined,
    isClockCorrected: field('clockSkewCorrected') === true,
  };
}

/** Was the request refused before anything was done, so that repeating it is harmless whatever it asks for? */
export function isRefusedForNow(error: unknown): boolean {
  const { code, isClockCorrected } = sdkError(error);
  return isClockCorrected || (code !== undefined && THROTTLING.has(code));
}

/** Did AWS not answer, or not about the request? Whether the work was done is then unknown. */
export function isWithoutAnswer(error: unknown): boolean {
  const { status } = sdkError(error);
  return status === undefined || status >= 500;
}

/**
 * The failure as an error for the user: AWS's text, its code and the id of the request, which the support of AWS asks for.
 * @param what the service and region, for failures of the connection
 */
export function awsFailure(error: unknown, what: string): ImError {
  if (error instanceof ImError) return error;
  const { code, status, requestId } = sdkError(error);
  if (status === undefined || code === undefined) {
    const reason = error instanceof DeadlineError ? error.message : connectionReason(error);
    return new ImError('provider', `Cannot reach ${what}: ${reason}`, {
      cause: error,
      details: { isWithoutAnswer: true },
    });
  }
  // What follows the first line of some messages repeats the request, with its tokens.
  const [line = ''] = errorText(error).split('\n');
  const text = line.length > LONGEST_MESSAGE ? `${line.slice(0, LONGEST_MESSAGE)}...` : line;
  const id = requestId === undefined ? '' : `, request ${requestId}`;
  return new ImError('provider', `${text} (${code}${id})`, {
    details: { awsCode: code, ...(requestId !== undefined && { requestId }), isWithoutAnswer: isWithoutAnswer(error) },
  });
}

function connectionReason(error: unknown): string {
  const text = errorText(error);
  return text === '' && error instanceof Error && 'code' in error ? String(error.code) : text;
}

/** AWS's code of a failure, such as `InvalidInstanceID.NotFound`; empty for others. */
export function awsCode(error: unknown): string {
  const code = error instanceof ImError ? error.details?.awsCode : undefined;
  return typeof code === 'string' ? code : '';
}

/** May the work of a failed call have been done? */
export function mayBeDone(error: unknown): boolean {
  return error instanceof ImError && error.details?.isWithoutAnswer === true;
}

/** Does the failure say that the thing does not exist? */
export function isNotFound(error: unknown): boolean {
  const code = awsCode(error);
  return (
    code.endsWith('.NotFound') ||
    code.endsWith('NotFoundException') ||
    code === 'NoSuchHostedZone' ||
    code.endsWith('.Unavailable')
  );
}

/** Runs a delete: what is not there is as good as deleted. */
export async function unlessGone(task: Promise<unknown>): Promise<void> {
  try {
    await task;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Takes one refusal, by the code that AWS gives it, for success. */
export async function unlessCode(code: string, call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (awsCode(error) !== code) throw error;
  }
}
