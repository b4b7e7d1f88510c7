import { type AccountState, parseAccountState } from '../../src/account/account-state.ts';
import type { AccountStore, Slot } from '../../src/account/account-store.ts';
import type { SlotSpacing } from '../../src/account/slot-spacing.ts';

export interface MemoryAccountStore extends AccountStore {
  /** Forgets everything, as a store that lost its data. */
  wipe(): void;
  /** What brings back its slots of this moment, as a store that was restored from a copy. */
  copy(): () => void;
}

interface Line {
  lastAt: number;
  number: number;
  notBefore: number;
  /** When calls were made, by slot number. */
  readonly calls: Map<number, number>;
}

/** The contract in a few lines, for one account, on a clock that is handed in. */
export function createMemoryAccountStore(clock: () => number): MemoryAccountStore {
  let line: Line | undefined;
  let state: AccountState = parseAccountState('');
  const openLine = () => {
    line ??= { lastAt: 0, number: 1, notBefore: clock() + 1000, calls: new Map() };
    return line;
  };

  return {
    async reserve({ slots, spacing, aheadInMs, notes }) {
      const now = clock();
      const line = openLine();
      const setBackInMs = line.lastAt - now;
      if (setBackInMs > 1000) {
        line.lastAt = now;
        line.notBefore -= setBackInMs;
        for (const [number, at] of line.calls) line.calls.set(number, Math.min(at - setBackInMs, now));
      }
      for (const { number, sentAt } of notes) {
        if (sentAt === undefined) line.calls.delete(number);
        else if (line.calls.has(number)) line.calls.set(number, Math.min(sentAt, now + 1000));
      }
      const reserved: Slot[] = [];
      let nextAt = nextSlotAt(line, now, spacing);
      while (reserved.length < slots && nextAt <= now + aheadInMs) {
        reserved.push({ number: line.number, at: nextAt });
        line.calls.set(line.number, nextAt);
        line.calls.delete(line.number - 1000);
        line.lastAt = nextAt;
        line.number += 1;
        nextAt = nextSlotAt(line, now, spacing);
      }
      const retryInMs = Math.max(0, nextAt - now - aheadInMs);
      return { now, slots: reserved, nextNumber: line.number, retryInMs, state };
    },
    async postpone({ until }) {
      const line = openLine();
      line.notBefore = Math.max(line.notBefore, until);
    },
    async change(_account, change) {
      const now = clock();
      state = change(state, now);
      return { state, now };
    },
    async read() {
      return { state, now: clock() };
    },
    copy() {
      const copied = line && { ...line, calls: new Map(line.calls) };
      return () => {
        line = copied;
      };
    },
    wipe() {
      line = undefined;
      state = parseAccountState('');
    },
  };
}

function nextSlotAt({ notBefore, lastAt, calls }: Line, now: number, spacing: SlotSpacing): number {
  const latest = [...calls.values()].sort((a, b) => b - a);
  const room = (latest[spacing.calls - 1] ?? 0) + spacing.windowInMs;
  const behindInMs = lastAt + spacing.evenInMs - room;
  const isCatchingUp = behindInMs > 0 && behindInMs <= spacing.windowInMs / 2;
  return Math.max(now, notBefore, room, lastAt + (isCatchingUp ? spacing.fastInMs : spacing.evenInMs));
}
