import { withinTime } from '../util/time-limit.ts';
import { type AccountClient, createAccountClient, type RateLimiterLog } from './account-client.ts';
import { lowestRate, processLeft } from './account-state.ts';
import type { AccountStore } from './account-store.ts';
import { accountSummary } from './account-summary.ts';
import { paceAt } from './account-throttling.ts';
import { createCallMeter } from './call-meter.ts';
import { claimProbe, type ProbeDelay, probeFreeAt, releaseProbe, renewProbe } from './circuit-breaker.ts';
import { createOwnRate } from './own-rate.ts';
import {
  AccountPausedError,
  type FinishedCall,
  type Permit,
  type RateLimiter,
  type RecordedCall,
} from './rate-limiter.ts';
import { type CallTimes, createReplyRecorder, type DoubtDelay } from './record-reply.ts';
import { createSlotSupply, type DueSlot } from './slot-supply.ts';
import { createWaitQueue, type Waiter, waitForGrant } from './wait-queue.ts';

/** While the account is down or paused and a caller waits, its state is read this often. */
const lookInMs = 1000;
const farewellInMs = 1000;

export interface RateLimiterOptions {
  readonly store: AccountStore;
  readonly account: string;
  /** Calls a second over all processes on the same store; the lowest of theirs is used. */
  readonly ratePerSecond: number;
  /** Whether a run's own rate may not be higher (default), or stands above it. */
  readonly isCeiling?: boolean;
  /** Calls in flight in this process. */
  readonly concurrency: number;
  /** Unique among all processes that ever use the store. */
  readonly processName: string;
  /** From the first failure of an outage until the account is paused. */
  readonly giveUpAfterInMs: number;
  readonly log: RateLimiterLog;
  /** Between two probes of an engine that is down; 1 s doubling to 30 s. */
  readonly probeDelay?: ProbeDelay;
  /** Between two calls of this process while the account is doubted; a quarter of a second doubling to 2 s. */
  readonly doubtDelay?: DoubtDelay;
}

/**
 * Opens the rate limiter of one account for this process. Everything happens in `advance`, which is called whenever
 * something changed (a caller came, a call ended, slots arrived, a timer fired) and either serves those who wait or knows
 * what to wait for.
 *
 * While the account is down one probe goes at a time, over all processes:
 *   none --claim, granted by the store--> held --next caller gets a slot--> calling --done--> none
 */
