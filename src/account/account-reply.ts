import type { CallReply } from '../engines/engine.ts';
import { afterNoRefusal, afterRefused } from './account-refusal.ts';
import type { AccountState } from './account-state.ts';
import { afterThrottled } from './account-throttling.ts';
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

/** Takes a reply into the account's health; `charged`: whether it costs the photo an attempt. */
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
    case 'unavailable':
      return afterUnavailable(state, { ...event, message: reply.message }, now);
    case 'throttled': {
      const { message, retryAfterInMs } = reply;
      const throttled = afterThrottled(state, { sentAt: event.sentAt, retryAfterInMs }, now);
      return { state: afterProbe(throttled, { ...event, message }, now), charged: false };
    }
    case 'refused': {
      const refused = afterRefused(state, { ...event, reply }, now);
      return { ...refused, state: afterProbe(refused.state, { ...event, message: reply.message }, now) };
    }
  }
}
