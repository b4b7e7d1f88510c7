import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { createAccountClient } from '../../src/account/account-client.ts';
import { processSeen } from '../../src/account/account-state.ts';
import { createOwnRate, type OwnRateOptions } from '../../src/account/own-rate.ts';
import { createMemoryAccountStore } from './memory-account-store.ts';

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** On a store whose changes take so long. */
function open({ changeInMs = 0, ...given }: { changeInMs?: number } & Partial<OwnRateOptions> = {}) {
  const store = createMemoryAccountStore(() => performance.now());
  const warnings: unknown[] = [];
  let changes = 0;
  const client = createAccountClient({
    account: 'account',
    onReading: () => {},
    log: { info: () => {}, warn: () => {} },
    store: {
      ...store,
      async change(name, change) {
        changes += 1;
        if (changeInMs > 0) await new Promise((resolve) => setTimeout(resolve, changeInMs));
        return store.change(name, change);
      },
    },
  });
  const own = createOwnRate({
    ...{ client, account: 'account', processName: 'own', ratePerSecond: 10, isCeiling: false },
    renew: (state) => state,
    log: { info: () => {}, warn: (...text: unknown[]) => void warnings.push(text.at(-1)) },
    ...given,
  });
  onTestFinished(() => own.close());
  const published = async () => (await store.read('account')).state.rates.own;
  return { own, store, client, warnings, published, changes: () => changes };
}

it('is published every five seconds, with what is to be renewed', async () => {
  const renewed: number[] = [];
  const { own, published } = open({
    renew(state, now) {
      renewed.push(now);
      return state;
    },
  });
  expect(await published()).toBeUndefined();
  await own.publish();
  expect(await published()).toEqual({ ratePerSecond: 10, seenAt: 0 });
  await pass(4_999);
  expect((await published())?.seenAt).toBe(0);
  await pass(5_001);
  expect((await published())?.seenAt).toBe(10_000);
  expect(renewed).toEqual([0, 5_000, 10_000]);
  own.close();
  await pass(10_000);
  expect((await published())?.seenAt).toBe(10_000);
});

it('is published at once when a run changes it, and not where it does not', async () => {
  const { own, published, changes } = open();
  // The process is not there yet: it says with its first word what it wants.
  own.joinRun('early', 40);
  await pass(0);
  expect(changes()).toBe(0);
  await own.publish();
  expect((await published())?.ratePerSecond).toBe(40);
  const leave = own.joinRun('slow', 5);
  await pass(0);
  own.joinRun('fast', 50);
  own.joinRun('any', undefined);
  await pass(0);
  expect((await published())?.ratePerSecond).toBe(5);
  expect(changes()).toBe(2);
  leave();
  await pass(0);
  expect((await published())?.ratePerSecond).toBe(40);
  own.close();
  own.joinRun('slow', 5)();
  await pass(0);
  expect(changes()).toBe(3);
});

it.each([
  // Its own, whether that was given, those of its runs: what it asks for.
  [10, true, [], 10],
  [10, true, [50], 10],
  [10, true, [50, 4], 4],
  [10, false, [50, 20], 20],
  [10, false, [undefined], 10],
  [10, false, [undefined, 50], 50],
])('of %d, given: %s, and %j of its runs is %d', (ratePerSecond, isCeiling, ofRuns, expected) => {
  const { own } = open({ ratePerSecond, isCeiling });
  const leave = ofRuns.map((rate, index) => own.joinRun(`run-${index}`, rate));
  expect(own.current()).toBe(expected);
  for (const left of leave) left();
  expect(own.current()).toBe(10);
});

it('that changes while it is published is published again', async () => {
  const { own, published, changes } = open({ changeInMs: 50 });
  void own.publish();
  await pass(10);
  own.joinRun('run', 5);
  await own.publish();
  expect(changes()).toBe(1);
  await pass(100);
  expect([await published(), changes()]).toMatchObject([{ ratePerSecond: 5 }, 2]);
});

it('is not published again by a process that is leaving', async () => {
  const { own, changes } = open({ changeInMs: 50 });
  void own.publish();
  await pass(10);
  own.joinRun('run', 5);
  own.close();
  await pass(100);
  expect(changes()).toBe(1);
});

it('is told a store that was wiped', async () => {
  const { own, store, client, published, changes } = open();
  own.noteReading();
  await pass(0);
  expect(changes()).toBe(0);
  await own.publish();
  own.noteReading();
  await pass(0);
  expect(changes()).toBe(1);
  store.wipe();
  await client.read();
  own.noteReading();
  await pass(0);
  expect(await published()).toMatchObject({ ratePerSecond: 10 });
});

it('that differs from those of others is warned of once, and again when the others changed', async () => {
  const { own, store, warnings } = open();
  const other = (ratePerSecond: number) =>
    store.change('account', (state, now) => processSeen(state, { processName: 'other', ratePerSecond }, now));
  await own.publish();
  expect(warnings).toEqual([]);
  await other(5);
  await own.publish();
  await own.publish();
  expect(warnings).toEqual([expect.stringContaining('the lowest, 5')]);
  await other(10);
  await own.publish();
  await other(5);
  await own.publish();
  await other(3);
  await own.publish();
  expect(warnings.slice(1)).toEqual([
    expect.stringContaining('the lowest, 5'),
    expect.stringContaining('the lowest, 3'),
  ]);
});
