import { expect, it } from 'vitest';
import { createResources } from '../../src/util/resources.ts';

it('what could not be opened is tried again when it is asked for again; what is open is shared and closed once', async () => {
  const resources = createResources({ onError: () => {} });
  let [opened, closed] = [0, 0];
  const open = resources.lazy(async () => {
    opened += 1;
    if (opened === 1) throw new Error('away');
    return {
      async close() {
        closed += 1;
      },
    };
  });
  const [first, second] = await Promise.allSettled([open(), open()]);
  expect([first.status, second.status, opened]).toEqual(['rejected', 'rejected', 1]);
  const [one, same] = await Promise.all([open(), open()]);
  expect(one).toBe(same);
  expect(opened).toBe(2);
  await resources.close();
  expect(closed).toBe(1);
});
