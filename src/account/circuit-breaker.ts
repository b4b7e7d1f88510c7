import { pauseAccount, startAgain } from './account-pause.ts';
import type { AccountState } from './account-state.ts';

const repliesToBeDown = 20;
/** Fewer different photos than this prove nothing about the engine: they may be what is wrong. */
const photosToProve = 5;
/** Longer than any wait between two tries; after it (nobody was calling) failures are counted anew. */
export const silenceInMs = 10 * 60_000;
/** A live prober renews its lease with every heartbeat. */
const probeLeaseInMs = 15_000;

type ConsecutiveFailures = NonNullable<AccountState['streak']>;

export interface ProbeDelay {
  readonly firstInMs: number;
  readonly ceilingInMs: number;
}

export interface UnavailableEvent {
  readonly photo: string;
  /** Calls charged to the photo before this one. */
  readonly attemptsBefore: number;
  readonly message: string;
  /** No photo can be at fault: it is no suspect, and is not charged. */
  readonly isNoPhotos?: boolean;
  readonly probeBy: string | undefined;
  readonly probeDelay: ProbeDelay;
  readonly giveUpAfterInMs: number;
}

/**
 * Counts an unavailable reply, and decides whether it costs the photo an attempt. Is the engine down, or is the
 * photo poison? Both look the same from one reply, so the evidence is counted:
 *
 * - A photo that was charged before this row of failures began had failed while others got through. It is a
 *   suspect, no witness: it is not counted. So the poison photos that gather at the end of a run, when the healthy ones are
 *   done, are spent one by one and do not look like an outage.
 * - Fewer than five different witnesses: charged. So one poison photo, or a few that are all a small run has, see
 *   exactly the allowed number of calls; a run of four photos or fewer has nothing that could tell an outage.
 * - From the fifth on nothing is charged, to suspects neither, and with the 20th reply the account is down. So an
 *   outage charges four photos about one attempt each, and takes none its last one: whoever waits for a retry
 *   is behind the new photos, which go on arriving as long as there are five.
 */
export function afterUnavailable(
  state: AccountState,
  event: UnavailableEvent,
  now: number,
): { state: AccountState; charged: boolean } {
  if (state.down) return { state: afterProbe(state, event, now), charged: false };
  const fresh: ConsecutiveFailures = {
    replies: 0,
    firstAt: now,
    lastAt: now,
    charges: {},
    message: event.message,
  };
  const failures = state.streak && now - state.streak.lastAt < silenceInMs ? state.streak : fresh;
  const chargedBefore = failures.charges[event.photo];
  const isSuspect = !event.isNoPhotos && event.attemptsBefore > (chargedBefore ?? 0);
  const isNew = chargedBefore === undefined && !isSuspect;
  const witnesses = Object.keys(failures.charges).length + (isNew ? 1 : 0);
  const charged = !event.isNoPhotos && witnesses < photosToProve;
  if (isSuspect) return { state, charged };
  const charges =
    witnesses > photosToProve
      ? failures.charges
      : { ...failures.charges, [event.photo]: (chargedBefore ?? 0) + (charged ? 1 : 0) };
  const replies = failures.replies + 1;
  const isDown = replies >= repliesToBeDown && !charged;
  const next = { ...state, streak: { ...failures, replies, lastAt: now, charges, message: event.message } };
  return { state: isDown ? goDown(next, event.probeDelay, now) : next, charged };
}

/** Any enrolled or rejected reply: the engine works. */
export function afterSuccess(state: AccountState, now: number): AccountState {
  const { streak, down, outage } = state;
  if (!streak && !down) return state;
  const isOver = down && outage?.endedAt === null;
  return { ...state, streak: null, down: null, outage: isOver ? { ...outage, endedAt: now } : outage };
}

/** A probe ended without a success: the next one waits twice as long. Replies to older calls change nothing. */
export function afterProbe(
  state: AccountState,
  event: Pick<UnavailableEvent, 'message' | 'probeBy' | 'probeDelay' | 'giveUpAfterInMs'>,
  now: number,
): AccountState {
  const { down, streak: failures } = state;
  if (!down || down.probe === null || down.probe.by !== event.probeBy) return state;
  const isOld = !failures || now - failures.lastAt >= silenceInMs;
  const firstAt = isOld ? now : failures.firstAt;
  const next: AccountState = {
    ...state,
    streak: { replies: 0, charges: {}, ...failures, firstAt, lastAt: now, message: event.message },
    down: {
      nextProbeAt: now + down.probeDelayInMs,
      probeDelayInMs: Math.min(down.probeDelayInMs * 2, event.probeDelay.ceilingInMs),
      probe: null,
    },
  };
  if (now - firstAt < event.giveUpAfterInMs) return next;
  const message = `The engine has not answered since ${new Date(firstAt).toISOString()} (last: ${event.message}). Check that it runs and can be reached, ${startAgain}. If it does run, the remaining photos may be what makes it fail: rollcall cancel ends the run and reports them.`;
  return pauseAccount(next, { reason: 'down', message }, now);
}

/** When a process may claim the next probe; undefined when the account is not down. */
export function probeFreeAt(state: AccountState): number | undefined {
  return state.down ? Math.max(state.down.nextProbeAt, state.down.probe?.until ?? 0) : undefined;
}

export function claimProbe(state: AccountState, by: string, now: number): AccountState {
  const freeAt = probeFreeAt(state);
  if (!state.down || freeAt === undefined || now < freeAt) return state;
  return { ...state, down: { ...state.down, probe: { by, until: now + probeLeaseInMs } } };
}

export function renewProbe(state: AccountState, by: string, now: number): AccountState {
  if (state.down?.probe?.by !== by) return state;
  return { ...state, down: { ...state.down, probe: { by, until: now + probeLeaseInMs } } };
}

/** The probe was not made: another process may make one at once. */
export function releaseProbe(state: AccountState, by: string): AccountState {
  return state.down?.probe?.by === by ? { ...state, down: { ...state.down, probe: null } } : state;
}

function goDown(state: AccountState, probeDelay: ProbeDelay, now: number): AccountState {
  const { firstInMs, ceilingInMs } = probeDelay;
  const down = {
    nextProbeAt: now + firstInMs,
    probeDelayInMs: Math.min(firstInMs * 2, ceilingInMs),
    probe: null,
  };
  return { ...state, down, outage: { since: now, endedAt: null } };
}
