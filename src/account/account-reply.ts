import type { AccountCheck, CallReply, ThrottledReply } from '../engines/engine.ts';
import { withoutFullStop } from '../util/without-full-stop.ts';
import { pauseAccount, startAgain } from './account-pause.ts';
import {
  type AccountState,
  photosInDoubt,
  processCount,
  withDoubt,
  withoutDoubtsOf,
  withoutRepeated,
} from './account-state.ts';
import { afterThrottled } from './account-throttling.ts';
import { afterBusy } from './busy-engine.ts';
import { afterProbe, afterSuccess, afterUnavailable, type ProbeDelay } from './circuit-breaker.ts';
import {
  type DoubtfulReply,
  isDoubtful,
  isOutage,
  photosToPause,
  type Standing,
  signOf,
  signOfCheck,
  whoseFault,
} from './whose-fault.ts';

export interface ReplyEvent {
  readonly reply: CallReply;
  /** Tells photos apart (run and seq). */
  readonly photo: string;
  /** The process that made the call. */
  readonly by: string;
  /** Whether that process got a photo through since it started, or since the account was paused. */
  readonly hasPassed: boolean;
  /** A call without a photo. */
  readonly isCheck?: boolean;
  /** Calls charged to the photo before this one. */
  readonly attemptsBefore: number;
  /** Whether the photo is known to have been refused before. */
  readonly refusedBefore: boolean;
  /** When the call was sent, by the store's clock. */
  readonly sentAt: number;
  /** Who made the call, if it was the one call that a down account allows. */
  readonly probeBy: string | undefined;
  readonly probeDelay: ProbeDelay;
  readonly giveUpAfterInMs: number;
}

/** What a reply does to the account's health; `charged`: whether it costs the photo an attempt. */
export function afterReply(
  before: AccountState,
  event: ReplyEvent,
  now: number,
): { state: AccountState; charged: boolean } {
  const { reply } = event;
  switch (reply.kind) {
    case 'enrolled':
    case 'identified':
    case 'verified':
    case 'deleted':
      return { state: afterPassed(before, event.by, now), charged: true };
    case 'rejected': {
      const state = afterAnswer(before, now);
      if (!isDoubtful(reply)) return { state: afterPassed(state, event.by, now), charged: true };
      return { state: afterRefused(state, { ...event, reply }, now), charged: true };
    }
    case 'unavailable': {
      const { message, retryAfterInMs } = reply;
      const isNoPhotos = event.isCheck === true;
      if (retryAfterInMs) return afterBusy(before, { ...event, message, retryAfterInMs, isNoPhotos }, now);
      return afterUnavailable(before, { ...event, message, isNoPhotos }, now);
    }
    case 'throttled':
      return { state: afterThrottledCall(before, { ...event, reply }, now), charged: false };
    case 'refused': {
      const { message } = reply;
      if (isOutage(reply, event))
        return afterUnavailable(before, { ...event, message, isNoPhotos: true }, now);
      const state = afterRefused(before, { ...event, reply }, now);
      // Who cannot wait for the others to say whose fault it was counts every further refusal.
      return { state: afterProbe(state, { ...event, message }, now), charged: event.refusedBefore };
    }
  }
}

function afterThrottledCall(
  state: AccountState,
  event: ReplyEvent & { readonly reply: ThrottledReply },
  now: number,
): AccountState {
  const { message, retryAfterInMs } = event.reply;
  const { sentAt, giveUpAfterInMs } = event;
  const throttled = afterThrottled(state, { sentAt, retryAfterInMs, giveUpAfterInMs }, now);
  return afterProbe(throttled, { ...event, message }, now);
}

/** The engine works. */
function afterAnswer(state: AccountState, now: number): AccountState {
  return afterSuccess(state.throttling ? { ...state, throttling: null } : state, now);
}

/** The account is right as well, as far as this process's credentials go. */
function afterPassed(before: AccountState, by: string, now: number): AccountState {
  const state = afterAnswer(before, now);
  const doubts = withoutDoubtsOf(state, by);
  return doubts === state.doubts ? state : { ...state, doubts };
}

/** The account as a process knows it by its own calls. */
export function standingOf(
  { pause, doubts }: AccountState,
  { by, hasPassed }: Pick<ReplyEvent, 'by' | 'hasPassed'>,
): Standing {
  if (pause) return 'paused';
  if (doubts.some((doubt) => doubt.by === by && !doubt.isRepeated)) return 'doubted';
  return hasPassed ? 'passing' : 'untested';
}

type Refusal = Pick<ReplyEvent, 'photo' | 'by' | 'hasPassed' | 'refusedBefore'> & {
  readonly reply: DoubtfulReply;
};

function afterRefused(before: AccountState, refusal: Refusal, now: number): AccountState {
  const sign = signOf(refusal.reply, refusal.refusedBefore);
  if (sign === undefined) return before;
  const { photo, by } = refusal;
  const { blame } = whoseFault[standingOf(before, refusal)][sign];
  switch (blame) {
    case 'nobody':
      return before;
    case 'photo':
      return before.pause ? before : withDoubt(before, { photo, by, isRepeated: true }, now);
    case 'account':
      return refuseAccount(before, whatIsRefused(before, refusal, now), now);
    case 'open': {
      const state = withDoubt(before, { photo, by, isRepeated: false }, now);
      // Each of the other processes may have one more under way.
      if (photosInDoubt(state) <= photosToPause - processesOf(state, now)) return state;
      return refuseAccount(state, whatIsRefused(state, refusal, now), now);
    }
  }
}

const processesOf = (state: AccountState, now: number) => Math.max(1, processCount(state, now));

function whatIsRefused(state: AccountState, { reply, by }: Refusal, now: number): string {
  const photos = photosInDoubt(state);
  const met = photos > 1 ? ` (${photos} photos in a row)` : '';
  // Each process has credentials of its own.
  const seen = processCount(state, now) > 1 ? `, as the process ${by} sees it` : '';
  if (reply.kind === 'refused')
    return `The engine refuses the account: ${withoutFullStop(reply.message)}${met}${seen}. To go on: ${withoutFullStop(reply.fix)}`;
  return `The engine answers with code ${reply.code}, which its pages do not know: ${withoutFullStop(reply.message)}${met}${seen}. It may be about the account, such as a quota that is used up. To go on: ask the vendor what it means`;
}

/** What a call without a photo does to the account's health. */
export function afterCheck(
  state: AccountState,
  { check, ...process }: Pick<ReplyEvent, 'by' | 'hasPassed'> & { readonly check: AccountCheck },
  now: number,
): AccountState {
  const sign = signOfCheck(check, process);
  if (sign === undefined) return state;
  const { blame } = whoseFault[standingOf(state, process)][sign];
  if (blame === 'account' && !check.ok)
    return refuseAccount(state, `The engine refuses the account: ${withoutFullStop(check.message)}`, now);
  return blame === 'nobody' ? withoutRepeated(state, process.by) : state;
}

function refuseAccount(state: AccountState, what: string, now: number): AccountState {
  return pauseAccount(state, { reason: 'refused', message: `${what}, ${startAgain}` }, now);
}
