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

it('what is being opened is closed, too, as soon as it is open; what is opened later is closed at once', async () => {
  const resources = createResources({ onError: () => {} });
  const closed: string[] = [];
  const named = (name: string) => ({ close: async () => void closed.push(name) });
  let open = () => {};
  const slow = resources.lazyByKey(async (name) => {
    await new Promise<void>((resolve) => {
      open = resolve;
    });
    return named(name);
  });
  const failing = resources.lazy(async () => {
    throw new Error('away');
  });
  resources.keep(named('first'));
  const [opening, failed] = [slow('second'), failing()];
  const closing = resources.close();
  await expect(failed).rejects.toThrow('away');
  expect(closed).toEqual([]);
  open();
  await opening;
  await closing;
  expect(closed).toEqual(['second', 'first']);
  resources.keep(named('late'));
  expect(closed).toEqual(['second', 'first', 'late']);
});
