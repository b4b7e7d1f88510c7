import { setMaxListeners } from 'node:events';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPasses } from '../../src/sources/archive/passes.ts';
import { createUnpackedBytes } from '../../src/sources/archive/unpacked-bytes.ts';

const whole = Buffer.from(Array.from({ length: 10_000 }, (_, at) => at % 251));
const pieceInBytes = 100;

/** What is made in order; counts how often it was begun, and how much was made of it. */
function makeBytes({ keptInBytes, size = whole.length }: { keptInBytes: number; size?: number }) {
  const count = { begun: 0, made: 0, closed: 0 };
  async function* pieces() {
    count.begun += 1;
    try {
      for (let at = 0; at < size; at += pieceInBytes) {
        count.made += pieceInBytes;
        yield whole.subarray(at, at + pieceInBytes);
      }
      if (size < whole.length) throw new Error('cut off');
    } finally {
      count.closed += 1;
    }
  }
  return { count, passes: createPasses(() => createUnpackedBytes(pieces(), { keptInBytes })) };
}

const { signal } = new AbortController();
setMaxListeners(0, signal);
const range = (position: number, sizeInBytes: number) => whole.subarray(position, position + sizeInBytes);

test('whatever is asked for, in any order and at any time, is what lies there', async () => {
  const asked = fc.record({
    at: fc.nat(9_500),
    sizeInBytes: fc.nat(500),
    waits: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(asked, { maxLength: 40 }), fc.nat(2_000), async (all, keptInBytes) => {
      const { passes } = makeBytes({ keptInBytes });
      const reads: Promise<void>[] = [];
      for (const { at, sizeInBytes, waits } of all) {
        const read = passes.read(at, { sizeInBytes, signal }).then((bytes) => {
          expect(bytes.equals(range(at, sizeInBytes))).toBe(true);
        });
        reads.push(read);
        if (waits) await read;
      }
      await Promise.all(reads);
      await passes.close();
    }),
    { numRuns: 100 },
  );
});

test('what is asked for in order, or nearly, is one pass', async () => {
  const { passes, count } = makeBytes({ keptInBytes: 700 });
  const places = Array.from({ length: 90 }, (_, index) => (index ^ 1) * 100);
  for (let first = 0; first < places.length; first += 10)
    await Promise.all(
      places.slice(first, first + 10).map((at) => passes.read(at, { sizeInBytes: 100, signal })),
    );
  for (const at of places.slice(-6)) await passes.read(at, { sizeInBytes: 50, signal });
  expect(count).toMatchObject({ begun: 1, made: 9_000 });
});

test('what is asked for again goes beside it, together', async () => {
  const { passes, count } = makeBytes({ keptInBytes: 0 });
  await passes.read(5_000, { sizeInBytes: 100, signal });
  const again = Array.from({ length: 20 }, (_, index) =>
    passes.read(index * 100, { sizeInBytes: 100, signal }),
  );
  await passes.read(6_000, { sizeInBytes: 100, signal });
  await Promise.all(again);
  expect(count).toMatchObject({ begun: 2, made: 6_100 + 2_000 });
  // Behind both passes: the one that is nearest to the beginning, and idle, begins anew.
  await passes.read(0, { sizeInBytes: 100, signal });
  await passes.read(7_000, { sizeInBytes: 100, signal });
  expect(count).toMatchObject({ begun: 3, closed: 1, made: 7_100 + 2_000 + 100 });
});

test('what cannot be made fails for all who wait, and is begun anew', async () => {
  const { passes, count } = makeBytes({ keptInBytes: 0, size: 1_000 });
  const reads = [500, 950, 3_000].map((at) => passes.read(at, { sizeInBytes: 100, signal }));
  const ends = await Promise.allSettled(reads);
  expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  expect(await passes.read(100, { sizeInBytes: 100, signal })).toEqual(range(100, 100));
  expect(count.begun).toBe(2);
});

test('who does not wait any more is not waited for', async () => {
  const { passes } = makeBytes({ keptInBytes: 0 });
  const stop = new AbortController();
  const read = passes.read(5_000, { sizeInBytes: 100, signal: stop.signal });
  stop.abort(new Error('enough'));
  await expect(read).rejects.toThrow('enough');
  expect(await passes.read(100, { sizeInBytes: 100, signal })).toEqual(range(100, 100));
});