export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const { account, concurrency, processName, log } = options;
  const probeDelay = options.probeDelay ?? { firstInMs: 1000, ceilingInMs: 30_000 };
  const client: AccountClient = createAccountClient({ ...options, onReading: noteReading });
  const supply = createSlotSupply({ client, log, onSlots: advance });
  const replies = createReplyRecorder({
    client,
    supply,
    processName,
    probeDelay,
    doubtDelay: options.doubtDelay ?? { firstInMs: 250, ceilingInMs: 2_000 },
    giveUpAfterInMs: options.giveUpAfterInMs,
  });
  const waiting = createWaitQueue<Waiter<Permit>>();
  const meter = createCallMeter(performance.now());
  const { ratePerSecond: processRate, isCeiling = true } = options;
  const own = createOwnRate({
    ...{ client, account, processName, ratePerSecond: processRate, isCeiling, log },
    renew: (state, now) => (probe === 'none' ? state : renewProbe(state, processName, now)),
  });
  let inFlight = 0;
  let probe: 'none' | 'claiming' | 'held' | 'calling' = 'none';
  let isReady = false;
  let isClosed = false;
  let isLooking = false;
  let closing: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let lastSummary = 'open';

  const start = async () => {
    await client.read();
    await own.publish();
    isReady = true;
    advance();
  };
  start().catch(() => undefined); // only when closed meanwhile

  function noteReading(): void {
    replies.noteState();
    own.noteReading();
    const { state, message } = accountSummary(client.state, client.storeNow());
    if (state === lastSummary) return;
    if (state === 'open') log.info({ account }, 'calls to the engine go on at the full rate');
    else log.warn({ account }, message);
    lastSummary = state;
  }

  function currentRate(): number {
    return lowestRate(client.state, { processName, ratePerSecond: own.current() }, client.storeNow());
  }

  function advance(): void {
    clearTimeout(timer);
    if (isClosed || !isReady) return;
    const wakeAt = serve();
    if (wakeAt === Number.POSITIVE_INFINITY) return;
    timer = setTimeout(advance, Math.max(1, Math.ceil(wakeAt - performance.now())));
  }

  /** Serves those who can be served. Returns when to call it again (`performance.now`); Infinity: another event will. */
  function serve(): number {
    meter.setFull(inFlight >= concurrency, performance.now());
    if (client.state.pause) return servePaused();
    if (client.state.down) return serveDown();
    if (probe === 'held') probe = 'none';
    return serveByEvidence();
  }

  /** As many calls as are allowed by what this process knows of the account: see `whose-fault.ts`. */
  function serveByEvidence(): number {
    const { calls, from } = replies.mostInFlight();
    const places = Math.max(0, Math.min(concurrency, calls) - inFlight);
    if (places > 0 && from > performance.now() && waiting.size > 0) return from;
    return serveCallers(places);
  }

  function servePaused(): number {
    supply.drop();
    if (waiting.size === 0) return Number.POSITIVE_INFINITY;
    if (client.ageInMs() > lookInMs) return look();
    const { pause } = client.state;
    if (pause) for (const waiter of waiting.takeAll()) waiter.refuse(new AccountPausedError(pause));
    return Number.POSITIVE_INFINITY;
  }

  function serveDown(): number {
    if (probe === 'held' && waiting.size === 0) dropProbe();
    if (probe === 'held') return serveCallers(Math.min(1, concurrency - inFlight));
    supply.drop();
    if (waiting.size === 0) return Number.POSITIVE_INFINITY;
    const freeAt = client.clock.toLocal(probeFreeAt(client.state) ?? 0);
    const now = performance.now();
    if (probe === 'none' && inFlight < concurrency && freeAt <= now) claim();
    else if (client.ageInMs() > lookInMs) look();
    return freeAt > now ? Math.min(freeAt, now + lookInMs) : now + lookInMs;
  }

  function serveCallers(places: number): number {
    const ratePerSecond = currentRate();
    let left = places;
    let dueAt = Number.POSITIVE_INFINITY;
    while (left > 0 && waiting.size > 0) {
      const slot = supply.take();
      if (typeof slot === 'number') {
        dueAt = slot;
        break;
      }
      grant(slot);
      left -= 1;
    }
    const callers = Math.min(waiting.size, left);
    const refillAt = supply.refill({ callers, ratePerSecond, pace: paceAt(client.state, client.storeNow()) });
    return Math.min(dueAt, refillAt);
  }

  function look(): number {
    if (isLooking) return Number.POSITIVE_INFINITY;
    isLooking = true;
    client
      .read()
      .catch(() => undefined)
      .finally(() => {
        isLooking = false;
        advance();
      });
    return Number.POSITIVE_INFINITY;
  }

  function claim(): void {
    probe = 'claiming';
    client
      .change((state, now) => claimProbe(state, processName, now))
      .then((state) => {
        probe = state.down?.probe?.by === processName ? 'held' : 'none';
      })
      .catch(() => {
        probe = 'none';
      })
      .finally(advance);
  }

  function dropProbe(): void {
    probe = 'none';
    client.change((state) => releaseProbe(state, processName)).catch(() => undefined);
  }

  function grant(slot: DueSlot): void {
    const waiter = waiting.take();
    if (!waiter) return;
    const isProbe = probe === 'held';
    if (isProbe) probe = 'calling';
    inFlight += 1;
    meter.called(performance.now());
    meter.setFull(inFlight >= concurrency, performance.now());
    waiter.grant(createPermit(slot, isProbe));
  }

  function createPermit(slot: DueSlot, isProbe: boolean): Permit {
    const timeNow = () => slot.at + performance.now() - slot.localAt;
    const begun = replies.tick();
    let sentAt: number | undefined;
    let result: Promise<RecordedCall> | undefined;

    async function finish<Result>(
      isMade: boolean,
      record: (times: CallTimes) => Promise<Result>,
    ): Promise<Result> {
      inFlight -= 1;
      if (!isMade && sentAt === undefined) supply.giveUp(slot);
      try {
        return await record({ sentAt: sentAt ?? slot.at, isProbe, begun });
      } finally {
        if (isProbe) probe = 'none';
        advance();
      }
    }

    return {
      sent() {
        if (sentAt !== undefined) return;
        sentAt = timeNow();
        // By then it has been written: the process may be held up in the midst of it.
        queueMicrotask(() => supply.sent(slot, timeNow()));
      },
      done(call: FinishedCall) {
        result ??= finish(call.reply !== undefined, (times) => replies.record(call, times));
        return result;
      },
      checked: (check) => finish(true, (times) => replies.recordCheck(check, times)),
    };
  }

  async function end(): Promise<void> {
    isClosed = true;
    own.close();
    clearTimeout(timer);
    supply.close();
    client.close();
    for (const waiter of waiting.takeAll()) waiter.refuse(new Error('the rate limiter was closed'));
    const farewell = client.change((state) => releaseProbe(processLeft(state, processName), processName));
    await withinTime(
      farewell.catch(() => undefined),
      { limitInMs: farewellInMs, whenLate: () => undefined },
    );
  }

  return {
    async acquire({ runId, signal }) {
      signal.throwIfAborted();
      if (isClosed) throw new Error('the rate limiter was closed');
      return await waitForGrant<Permit>({
        signal,
        join(waiter) {
          waiting.add(runId, waiter);
          advance();
        },
        leave(waiter) {
          waiting.remove(runId, waiter);
          advance();
        },
      });
    },
    joinRun: own.joinRun,
    hasPassed: replies.hasPassed,
    isRightSince: replies.isRightSince,
    isToBeAsked: replies.isToBeAsked,
    witness: replies.witness,
    snapshot() {
      const now = client.storeNow();
      const ratePerSecond = currentRate() * paceAt(client.state, now);
      const { callsPerSecond, shareFull } = meter.read(performance.now());
      const summary = accountSummary(client.state, now);
      const isSlow = callsPerSecond < ratePerSecond * 0.9;
      return {
        ratePerSecond,
        achievedPerSecond: callsPerSecond,
        heldByConcurrency: summary.state === 'open' && isSlow && shareFull >= 0.5,
        inFlight,
        ...summary,
      };
    },
    close() {
      closing ??= end();
      return closing;
    },
  };
}
