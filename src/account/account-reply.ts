import type { CallReply, RefusedReply } from '../engines/engine.ts';
import { pauseAccount, startAgain } from './account-pause.ts';
import type { AccountState } from './account-state.ts';
import { afterThrottled } from './account-throttling.ts';
import { afterBusy } from './busy-engine.ts';
import { afterProbe, afterSuccess, afterUnavailable, type ProbeDelay } from './circuit-breaker.ts';

export interface ReplyEvent {
  readonly reply: CallReply;
  /** Tells photos apart (run and seq). */
  readonly photo: string;
  /** Calls charged to the photo before this one. */
  readonly attemptsBefore: number;
  /** Whether this process saw the photo meet an uncertain refusal before. */
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
  const state = reply.kind === 'refused' ? before : afterNoRefusal(before);
  switch (reply.kind) {
    case 'enrolled':
    case 'identified':
    case 'deleted':
    case 'rejected':
      return {
        state: afterSuccess(state.throttling ? { ...state, throttling: null } : state),
        charged: true,
      };
    case 'unavailable': {
      const { message, retryAfterInMs } = reply;
      if (retryAfterInMs) return afterBusy(state, { ...event, message, retryAfterInMs }, now);
      return afterUnavailable(state, { ...event, message }, now);
    }
    case 'throttled': {
      const { message, retryAfterInMs } = reply;
      const { sentAt, giveUpAfterInMs } = event;
      const throttled = afterThrottled(state, { sentAt, retryAfterInMs, giveUpAfterInMs }, now);
      return { state: afterProbe(throttled, { ...event, message }, now), charged: false };
    }
    case 'refused': {
      const refused = afterRefused(state, { ...event, reply }, now);
      return { ...refused, state: afterProbe(refused.state, { ...event, message: reply.message }, now) };
    }
  }
}

const photosToProve = 3;

/**
 * A certain refusal pauses the account at once; an uncertain one when three different photos in a row met it.
 * The photo keeps its attempts. But a photo that is refused again and again while others get through (a firewall
 * that dislikes its bytes) has to come to an end: from its second uncertain refusal on it is charged.
 */
function afterRefused(
  state: AccountState,
  { reply, photo, refusedBefore }: { reply: RefusedReply; photo: string; refusedBefore: boolean },
  now: number,
): { state: AccountState; charged: boolean } {
  if (state.pause) return { state, charged: false };
  const isAgain = state.refusedPhotos.includes(photo);
  const refusedPhotos = isAgain ? state.refusedPhotos : [...state.refusedPhotos, photo];
  const isProven = reply.certain || refusedPhotos.length >= photosToProve;
  if (!isProven) {
    return { state: isAgain ? state : { ...state, refusedPhotos }, charged: isAgain || refusedBefore };
  }
  const met = reply.certain ? '' : ` (${photosToProve} photos in a row)`;
  const message = `The engine refuses the account: ${trimmed(reply.message)}${met}. To go on: ${trimmed(reply.fix)}, ${startAgain}`;
  return {
    state: pauseAccount({ ...state, refusedPhotos }, { reason: 'refused', message }, now),
    charged: false,
  };
}

/** Any other reply ends the row of refusals. */
function afterNoRefusal(state: AccountState): AccountState {
  return state.refusedPhotos.length === 0 ? state : { ...state, refusedPhotos: [] };
}

function trimmed(sentence: string): string {
  return sentence.replace(/[\s.;]+$/, '');
}
