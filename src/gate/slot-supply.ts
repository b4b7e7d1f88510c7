import type { AccountLink, GateLog } from './account-link.ts';
import { pushAfter, type SlotSpacing, slotSpacing } from './slot-spacing.ts';

/**
 * How far ahead slots are reserved: new ones are fetched when half of it is left, so more where trips to the store are
 * slow. What a process that dies had reserved is lost to the others.
 */
const leastAheadInMs = 50;
const mostAheadInMs = 150;
const spareInMs = 25;
/** However far the next slot is: so soon the account is looked at again. */
const longestWaitInMs = 1000;
const afterLossInMs = 1000;

export interface Slot {
  readonly number: number;
  /** By the store's clock. */
  readonly at: number;
  /** By `performance.now`. */
  readonly localAt: number;
}

export interface Demand {
  /** Callers that could go now. */
  readonly callers: number;
  /** Calls a second that the account allows, before it was cut by throttling. */
  readonly ratePerSecond: number;
  readonly pace: number;
}

/** The few slots that this process has reserved and not used yet. */
export function createSlotSupply({
  link,
  log,
  onSlots,
}: {
  link: AccountLink;
  log: GateLog;
  onSlots: () => void;
}) {
  let leased: { number: number; at: number }[] = [];
  let isReserving = false;
  let notBefore = 0;
  let lastNumber = 0;
  let dropped = 0;
  let pushed = { line: 0, intervalInMs: 0 };

  const aheadInMs = () =>
    Math.min(mostAheadInMs, Math.max(leastAheadInMs, spareInMs + 2 * link.clock.slowTripInMs()));

  async function reserve({ slots, intervalInMs }: { slots: number; intervalInMs: number }): Promise<void> {
    const droppedBefore = dropped;
    const reservation = await link.reserve({ slots, intervalInMs, aheadInMs: aheadInMs() });
    const { granted, firstAt, firstNumber, retryInMs, now } = reservation;
    const wentBack = firstNumber <= lastNumber;
    lastNumber = firstNumber + granted - 1;
    if (wentBack && firstAt - now < afterLossInMs * 0.9) {
      // The store lost its last moments (a crash, a restored copy): nobody knows which slots were used.
      log.warn('the store of the account lost slots: calls go on in a second');
      await link.postpone({ until: now + afterLossInMs });
      return;
    }
    if (granted === 0) {
      notBefore = performance.now() + Math.min(longestWaitInMs, retryInMs);
      return;
    }
    if (droppedBefore !== dropped) return;
    for (let place = 0; place < granted; place += 1) {
      leased.push({ number: firstNumber + place, at: firstAt + place * intervalInMs });
    }
  }

  return {
    /** Reserves for `callers` what is not reserved yet, if it is time to. Returns when it will be, else Infinity. */
    refill({ callers, ratePerSecond, pace }: Demand): number {
      const wanted = callers - leased.length;
      if (wanted <= 0 || isReserving) return Number.POSITIVE_INFINITY;
      const last = leased.at(-1);
      const refillAt = last ? link.clock.toLocal(last.at) - aheadInMs() / 2 : 0;
      const startAt = Math.max(notBefore, refillAt);
      if (performance.now() < startAt) return startAt;
      const slots = Math.min(wanted, Math.ceil(ratePerSecond / 20));
      isReserving = true;
      reserve({ slots, intervalInMs: slotSpacing(ratePerSecond * pace).intervalInMs })
        .catch(() => undefined) // only when the gate is closed: the link goes on trying until then
        .finally(() => {
          isReserving = false;
          onSlots();
        });
      return Number.POSITIVE_INFINITY;
    },
    /** The next slot, if it is due; those that are too late are given up. Else when to ask again. */
    take({ latenessInMs }: SlotSpacing): Slot | number {
      for (;;) {
        const slot = leased[0];
        if (!slot) return Number.POSITIVE_INFINITY;
        const localAt = link.clock.toLocal(slot.at);
        const now = performance.now();
        if (localAt > now + 0.5) return localAt;
        leased.shift();
        if (now - localAt <= latenessInMs) return { ...slot, localAt };
      }
    },
    /** To be told of every call: one that left late pushes the slots a second later, so that no second sees too many. */
    push(slot: Slot, sentAt: number, ratePerSecond: number): void {
      const spacing = slotSpacing(ratePerSecond);
      const push = pushAfter(slot, sentAt, spacing);
      if (!push) return;
      const { intervalInMs } = spacing;
      const { number, until } = push;
      // The same line, seen from where it starts: what another call has asked for already needs no trip.
      const line = until - number * intervalInMs;
      if (pushed.intervalInMs === intervalInMs && line <= pushed.line) return;
      pushed = { line, intervalInMs };
      link.postpone({ until, slot: { number, intervalInMs } }).catch(() => undefined);
    },
    /** Gives up what is reserved: the account changed. */
    drop(): void {
      leased = [];
      dropped += 1;
    },
  };
}

export type SlotSupply = ReturnType<typeof createSlotSupply>;
