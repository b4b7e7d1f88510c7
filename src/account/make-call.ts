import type { AccountCheck, CallReply } from '../engines/engine.ts';
import type { CallKind } from '../settings/price.ts';
import { inSpan, type Span } from '../util/span.ts';
import type { CallEnd, CallWatch } from './call-watch.ts';
import type { RateLimiter } from './rate-limiter.ts';

/** What is left of a run's `--max-calls`: calls are counted in the store before they are made, over all processes. */
export interface CallBudget {
  /** Takes one call; false if `most` were taken. */
  take(runId: string, most: number): Promise<boolean>;
  /** Calls taken so far, at least `least`: what the report shows, should the store have forgotten. */
  raise(runId: string, least: number): Promise<number>;
}

export interface CallContext {
  readonly limiter: RateLimiter;
  /** Takes one call of the run's budget, if it has one; false when it is spent. */
  readonly takeCall: (kind: CallKind) => Promise<boolean>;
  /** What was taken for a call that was not sent. */
  readonly giveBackCall?: ((kind: CallKind) => void) | undefined;
  readonly watch?: CallWatch | undefined;
}

export interface CallOptions<Reply extends CallReply> {
  readonly context: CallContext;
  readonly runId: string;
  /** Which price it has. */
  readonly kind: CallKind;
  /** Tells photos apart (run and seq). */
  readonly photo: string;
  /** Calls charged to the photo before this one. */
  readonly attemptsBefore: number;
  /** Whether the photo is known to have been refused before. */
  readonly refusedBefore?: boolean;
  readonly call: (signal: AbortSignal, onSent: () => void) => Promise<Reply>;
  /** Called where the call was aborted after it was sent: the engine may have done what was asked. */
  readonly onUnanswered: () => void;
  /** Ends the call. */
  readonly signal: AbortSignal;
  /** Ends the waiting for its permit: aborted with `signal`, or before it, where calls in flight may go on. */
  readonly leaving: AbortSignal;
  /** Of which waiting and call are a part. */
  readonly span?: Span | undefined;
}

/**
 * One call of any endpoint: waits for a permit of the account's rate limiter, takes the call from the run's budget, makes
 * it, and records the reply in the account's health.
 * @throws AccountPausedError while the account is paused
 * @throws BudgetSpentError when the run has no calls left
 * @throws the signal's reason when aborted
 */
export async function makeCall<Reply extends CallReply>(
  options: CallOptions<Reply>,
): Promise<MadeCall<Reply>> {
  const {
    context,
    runId,
    kind,
    photo,
    attemptsBefore,
    refusedBefore = false,
    signal,
    leaving,
    span,
  } = options;
  const permit = await inSpan(span, 'wait', () => context.limiter.acquire({ runId, signal: leaving }));
  // Taken when the call is due: a call that still waits for its permit has cost nothing.
  await takeOrEnd(context, kind, () => permit.done({ reply: undefined, photo, attemptsBefore }));
  const end = beginCall(context, span);
  let isSent = false;
  const onSent = () => {
    isSent = true;
    permit.sent();
  };
  const reply = await options.call(signal, onSent).catch(async (error) => {
    end(isSent ? 'unanswered' : undefined);
    if (isSent) options.onUnanswered();
    else context.giveBackCall?.(kind);
    await permit.done({ reply: undefined, photo, attemptsBefore });
    throw error;
  });
  end(reply.kind);
  const { charged } = await permit.done({ reply, photo, attemptsBefore, refusedBefore });
  return { reply, charged };
}

export interface MadeCall<Reply extends CallReply> {
  readonly reply: Reply;
  /** Whether it costs the photo an attempt: see `RecordedCall`. */
  readonly charged: boolean;
}

/**
 * One call that asks the engine for nothing but whether the account is right, and records that.
 * @throws as `makeCall`
 */
export async function askAccount(options: {
  readonly context: CallContext;
  readonly runId: string;
  readonly ask: (signal: AbortSignal) => Promise<AccountCheck>;
  readonly signal: AbortSignal;
  readonly span?: Span | undefined;
}): Promise<AccountCheck> {
  const { context, runId, ask, signal, span } = options;
  const permit = await inSpan(span, 'wait', () => context.limiter.acquire({ runId, signal }));
  const nothing = { reply: undefined, photo: '', attemptsBefore: 0 };
  await takeOrEnd(context, 'enroll', () => permit.done(nothing));
  const end = beginCall(context, span);
  permit.sent();
  const check = await ask(signal).catch(async (error) => {
    end('unanswered');
    await permit.done(nothing);
    throw error;
  });
  end('checked');
  await permit.checked(check);
  return check;
}

/** @throws BudgetSpentError; what the store throws. The permit is given back then. */
async function takeOrEnd(
  { takeCall }: CallContext,
  kind: CallKind,
  endPermit: () => Promise<unknown>,
): Promise<void> {
  let isTaken = false;
  try {
    isTaken = await takeCall(kind);
  } finally {
    if (!isTaken) await endPermit();
  }
  if (!isTaken) throw new BudgetSpentError();
}

/** For those who watch. */
function beginCall({ watch }: CallContext, parent: Span | undefined): (kind: CallEnd | undefined) => void {
  const end = watch?.begin();
  const span = parent?.begin('call');
  return (kind) => {
    end?.(kind);
    span?.end({ kind });
  };
}

/** The run has made as many calls as it may: its conductor pauses it, until then the photo waits. */
export class BudgetSpentError extends Error {}
