import { pauseAccount, startAgain } from './account-pause.ts';
import type { AccountState } from './account-state.ts';
import { untilWhen } from './account-throttling.ts';
import { afterUnavailable, silenceInMs, type UnavailableEvent } from './circuit-breaker.ts';

/**
 * An unavailable reply that says when the engine will be back (503 with Retry-After): until then nobody calls, and no
 * photo is charged. A photo that brings such a reply again after others got through is charged like any failure, so that it
 * comes to an end. Where the engine would be away for longer than `--give-up-after`, the account pauses at once.
 */
export function afterBusy(
  before: AccountState,
  event: UnavailableEvent & { readonly retryAfterInMs: number },
  now: number,
): { state: AccountState; charged: boolean } {
  const { photo, retryAfterInMs, giveUpAfterInMs, message } = event;
  const until = before.throttling?.until ?? 0;
  const wasAnnounced = before.streak && now - until < silenceInMs;
  // The silence was what the engine asked for: its absence goes on.
  const start = wasAnnounced
    ? { ...before, streak: { ...before.streak, lastAt: now } as typeof before.streak }
    : before;
  const { state, charged } = afterUnavailable(start, event, now);
  const isSuspect = before.streak === null && !before.down && before.busyPhotos.includes(photo);
  const since = state.streak?.firstAt ?? now;
  const next: AccountState = {
    ...state,
    throttling: { since, lastAt: now, ...state.throttling, until: Math.max(until, now + retryAfterInMs) },
    busyPhotos: event.isNoPhotos
      ? before.busyPhotos
      : [...before.busyPhotos.filter((one) => one !== photo), photo].slice(-photosKept),
  };
  if (now + retryAfterInMs - since <= giveUpAfterInMs) return { state: next, charged: isSuspect && charged };
  const why = `The engine is not available (${message}) and asks for no calls ${untilWhen({ retryAfterInMs, now })}, which is longer than --give-up-after. Wait until it is back, ${startAgain}`;
  return { state: pauseAccount(next, { reason: 'down', message: why }, now), charged: false };
}

const photosKept = 100;
