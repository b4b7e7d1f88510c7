import type { AccountCheck, CallReply, RefusedReply, RejectedReply } from '../engines/engine.ts';
import { isReached } from '../engines/judgement.ts';

/**
 * Whose fault is it that the engine refuses a photo: the photo's (a firewall dislikes its bytes) or the account's (a wrong
 * key)? One refusal looks the same for both, so this table decides from evidence over several photos. What an engine that
 * does not answer or throttles is to blame for is decided in `circuit-breaker.ts` and `account-throttling.ts`; whose fault
 * it is that a photo cannot be read, in `worker/source-watch.ts`; the store's faults, in `queue/connection-fault.ts`.
 *
 * Evidence is a process's own, since each has credentials of its own: what another process gets through says nothing of
 * this one's key. Only the pause, and how many photos were refused, are shared.
 */
export type Standing =
  /** Nothing got through since this process started, or since the account was paused. */
  | 'untested'
  /** The latest photos got through. */
  | 'passing'
  /** Photos were refused since the latest that got through: one call at a time, with growing pauses. */
  | 'doubted'
  /** Nothing is called. */
  | 'paused';

export type Sign =
  /** Enrolled, or refused with a code of the engine's pages: the account is right. */
  | 'passed'
  /** 403, 404, a redirect, …: the account's or the photo's. */
  | 'refused'
  /** A code that no page knows: the engine's verdict, or its way to say that a quota is used up. */
  | 'strange'
  /** 401: the account's, unless others pass. */
  | 'denied'
  /** 402, a quota, settings: never a photo's. */
  | 'certain'
  /** Any refusal of a photo that was refused before: says nothing new of the account. */
  | 'again'
  /**
   * A call without a photo showed that the account is right, or that it is not. It proves that a photo refused again and
   * again is itself at fault, and not that any photo gets through: a firewall may refuse all of them.
   */
  | 'vouched'
  | 'disowned';

/**
 * `nobody`: no fault. `open`: counts towards the pause; the photo keeps its attempts and is tried again. `photo`: the same
 * without counting; the photo is charged once others have got through since, or the account was asked and is right.
 * `account`: it is paused.
 */
export type Blame = 'nobody' | 'open' | 'photo' | 'account';

export const whoseFault = {
  untested: {
    passed: { blame: 'nobody', to: 'passing' },
    refused: { blame: 'open', to: 'doubted' },
    strange: { blame: 'open', to: 'doubted' },
    denied: { blame: 'account', to: 'paused' },
    certain: { blame: 'account', to: 'paused' },
    again: { blame: 'photo', to: 'untested' },
    vouched: { blame: 'nobody', to: 'untested' },
    disowned: { blame: 'account', to: 'paused' },
  },
  passing: {
    passed: { blame: 'nobody', to: 'passing' },
    refused: { blame: 'open', to: 'doubted' },
    strange: { blame: 'open', to: 'doubted' },
    denied: { blame: 'open', to: 'doubted' },
    certain: { blame: 'account', to: 'paused' },
    again: { blame: 'photo', to: 'passing' },
    vouched: { blame: 'nobody', to: 'passing' },
    disowned: { blame: 'account', to: 'paused' },
  },
  doubted: {
    passed: { blame: 'nobody', to: 'passing' },
    refused: { blame: 'open', to: 'doubted' },
    strange: { blame: 'open', to: 'doubted' },
    denied: { blame: 'account', to: 'paused' },
    certain: { blame: 'account', to: 'paused' },
    again: { blame: 'photo', to: 'doubted' },
    vouched: { blame: 'nobody', to: 'doubted' },
    disowned: { blame: 'account', to: 'paused' },
  },
  // Replies to calls that were under way.
  paused: {
    passed: { blame: 'nobody', to: 'paused' },
    refused: { blame: 'photo', to: 'paused' },
    strange: { blame: 'photo', to: 'paused' },
    denied: { blame: 'photo', to: 'paused' },
    certain: { blame: 'photo', to: 'paused' },
    again: { blame: 'photo', to: 'paused' },
    vouched: { blame: 'nobody', to: 'paused' },
    disowned: { blame: 'photo', to: 'paused' },
  },
} as const satisfies Record<Standing, Record<Sign, { blame: Blame; to: Standing }>>;

/**
 * So many different photos refused without one that got through pause the account. A wrong key costs no more calls a start:
 * where the last of them would go to a photo that was refused before, the account is asked instead.
 */
export const photosToPause = 20;

/** A refusal, or a verdict whose code no page knows. */
export type DoubtfulReply = RefusedReply | (RejectedReply & { readonly isUndocumented: true });

/** Whether it is open, after this reply alone, whose fault it is. */
export function isDoubtful(reply: CallReply): reply is DoubtfulReply {
  return reply.kind === 'refused' || (reply.kind === 'rejected' && reply.isUndocumented === true);
}

/** undefined: the reply says nothing of the account. */
export function signOf(reply: CallReply, refusedBefore: boolean): Sign | undefined {
  switch (reply.kind) {
    case 'enrolled':
    case 'identified':
    case 'verified':
    case 'deleted':
      return 'passed';
    case 'rejected':
      if (!reply.isUndocumented) return 'passed';
      return refusedBefore ? 'again' : 'strange';
    case 'refused':
      if (reply.certain && reply.httpStatus !== 401) return 'certain';
      if (refusedBefore) return 'again';
      return reply.certain ? 'denied' : 'refused';
    case 'unavailable':
    case 'throttled':
      return undefined;
  }
}

/** undefined: the engine did not answer. Where it was not reached, and nothing got through yet, settings are to blame. */
export function signOfCheck(check: AccountCheck, process: { readonly hasPassed: boolean }): Sign | undefined {
  if (check.ok) return 'vouched';
  const { undecided } = check;
  const isOpen = undecided && (undecided.kind !== 'refused' || isOutage(undecided, process));
  return isOpen ? undefined : 'disowned';
}

/** Whether a refusal can be a photo's at all: what never reached the engine cannot. */
export const mayBeThePhotos = isReached;

/**
 * Whether the way to the engine is at fault, and not what was set: the host is unknown, its certificate is another, the
 * proxy refuses, though calls of this process got through. It may pass, as any outage; until something got through, the
 * settings are to blame.
 */
export const isOutage = (
  reply: CallReply,
  { hasPassed }: { readonly hasPassed: boolean },
): reply is RefusedReply => hasPassed && reply.kind === 'refused' && !reply.certain && !mayBeThePhotos(reply);
