import { describe, expect, it } from 'vitest';
import { createSourceWatch } from '../../src/worker/source-watch.ts';

function open() {
  const seen: string[] = [];
  let now = 0;
  const watch = createSourceWatch({
    renew: () => void seen.push(`renew ${now}`),
    waitInMs: 10_000,
    giveUp: async (problem) => void seen.push(`give up ${now}: ${problem}`),
    log: { info: () => void seen.push(`back ${now}`), warn: () => void seen.push(`away ${now}`) },
    now: () => now,
  });
  return {
    watch,
    seen,
    at: (time: number) => {
      now = time;
    },
  };
}

describe('a source that cannot be read', () => {
  it.each([
    [
      'is waited for, and its connection is made anew, once a second',
      [0, 300, 1_000, 1_900, 2_000],
      ['away 0', 'renew 0', 'renew 1000', 'renew 2000'],
    ],
    [
      'is given up once, after the whole wait',
      [0, 9_999, 10_000, 10_500],
      ['away 0', 'renew 0', 'renew 9999', 'give up 10000: gone'],
    ],
  ])('%s', async (_, times, expected) => {
    const { watch, seen, at } = open();
    for (const time of times) {
      at(time);
      await watch.noteAway('gone');
    }
    expect(seen).toEqual(expected);
  });

  it('is back with the first photo that is read, and the wait begins anew', async () => {
    const { watch, seen, at } = open();
    for (const time of [0, 9_000]) {
      at(time);
      await watch.noteAway('gone');
    }
    watch.noteRead();
    watch.noteRead();
    at(18_000);
    await watch.noteAway('gone');
    expect(seen).toEqual(['away 0', 'renew 0', 'renew 9000', 'back 9000', 'away 18000', 'renew 18000']);
  });
});
