import { RollcallError } from '../../util/errors.ts';

/**
 * `full`: so many photos wait that no more are taken in before `retryAfterInMs`. `away`: queue or state do not answer, or
 * another process takes in and does not let go; nothing is known to be taken in, and what has a key may be given again.
 * `key-reused`: the key came before with another photo. `unknown`: there is no such inbox. `closed`: it takes in no more.
 * `bad-photo`: this can never be a photo; `field` says what of it.
 */
export type InboxErrorKind = 'full' | 'away' | 'key-reused' | 'unknown' | 'closed' | 'bad-photo';

/** Why an inbox does not take in what it is given: none of it, where several photos are given. */
export class InboxError extends RollcallError {
  readonly kind: InboxErrorKind;
  /** After which another try may succeed; of `full` and `away`. */
  readonly retryAfterInMs: number | undefined;
  /** Of `bad-photo`: `subjectId`, `photo`, `picture`, `templateId`, `version` or `metadata`. */
  readonly field: string | undefined;
  /** Which of the photos that were given, from 0; of `bad-photo` and `key-reused`. */
  readonly index: number | undefined;

  constructor(
    kind: InboxErrorKind,
    message: string,
    { cause, ...more }: { retryAfterInMs?: number; field?: string; index?: number; cause?: unknown } = {},
  ) {
    const exitCode = kind === 'full' || kind === 'away' ? 4 : 2;
    super(`inbox-${kind}`, message, { exitCode, ...(cause !== undefined && { cause }) });
    this.kind = kind;
    this.retryAfterInMs = more.retryAfterInMs;
    this.field = more.field;
    this.index = more.index;
  }

  ofLine(line: number, others: string): InboxError {
    const { kind, message, field, index, retryAfterInMs } = this;
    const more = {
      ...(field !== undefined && { field }),
      ...(index !== undefined && { index }),
      ...(retryAfterInMs !== undefined && { retryAfterInMs }),
    };
    return new InboxError(kind, `Line ${line}: ${message} ${others}`, more);
  }

  withRetryAfter(retryAfterInMs: number): InboxError {
    return new InboxError(this.kind, this.message, { retryAfterInMs });
  }
}

export const away = (message: string, cause?: unknown) =>
  new InboxError('away', `${message}: try again.`, { retryAfterInMs: 1_000, cause });
