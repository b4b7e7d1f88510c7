import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareKeys } from '../../../src/storage/s3/compare-keys.ts';
import { guessKey } from '../../../src/storage/s3/guess-key.ts';
import type { S3Page } from '../../../src/storage/s3/list-page.ts';
import { inRanges } from '../../../src/storage/s3/list-pages.ts';
import { type FetchPage, KeyOrderError } from '../../../src/storage/s3/page-stream.ts';
import { randomInputs } from '../../helpers/long.ts';

const many = { minLength: 60, maxLength: 300, size: 'max' } as const;

/** Keys as people name photos, and as nobody would. */
const keys = fc.oneof(
  fc
    .uniqueArray(fc.nat({ max: 9_999 }), many)
    .map((all) => all.map((n) => `emp-${String(n).padStart(6, '0')}.jpg`)),
  fc.uniqueArray(fc.nat({ max: 9_999 }), many).map((all) => all.map((n) => `${n % 7}/photo ${n}.jpg`)),
  fc.uniqueArray(fc.uuid(), many),
  fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }), many),
  fc.uniqueArray(fc.constantFrom('a', 'aa', 'ab', 'aé', 'a~', 'a~~', 'b', 'Z', 'z', 'zz', '0', '9', '99'), {
    maxLength: 13,
  }),
);

/** A listing as ListObjectsV2 documents it; each answer comes some turns later. */
function listingOf(sorted: readonly string[], options: { pageSize: number; turns: () => number }) {
  let requests = 0;
  let begun = 0;
  const fetch: FetchPage = async ({ startAfter, token }, signal) => {
    requests += 1;
    if (token === undefined) begun += 1;
    const after = token ?? startAfter ?? '';
    for (let left = options.turns(); left > 0; left -= 1) await turn();
    signal.throwIfAborted();
    const behind = sorted.filter((key) => compareKeys(key, after) > 0);
    const objects = behind.slice(0, options.pageSize).map((key) => ({ key }));
    return { objects, next: behind.length > objects.length ? objects.at(-1)?.key : undefined } as S3Page;
  };
  return { fetch, requests: () => requests, begun: () => begun };
}

describe('ranges of keys, listed side by side', () => {
  it('give every key once, in order, wherever guesses fall and in whatever order answers come', async () => {
    const turns = fc.infiniteStream(fc.nat({ max: 12 }));
    let ranges = 0;
    await fc.assert(
      fc.asyncProperty(
        keys,
        fc.integer({ min: 1, max: 9 }),
        turns,
        fc.nat(),
        async (all, pageSize, waits, from) => {
          const sorted = [...all].sort(compareKeys);
          const startAfter = from % 3 === 0 ? undefined : sorted[from % (sorted.length + 1)];
          const { fetch, begun } = listingOf(sorted, { pageSize, turns: () => waits.next().value ?? 0 });
          const listed: string[] = [];
          for await (const page of inRanges({ fetch, startAfter, isWorthIt: () => true }))
            listed.push(...page.map(({ key }) => key));
          expect(listed).toEqual(sorted.filter((key) => compareKeys(key, startAfter ?? '') > 0));
          ranges += begun() - 1;
        },
      ),
      { numRuns: randomInputs(200) },
    );
    expect(ranges).toBeGreaterThan(100); // about 640: far from where chance could take it
  });

  it('are few, and none where the use is slower than the listing', async () => {
    const sorted = Array.from({ length: 3_000 }, (_, index) => `emp-${String(index).padStart(7, '0')}`);
    for (const isWorth of [true, false]) {
      const { fetch, requests } = listingOf(sorted, { pageSize: 10, turns: () => 3 });
      let count = 0;
      for await (const page of inRanges({ fetch, startAfter: undefined, isWorthIt: () => isWorth }))
        count += page.length;
      expect(count).toBe(3_000);
      // A range overshoots the one behind it by some pages.
      expect(requests()).toBeLessThanOrEqual(isWorth ? 2.2 * 300 : 301);
    }
  });

  it('end a listing that is not in order', async () => {
    const fetch: FetchPage = async () => ({ objects: [{ key: 'b' }, { key: 'a' }], next: undefined });
    const listAll = async () => {
      for await (const _ of inRanges({ fetch, startAfter: undefined }));
    };
    await expect(listAll()).rejects.toThrow(KeyOrderError);
  });

  it('fail with what a request of the range in use came to', async () => {
    const fetch: FetchPage = async ({ token }) => {
      if (token) throw new Error('away');
      return { objects: [{ key: 'a' }], next: 'a' };
    };
    const listed: string[] = [];
    const listAll = async () => {
      for await (const page of inRanges({ fetch, startAfter: undefined }))
        listed.push(...page.map(({ key }) => key));
    };
    await expect(listAll()).rejects.toThrow('away');
    expect(listed).toEqual(['a']);
  });
});

describe('the guess of a key', () => {
  it.each([
    ['emp-000000.jpg', 'emp-000999.jpg', 8, 'emp-00899'],
    ['00/employee-0000000.jpg', '00/employee-0039960.jpg', 2, '00/employee-01198'],
    ['a', 'c', 1, 'e'],
    ['x', 'z', 1, undefined],
    ['same', 'same', 1, undefined],
    ['ü1', 'ü9', 1, undefined],
  ])('%s to %s, %i pages on: %s…', (first, last, pages, expected) => {
    const guess = guessKey({ first, last }, pages);
    if (expected === undefined) expect(guess).toBeUndefined();
    else expect(guess?.startsWith(expected), guess).toBe(true);
  });

  it('lies behind the page, if there is one', () => {
    const text = fc.string({ unit: 'binary', maxLength: 12 });
    fc.assert(
      fc.property(text, text, fc.integer({ min: 1, max: 100 }), (one, other, pages) => {
        const [first = '', last = ''] = [one, other].sort(compareKeys);
        const guess = guessKey({ first, last }, pages);
        if (guess !== undefined) expect(compareKeys(guess, last)).toBeGreaterThan(0);
      }),
    );
  });
});
