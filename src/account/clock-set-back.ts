import type { AccountState } from './account-state.ts';

/** Less than this is waited for. */
const noticedFromInMs = 1000;

/**
 * Where the store's clock was set back, so is everything that an account's state says of time: what happened is not in
 * the future, and nobody waits for a clock to come to where it was.
 */
export function withClockSetBack(state: AccountState, now: number): AccountState {
  const setBackInMs = latestEvent(state) - now;
  if (setBackInMs <= noticedFromInMs) return state;
  const earlier = (at: number) => at - setBackInMs;
  const { rates, pace, throttling, streak, down, outage, pause } = state;
  const earlierRates = Object.entries(rates).map(([name, rate]) => [
    name,
    { ...rate, seenAt: earlier(rate.seenAt) },
  ]);
  return {
    ...state,
    rates: Object.fromEntries(earlierRates),
    pace: { ...pace, at: earlier(pace.at), cutAt: earlier(pace.cutAt) },
    throttling: throttling && {
      since: earlier(throttling.since),
      lastAt: earlier(throttling.lastAt),
      until: earlier(throttling.until),
    },
    streak: streak && { ...streak, firstAt: earlier(streak.firstAt), lastAt: earlier(streak.lastAt) },
    down: down && {
      ...down,
      nextProbeAt: earlier(down.nextProbeAt),
      probe: down.probe && { ...down.probe, until: earlier(down.probe.until) },
    },
    outage: outage && {
      since: earlier(outage.since),
      endedAt: outage.endedAt === null ? null : earlier(outage.endedAt),
    },
    pause: pause && { ...pause, since: earlier(pause.since) },
  };
}

/** Of what has happened: what is waited for may lie ahead. */
function latestEvent({ rates, pace, throttling, streak, outage, pause }: AccountState): number {
  return Math.max(
    ...Object.values(rates).map(({ seenAt }) => seenAt),
    ...[pace.at, pace.cutAt, throttling?.lastAt ?? 0, streak?.lastAt ?? 0],
    ...[outage?.endedAt ?? outage?.since ?? 0, pause?.since ?? 0],
  );
}
