import { randomUUID } from 'node:crypto';
import type { AccountCheck } from '../engines/engine.ts';
import type { AccountClient } from './account-client.ts';
import { afterCheck, afterReply, type ReplyEvent, standingOf } from './account-reply.ts';
import { type AccountState, processCount } from './account-state.ts';
import { type ProbeDelay, releaseProbe } from './circuit-breaker.ts';
import type { FinishedCall, RecordedCall } from './rate-limiter.ts';
import type { SlotSupply } from './slot-supply.ts';
import { isOutage, photosToPause, signOf, signOfCheck } from './whose-fault.ts';

const refusedPhotosKept = 10_000;

/** Between two calls while the account is doubted: the first pause, doubling with each photo up to the ceiling. */
export interface DoubtDelay {
  readonly firstInMs: number;
  readonly ceilingInMs: number;
}

export interface ReplyRecorderOptions {
  readonly client: AccountClient;
  readonly supply: SlotSupply;
  readonly processName: string;
  readonly probeDelay: ProbeDelay;
  readonly doubtDelay: DoubtDelay;
  readonly giveUpAfterInMs: number;
}

export interface CallTimes {
  /** By the store's clock. */
  readonly sentAt: number;
  readonly isProbe: boolean;
  /** When it was begun, by this process's own count: see `tick`. */
  readonly begun: number;
}

/** Records the replies of this process in the account's health, and remembers what it has seen itself. */
export function createReplyRecorder({ client, supply, ...options }: ReplyRecorderOptions) {
  const { processName: by, probeDelay, doubtDelay, giveUpAfterInMs } = options;
  const refusedPhotos = new Set<string>();
  /** What was seen before a pause, or while it lasted, says nothing of the time after it. */
  let era = randomUUID();
  let isPaused = false;
  /** Orders what this process does and sees, without a clock. */
  let ticks = 0;
  /** When the latest call that got through was begun; undefined: none since the last pause. */
  let passedAt: number | undefined;
  /** The same of one without a photo, which asked for nothing but the account. */
  let vouchedAt: number | undefined;
  /** No call before then (`performance.now`), while the account is doubted. */
  let doubtedUntil = 0;

  /** A reply that changes nothing (most do not) makes no trip to the store. */
  async function change<Result extends { readonly state: AccountState }>(
    judge: (state: AccountState, now: number) => Result,
  ): Promise<Result> {
    let result = judge(client.state, client.storeNow());
    if (result.state === client.state) return result;
    try {
      await client.change((state, now) => {
        result = judge(state, now);
        return result.state;
      });
    } catch {
      // Closed, and the store does not answer: what this process knows has to be enough.
    }
    return result;
  }

  function rememberRefused(photo: string): void {
    refusedPhotos.add(photo);
    const [oldest] = refusedPhotos;
    if (refusedPhotos.size > refusedPhotosKept && oldest !== undefined) refusedPhotos.delete(oldest);
  }

  const standing = () => standingOf(client.state, { by, hasPassed: passedAt !== undefined });

  const processes = () => Math.max(1, processCount(client.state, client.storeNow()));

  function notePassed(begun: number): void {
    if (!client.state.pause) passedAt = Math.max(passedAt ?? 0, begun);
  }

  function noteDoubt(): void {
    const own = client.state.doubts.filter((doubt) => doubt.by === by && !doubt.isRepeated).length;
    const pause = Math.min(doubtDelay.ceilingInMs, doubtDelay.firstInMs * 2 ** Math.max(0, own - 1));
    doubtedUntil = performance.now() + pause;
  }

  async function slowDown(retryAfterInMs: number): Promise<void> {
    supply.drop();
    if (retryAfterInMs === 0 || client.state.pause) return;
    await client.postpone({ until: client.storeNow() + retryAfterInMs }).catch(() => undefined);
  }

  async function releaseProbeIf(isProbe: boolean): Promise<void> {
    if (isProbe) await client.change((state) => releaseProbe(state, by)).catch(() => undefined);
  }

  async function record(call: FinishedCall, { sentAt, isProbe, begun }: CallTimes): Promise<RecordedCall> {
    const { reply, photo, attemptsBefore, isCheck = false } = call;
    if (!reply) {
      await releaseProbeIf(isProbe);
      return { charged: false };
    }
    const refusedBefore = call.refusedBefore === true || refusedPhotos.has(photo);
    const hasPassed = passedAt !== undefined;
    const sign = isOutage(reply, { hasPassed }) ? undefined : signOf(reply, refusedBefore);
    const event: ReplyEvent = {
      ...{ reply, photo, attemptsBefore, refusedBefore, sentAt, by, probeDelay, giveUpAfterInMs },
      ...{ hasPassed, isCheck },
      probeBy: isProbe ? by : undefined,
    };
    if (sign === 'passed') notePassed(begun);
    else if (sign !== undefined) rememberRefused(photo);
    const { charged } = await change((state, now) => afterReply(state, event, now));
    if (sign !== undefined && sign !== 'passed') noteDoubt();
    if (reply.kind === 'throttled') await slowDown(reply.retryAfterInMs ?? 0);
    if (reply.kind === 'unavailable' && reply.retryAfterInMs) await slowDown(reply.retryAfterInMs);
    return { charged };
  }

  return {
    /** To be called when the account was read. */
    noteState(): void {
      if (isPaused === (client.state.pause !== null)) return;
      isPaused = !isPaused;
      passedAt = undefined;
      vouchedAt = undefined;
      era = randomUUID();
    },
    /** To be called when a call is begun: one that was begun later says more. */
    tick: () => ++ticks,
    witness: () => ({ by: `${by} ${era}`, at: ++ticks }),
    hasPassed: () => passedAt !== undefined,
    isRightSince: (at: number) => Math.max(passedAt ?? 0, vouchedAt ?? 0) > at,
    isToBeAsked(): boolean {
      const { doubts } = client.state;
      // Of new photos alone the twentieth pauses. Each process may have a call under way, and then asks.
      const most = photosToPause - 2 * processes();
      return doubts.length >= most && doubts.some(({ isRepeated }) => isRepeated);
    },
    /** How many calls may be in flight, by what this process knows of the account; and from when on. */
    mostInFlight(): { calls: number; from: number } {
      if (standing() === 'doubted') return { calls: 1, from: doubtedUntil };
      if (passedAt !== undefined) return { calls: Number.POSITIVE_INFINITY, from: 0 };
      const left = photosToPause - client.state.doubts.length;
      return { calls: Math.max(1, Math.floor(left / processes())), from: 0 };
    },
    record,
    /** Records what a call without a photo showed of the account. */
    async recordCheck(check: AccountCheck, times: CallTimes): Promise<void> {
      const hasPassed = passedAt !== undefined;
      if (!check.ok && check.undecided && signOfCheck(check, { hasPassed }) === undefined) {
        await record({ reply: check.undecided, photo: '', attemptsBefore: 0, isCheck: true }, times);
        return;
      }
      await releaseProbeIf(times.isProbe);
      if (check.ok) vouchedAt = times.begun;
      const event = { by, hasPassed, check };
      await change((state, now) => ({ state: afterCheck(state, event, now) }));
    },
  };
}
