import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createPurse, type Purse } from '../../src/account/purse.ts';
import { createPurseReader, moneyFolderOf, writePurse } from '../../src/records/purse.ts';
import { price } from '../../src/settings/price.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { readAmount, writeAmount } from '../../src/util/amount.ts';
import { randomInputs } from '../helpers/long.ts';
import { eachTestHasState } from '../helpers/temporary-state.ts';

let state: StateStore;
eachTestHasState((opened) => {
  state = opened;
});

const folder = moneyFolderOf('r');
const prices = price.read.parse('enroll=0.003,identify=0.001');
let names = 0;

function openPurse(
  budget: string | undefined,
  given: Partial<Parameters<typeof createPurse>[0]> = {},
): Purse {
  names += 1;
  return createPurse({ state, folder, processName: `host:${names}:1`, price: prices, budget, ...given });
}

/** Takes until there is no more. @returns what it took, in billionths */
async function takeAll(purse: Purse, kind: 'enroll' | 'identify' = 'enroll', most = 10_000): Promise<bigint> {
  let taken = 0n;
  for (let calls = 0; calls < most && (await purse.take(kind)); calls += 1) taken += readAmount(prices[kind]);
  return taken;
}

const claimed = async () => writeAmount((await createPurseReader(state, folder).read()).claimed);

it('one process spends the budget to its last call, and not one call more', async () => {
  const purse = openPurse('0.1');
  expect(writeAmount(await takeAll(purse))).toBe('0.099');
  expect(await purse.take('identify')).toBe(true);
  expect(await purse.take('identify')).toBe(false);
  expect((await createPurseReader(state, folder).read()).isShort).toBe(true);
  purse.setBudget('0.2');
  expect(writeAmount(await takeAll(purse))).toBe('0.099');
  await purse.close();
  expect(await claimed()).toBe('0.199');
});

it('what is claimed is durable before it is spent, and what was not spent is given back', async () => {
  const purse = openPurse(undefined);
  expect(await purse.take('enroll')).toBe(true);
  const before = await createPurseReader(state, folder).read();
  expect(before.claimed).toBeGreaterThanOrEqual(readAmount('0.003'));
  await purse.take('enroll');
  purse.giveBack('enroll');
  await purse.close();
  expect(await claimed()).toBe('0.003');
  expect(await purse.take('enroll')).toBe(false);
});

it('what a process had claimed that died counts as spent', async () => {
  const dead = openPurse('0.3');
  for (let calls = 0; calls < 20; calls += 1) await dead.take('enroll');
  const rest = openPurse('0.3');
  const taken = await takeAll(rest);
  await rest.close();
  expect(taken + readAmount('0.06')).toBeLessThanOrEqual(readAmount('0.3'));
  expect(await claimed()).toBe('0.3');
});

it('a budget that is lowered holds for what is in the purse, too', async () => {
  const purse = openPurse('100');
  for (let calls = 0; calls < 50; calls += 1) await purse.take('enroll');
  purse.setBudget('0.15');
  expect(await purse.take('enroll')).toBe(false);
  await purse.close();
  expect(await claimed()).toBe('0.15');
});

it('a call without a price needs no money', async () => {
  const free = price.read.parse('enroll=0,identify=1');
  const purse = openPurse('0.5', { price: free });
  expect([await purse.take('enroll'), await purse.take('identify')]).toEqual([true, false]);
});

it('a purse that cannot be read is no purse without money', async () => {
  await writePurse(state, { folder, name: 'other', claimed: 1n, isShort: false, isClosed: false });
  await state.write('runs/r/money/other.json', '{"schema":"rollcall.purse/1","cla');
  await expect(openPurse('1').take('enroll')).rejects.toThrow('is damaged');
});

it('together they never spend more than the budget, however slow the state is, and whoever dies', async () => {
  const steps = fc.record({
    processes: fc.integer({ min: 1, max: 5 }),
    budget: fc.bigInt({ min: 1n, max: 400_000_000n }).map(writeAmount),
    // After so many calls the process is gone, and what it held with it; of many it is not.
    lives: fc.array(fc.nat({ max: 60 }), { minLength: 5, maxLength: 5 }),
    waits: fc.array(fc.nat({ max: 6 }), { minLength: 7, maxLength: 7 }),
  });
  let case_ = 0;
  await fc.assert(
    fc.asyncProperty(steps, async ({ processes, budget, lives, waits }) => {
      case_ += 1;
      const own = { folder: `money-${case_}`, state: slowedMemory(state, waits) };
      const taken = await Promise.all(
        Array.from({ length: processes }, (_, index) =>
          takeAll(openPurse(budget, own), 'enroll', lives[index]),
        ),
      );
      // Whoever comes after them takes the rest.
      const rest = await takeAll(openPurse(budget, own), 'identify');
      expect(taken.reduce((sum, one) => sum + one, rest)).toBeLessThanOrEqual(readAmount(budget));
    }),
    { numRuns: randomInputs(60) },
  );
});

/** A state in memory, where what is asked for takes its turns before it is done and after. */
function slowedMemory(inner: StateStore, waits: readonly number[]): StateStore {
  const files = new Map<string, string | Uint8Array>();
  let calls = 0;
  async function slowly<Result>(action: () => Result): Promise<Result> {
    calls += 1;
    for (let turns = waits[calls % waits.length] ?? 0; turns > 0; turns -= 1) await setImmediate();
    const result = action();
    for (let turns = waits[(calls + 3) % waits.length] ?? 0; turns > 0; turns -= 1) await setImmediate();
    return result;
  }
  return {
    ...inner,
    read: (path) => slowly(() => Buffer.from(files.get(path) ?? '')),
    list: (folder) =>
      slowly(() =>
        [...files.keys()]
          .filter((path) => path.startsWith(`${folder}/`))
          .map((path) => ({ name: path.slice(folder.length + 1), isFolder: false, sizeInBytes: 1 })),
      ),
    write: (path, content) => slowly(() => void files.set(path, content)),
  };
}
