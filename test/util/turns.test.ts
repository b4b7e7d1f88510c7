import { expect, it } from 'vitest';
import { createTurns } from '../../src/util/turns.ts';

it('lets others have their turn once its own is over, and then begins another', async () => {
  const turns = createTurns();
  let others = 0;
  setImmediate(() => {
    others += 1;
  });
  while (!turns.isOver) await Promise.resolve();
  expect(others).toBe(0);
  await turns.next();
  expect(others).toBe(1);
});
