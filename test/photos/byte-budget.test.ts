import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createByteBudget } from '../../src/photos/byte-budget.ts';
import { randomInputs } from '../helpers/long.ts';

test('never more than the budget is taken, and all have their turn in order', async () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 150 }), { minLength: 1, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(sizes, async (all) => {
      const budget = createByteBudget(100);
      let used = 0;
      const started: number[] = [];
      await Promise.all(
        all.map(async (sizeInBytes, index) => {
          const share = budget.open();
          await share.take(sizeInBytes);
          started.push(index);
          used += sizeInBytes;
          expect(used <= 100 || used === sizeInBytes).toBe(true);
          await turn();
          used -= sizeInBytes;
          share.release();
        }),
      );
      expect(started).toEqual(all.map((_, index) => index));
    }),
    { numRuns: randomInputs(50) },
  );
});

test('what is not needed is given back at once; what is used beyond it holds the others up', async () => {
  const budget = createByteBudget(100);
  const [one, other] = [budget.open(), budget.open()];
  await one.take(90);
  const taken = other.take(60).then(() => 'taken');
  expect(await Promise.race([taken, turn('waits')])).toBe('waits');
  one.note(120);
  expect(await Promise.race([taken, turn('waits')])).toBe('waits');
  one.note(40);
  expect(await taken).toBe('taken');
});

test('what is held in addition holds the others up until it is given back, also where the share was released', async () => {
  const budget = createByteBudget(100);
  const [one, other] = [budget.open(), budget.open()];
  await one.take(20);
  const giveBack = one.add(300);
  const taken = other.take(60).then(() => 'taken');
  one.release();
  expect(await Promise.race([taken, turn('waits')])).toBe('waits');
  giveBack();
  expect(await taken).toBe('taken');
  const third = budget.open().take(60);
  expect(await Promise.race([third, turn('waits')])).toBe('waits');
});

test('a wait that is given up lets the next one through', async () => {
  const budget = createByteBudget(100);
  const [one, small] = [budget.open(), budget.open()];
  await one.take(50);
  const leaving = new AbortController();
  const large = budget.open(leaving.signal).take(80);
  const taken = small.take(40);
  leaving.abort(new Error('the process drains'));
  await expect(large).rejects.toThrow('the process drains');
  await taken;
  await expect(budget.open(leaving.signal).take(1)).rejects.toThrow('the process drains');
});
