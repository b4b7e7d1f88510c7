import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createPurseReader, writePurse } from '../records/purse.ts';
import { type CallKind, costOfCall, type Price } from '../settings/price.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { type Amount, largerAmount, readAmount } from '../util/amount.ts';
import { fileNameOf } from '../util/process-name.ts';

/** What this process may spend of the money of a run or a command (`--price`, `--budget`). */
export interface Purse {
  /** Takes the price of a call that is due; false: it would pass the budget. @throws FaultError for a fault of the state */
  take(kind: CallKind): Promise<boolean>;
  /** The call was not made. */
  giveBack(kind: CallKind): void;
  /** From now on; undefined: as much as it likes. */
  setBudget(budget: string | undefined): void;
  /** Gives back what was not spent. Nothing can be taken afterwards. */
  close(): Promise<void>;
}

/** A claim is as large as what is spent in about so long: each is a file that is written. */
const claimLastsInMs = 5_000;
/** Of what is left of the budget, so that at its end not all of it lies in purses. */
const largestShare = 16n;
const firstCalls = 8n;
const mostClashes = 8;
const waitAfterClashInMs = 40;

/**
 * Money is claimed in parts, each of which is durable in the state before any of it is spent: a process writes how much it
 * has claimed in all, then reads what the others have, and takes back what would pass the budget. Of two that claim the
 * last of it at once, at least one sees the other: together they never hold more than the budget, whatever the queue
 * forgets, and whoever dies.
 */
export function createPurse({
  state,
  folder,
  processName,
  price,
  budget,
}: {
  state: StateStore;
  /** Where each process has its purse. */
  folder: string;
  processName: string;
  price: Price;
  budget: string | undefined;
}): Purse {
  const name = fileNameOf(`${processName}-${randomUUID().slice(0, 8)}`);
  const reader = createPurseReader(state, folder);
  let most = budgetOf(budget);
  let claimed = 0n;
  let purse = 0n;
  let isShort = false;
  let isClosed = false;
  let part = 0n;
  let claimedAt = Number.NEGATIVE_INFINITY;
  let claiming: { readonly done: Promise<boolean>; readonly isAhead: boolean } | undefined;

  const write = (of: Amount) => writePurse(state, { folder, name, claimed: of, isShort, isClosed });
  const leftBesideOthers = async () =>
    most === undefined ? undefined : most - (await reader.read(name)).claimed;

  /** Doubles while it lasts for less than it should, and shrinks again. */
  function nextPart(cost: Amount): Amount {
    const lasted = performance.now() - claimedAt;
    if (part === 0n) return cost * firstCalls;
    return largerAmount(
      cost,
      lasted < claimLastsInMs ? part * 2n : lasted > 4 * claimLastsInMs ? part / 2n : part,
    );
  }

  async function claim(cost: Amount, isAhead: boolean): Promise<boolean> {
    for (let clashes = 0; clashes < mostClashes && !isClosed; clashes += 1) {
      const before = await leftBesideOthers();
      const left = before === undefined ? undefined : before - claimed;
      const needed = isAhead || purse > cost ? cost : cost - purse;
      if (left !== undefined && left < needed) {
        if (!isAhead) await noteShort();
        return false;
      }
      part = nextPart(cost);
      const wanted =
        left === undefined
          ? part
          : largerAmount(needed, wholeCalls(smaller(part, left / largestShare), cost));
      isShort = false;
      await write(claimed + wanted);
      const after = await leftBesideOthers();
      if (after === undefined || claimed + wanted <= after) {
        claimed += wanted;
        purse += wanted;
        claimedAt = performance.now();
        return true;
      }
      await write(claimed);
      await delay(waitAfterClashInMs * (0.5 + Math.random()));
    }
    return false;
  }

  async function noteShort(): Promise<void> {
    if (isShort) return;
    isShort = true;
    await write(claimed);
  }

  /** One at a time. What is claimed ahead may fail without a word: who needs it asks again. */
  async function claimOnce(cost: Amount, isAhead: boolean): Promise<boolean> {
    if (claiming?.isAhead && !isAhead) return claiming.done.then(() => true).catch(() => true);
    if (!claiming) {
      const done = claim(cost, isAhead).finally(() => {
        claiming = undefined;
      });
      claiming = { done, isAhead };
    }
    return claiming.done;
  }

  return {
    async take(kind) {
      const cost = costOfCall(price, kind);
      while (purse < cost && !isClosed) if (!(await claimOnce(cost, false))) return false;
      if (isClosed) return false;
      purse -= cost;
      // Soon enough that no call waits for it.
      if (purse < part / 4n && !claiming) claimOnce(cost, true).catch(() => undefined);
      return true;
    },
    giveBack(kind) {
      if (!isClosed) purse += costOfCall(price, kind);
    },
    setBudget(changed) {
      const next = budgetOf(changed);
      const isLower = next !== undefined && (most === undefined || next < most);
      most = next;
      if (!isLower) return;
      // What it holds may be above the new budget: it is claimed anew.
      claimed -= purse;
      purse = 0n;
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      await claiming?.done.catch(() => undefined);
      const isUsed = claimed > 0n || isShort;
      claimed -= purse;
      purse = 0n;
      isShort = false;
      if (isUsed) await write(claimed);
    },
  };
}

const budgetOf = (text: string | undefined) => (text === undefined ? undefined : readAmount(text));
/** What is left over of a call could be of use to no other process. */
const wholeCalls = (amount: Amount, cost: Amount) => amount - (amount % cost);
const smaller = (one: Amount, other: Amount) => (one < other ? one : other);
