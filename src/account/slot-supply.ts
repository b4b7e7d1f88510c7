import type { AccountClient, RateLimiterLog } from './account-client.ts';
import type { Slot, SlotNote } from './account-store.ts';
import { slotSpacing } from './slot-spacing.ts';

/**
 * How far ahead slots are reserved: new ones are fetched when half of it is left, so more where trips to the store are
 * slow. What a process that dies had reserved is lost to the others.
 */
const leastAheadInMs = 50;
const mostAheadInMs = 150;
const spareInMs = 25;
/**
 * A slot that is later than this is given up. A late call is no danger, since it counts from when it was sent; but
 * what was held up for long would go out at once.
 */
const latenessInMs = 100;
/** So far ahead no slot is reserved: the store's clock was set back. */
const tooFarInMs = 1000;
/** A call that left no later than this after its slot is not worth a note. */
const punctualInMs = 3;
/** Notes go with the next reservation, or alone if there is none so soon. */
const noteWithinInMs = 100;
/** However far the next slot is: so soon the account is looked at again. */
const longestWaitInMs = 1000;
const afterLossInMs = 1000;

/** A slot that is due. */
export interface DueSlot extends Slot {
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

/**
 * The few slots that this process has reserved and not used yet. What becomes of them is noted for the store: a call
 * that left late counts from then, and a slot that was not used is given to another process.
 */
export function createSlotSupply({
  client,
  log,
  onSlots,
}: {
  client: AccountClient;
  log: RateLimiterLog;
  onSlots: () => void;
}) {
  let leased: Slot[] = [];
  let notes: SlotNote[] = [];
  let noteTimer: NodeJS.Timeout | undefined;
  let isReserving = false;
  let isClosed = false;
  let notBefore = 0;
  let nextNumber = 0;
  let drops = 0;
  let spacing = slotSpacing(1);

  const aheadInMs = () =>
    Math.min(mostAheadInMs, Math.max(leastAheadInMs, spareInMs + 2 * client.clock.slowTripInMs()));

  async function reserve(slots: number): Promise<void> {
    const dropsBefore = drops;
    const sending = notes;
    notes = [];
    clearTimeout(noteTimer);
    noteTimer = undefined;
    const reservation = await client.reserve({ slots, spacing, aheadInMs: aheadInMs(), notes: sending });
    const { now, retryInMs } = reservation;
    const wentBack = reservation.nextNumber - reservation.slots.length < nextNumber;
    nextNumber = reservation.nextNumber;
    const firstInMs = (reservation.slots[0]?.at ?? now + retryInMs) - now;
    if (wentBack && firstInMs < afterLossInMs * 0.9) {
      // The store lost its last moments (a crash, a restored copy): nobody knows which slots were used.
      log.warn('the queue lost the state of the rate limiter: calls go on in a second');
      await client.postpone({ until: now + afterLossInMs });
      return;
    }
    if (dropsBefore !== drops) return reservation.slots.forEach(giveUp);
    leased.push(...reservation.slots);
    if (reservation.slots.length < slots)
      notBefore = performance.now() + Math.min(longestWaitInMs, retryInMs);
  }

  function start(slots: number): void {
    isReserving = true;
    reserve(slots)
      .catch(() => undefined) // only when it is closed: the client repeats it until then
      .finally(() => {
        isReserving = false;
        onSlots();
      });
  }

  function note(about: SlotNote): void {
    if (isClosed) return;
    notes.push(about);
    noteTimer ??= setTimeout(sendNotes, noteWithinInMs);
  }

  function sendNotes(): void {
    noteTimer = undefined;
    if (notes.length === 0) return;
    if (isReserving) noteTimer = setTimeout(sendNotes, noteWithinInMs);
    else start(0);
  }

  function giveUp({ number }: Slot): void {
    note({ number, sentAt: undefined });
  }

  return {
    /** Reserves for `callers` what is not reserved yet, if it is time to. Returns when it will be, else Infinity. */
    refill({ callers, ratePerSecond, pace }: Demand): number {
      const wanted = callers - leased.length;
      if (wanted <= 0 || isReserving) return Number.POSITIVE_INFINITY;
      const last = leased.at(-1);
      const refillAt = last ? client.clock.toLocal(last.at) - aheadInMs() / 2 : 0;
      const startAt = Math.max(notBefore, refillAt);
      if (performance.now() < startAt) return startAt;
      spacing = slotSpacing(ratePerSecond * pace);
      start(Math.min(wanted, Math.ceil(ratePerSecond / 20)));
      return Number.POSITIVE_INFINITY;
    },
    /** The next slot, if it is due; those that are too late are given up. Else when to ask again. */
    take(): DueSlot | number {
      for (;;) {
        const slot = leased[0];
        if (!slot) return Number.POSITIVE_INFINITY;
        const localAt = client.clock.toLocal(slot.at);
        const now = performance.now();
        const isTooFar = localAt > now + tooFarInMs;
        if (localAt > now + 0.5 && !isTooFar) return localAt;
        leased.shift();
        if (now - localAt <= latenessInMs && !isTooFar) return { ...slot, localAt };
        giveUp(slot);
      }
    },
    /** To be called when a call was sent, by the store's clock: a late one counts from then. */
    sent({ number, at }: Slot, sentAt: number): void {
      if (sentAt - at > punctualInMs) note({ number, sentAt });
    },
    /** To be called for a slot in which no call was made. */
    giveUp,
    /** Gives up what is reserved: the account changed. */
    drop(): void {
      for (const slot of leased.splice(0)) giveUp(slot);
      drops += 1;
    },
    close(): void {
      isClosed = true;
      clearTimeout(noteTimer);
      leased = [];
    },
  };
}

export type SlotSupply = ReturnType<typeof createSlotSupply>;
