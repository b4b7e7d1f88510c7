import { describe, expect, it } from 'vitest';
import type { PhotoBytes, PhotoProblem } from '../../src/photos/photo.ts';
import { createSourceWatch, sourceWaitInMs } from '../../src/worker/source-watch.ts';

const gone: PhotoProblem = { problem: 'gone', retryable: true, fault: 'source' };
const denied: PhotoProblem = { problem: 'denied', retryable: false, fault: 'open' };
const bytes: PhotoBytes = { bytes: Buffer.from('a'), sha256: 'a' };
const { signal } = new AbortController();

function open(answer: () => PhotoBytes | PhotoProblem = () => denied) {
  const seen: string[] = [];
  const asked: unknown[] = [];
  let now = 0;
  const watch = createSourceWatch({
    readPhoto: async (address, _, limitInBytes) => {
      asked.push([address, limitInBytes]);
      return answer();
    },
    renew: () => void seen.push(`renew ${now}`),
    waitInMs: 10_000,
    giveUp: async (problem) => void seen.push(`give up ${now}: ${problem}`),
    log: { info: () => void seen.push(`back ${now}`), warn: () => void seen.push(`away ${now}`) },
    now: () => now,
  });
  return {
    watch,
    seen,
    asked,
    blame: (problem: PhotoProblem, seq = 1) => watch.blame(problem, { seq, signal }),
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
    const { blame, seen, at } = open();
    for (const time of times) {
      at(time);
      expect(await blame(gone)).toBe('source');
    }
    expect(seen).toEqual(expected);
  });

  it('is back with the first photo that is read, and the wait begins anew', async () => {
    const { watch, blame, seen, at } = open();
    for (const time of [0, 9_000]) {
      at(time);
      await blame(gone);
    }
    watch.noteRead();
    watch.noteRead();
    at(18_000);
    await blame(gone);
    expect(seen).toEqual(['away 0', 'renew 0', 'renew 9000', 'back 9000', 'away 18000', 'renew 18000']);
  });

  it('is waited for as long as the settings allow, and two minutes at most', () => {
    expect([sourceWaitInMs({ giveUpAfter: 1_000 }), sourceWaitInMs({ giveUpAfter: 3_600_000 })]).toEqual([
      1_000, 120_000,
    ]);
  });
});

describe('whose fault it is that a photo cannot be read', () => {
  const missing: PhotoProblem = { problem: 'not there', retryable: false };
  const tooLarge: PhotoProblem = { problem: 'too large', retryable: false, isOverLimit: true };

  it('is the photo’s where the answer leaves nothing open', async () => {
    const { blame, seen, asked } = open();
    expect(await blame(missing)).toBe('photo');
    expect([seen, asked]).toEqual([[], []]);
  });

  it.each([
    ['can be read', bytes, 'photo'],
    ['is there, with more than the byte that is asked for', tooLarge, 'photo'],
    ['is not there any more', missing, 'photo'],
    ['is denied as well', denied, 'source'],
    ['lies on a drive that is gone', gone, 'source'],
  ] as const)('is shown by the photo that was read last: it %s', async (_, answer, expected) => {
    const { watch, blame, asked } = open(() => answer);
    watch.noteRead('/a');
    watch.noteRead('/b');
    expect(await blame(denied)).toBe(expected);
    expect(asked).toEqual([['/b', 1]]);
  });

  it('is asked anew each time, since a store comes and goes', async () => {
    let answer: PhotoBytes | PhotoProblem = denied;
    const { watch, blame, seen } = open(() => answer);
    watch.noteRead('/a');
    expect(await blame(denied)).toBe('source');
    answer = bytes;
    expect(await blame(denied)).toBe('photo');
    expect(seen).toEqual(['away 0', 'renew 0']);
  });

  it.each([
    [1, 'photo', []],
    [4, 'photo', []],
    [5, 'source', ['away 0', 'renew 0']],
    [40, 'source', ['away 0', 'renew 0']],
  ])(
    'where none was read yet, %i photos are tried once more, and then it is the %s',
    async (count, expected, told) => {
      const { blame, asked, seen } = open();
      const all = Array.from({ length: count }, (_, index) => index + 1);
      for (const seq of all) expect(await blame(denied, seq)).toBe(seq < 5 ? 'open' : 'source');
      for (const seq of all) expect(await blame(denied, seq)).toBe(expected);
      expect([asked, seen]).toEqual([[], told]);
    },
  );

  it('is counted anew once a photo was read that only the engine can ask for', async () => {
    const { watch, blame } = open();
    for (const seq of [1, 2, 3, 4, 5]) await blame(denied, seq);
    watch.noteRead();
    expect(await blame(denied, 1)).toBe('open');
    expect(await blame(denied, 1)).toBe('photo');
  });

  it('ends with the reason of a photo that is taken away while the other is asked for', async () => {
    const { watch, blame } = open(() => {
      throw new Error('taken away');
    });
    watch.noteRead('/a');
    await expect(blame(denied)).rejects.toThrow('taken away');
  });
});
