import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkFile, stillThere } from '../../src/ledger/snapshot/covered-files.ts';
import { readLinesAt } from '../../src/ledger/snapshot/read-lines-at.ts';
import { byteFileOf, createMemoryBytes } from './memory-bytes.ts';

const kilobyte = 1024;

describe('a file of the ledger', () => {
  const bytesOf = (sizeInBytes: number) =>
    Buffer.from(Array.from({ length: sizeInBytes }, (_, at) => at % 251));
  const checkOf = async (bytes: Uint8Array) =>
    checkFile(createMemoryBytes({ a: bytes }).bytes, { path: 'a' });

  it.each([1, 100, 4 * kilobyte, 4 * kilobyte + 1, 60 * kilobyte])(
    'of %d bytes is another one where any of it is, if it is small',
    async (sizeInBytes) => {
      const bytes = bytesOf(sizeInBytes);
      const check = await checkOf(bytes);
      expect(check).toMatchObject({ path: 'a', sizeInBytes });
      expect(await checkOf(bytes)).toEqual(check);
      const places = new Set([0, sizeInBytes - 1, Math.floor(sizeInBytes / 2), Math.floor(sizeInBytes / 3)]);
      for (const at of places) {
        const other = Buffer.from(bytes);
        other[at] = (other[at] ?? 0) ^ 1;
        expect((await checkOf(other))?.check).not.toBe(check?.check);
      }
    },
  );

  it('is judged by its beginning, its end and parts between them, however large it is', async () => {
    const bytes = Buffer.alloc(10 * kilobyte * kilobyte);
    const file = byteFileOf(bytes);
    await checkFile({ ...createMemoryBytes().bytes, open: async () => file }, { path: 'a' });
    expect(file.reads).toHaveLength(16);
    expect(file.reads[0]).toEqual({ offset: 0, sizeInBytes: 4 * kilobyte });
    expect(file.reads.at(-1)).toEqual({ offset: bytes.length - 4 * kilobyte, sizeInBytes: 4 * kilobyte });
    const gaps = file.reads.slice(1).map(({ offset }, index) => offset - (file.reads[index]?.offset ?? 0));
    expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThanOrEqual(1);
  });

  it('is still there where it is listed, of its size and content', async () => {
    const same = bytesOf(5_000);
    const { bytes, counts } = createMemoryBytes({
      same,
      longer: Buffer.concat([same, Buffer.of(1)]),
      changed: Buffer.concat([Buffer.of(9), same.subarray(1)]),
      'not listed': same,
    });
    const { check = '' } = (await checkOf(same)) ?? {};
    const paths = ['same', 'longer', 'changed', 'not listed', 'gone'];
    const covered = paths.map((path) => ({ path, sizeInBytes: same.length, check }));
    const files = paths
      .filter((path) => path !== 'not listed')
      .map((path) => ({ path, sizeInBytes: 1, number: 0 }));
    expect(await stillThere(bytes, { covered, files })).toEqual(new Set(['same']));
    expect(counts.open).toBe(0);
    expect(await checkFile(bytes, { path: 'gone' })).toBeUndefined();
  });

  it('is let go of where it cannot be read', async () => {
    let isClosed = false;
    const open = async () => ({
      sizeInBytes: 1,
      read: () => Promise.reject(new Error('the disk is away')),
      async close() {
        isClosed = true;
      },
    });
    const bytes = { ...createMemoryBytes().bytes, open };
    await expect(checkFile(bytes, { path: 'a' })).rejects.toThrow('the disk is away');
    expect(isClosed).toBe(true);
  });
});

describe('lines that are read by their offsets', () => {
  async function read(bytes: Uint8Array, offsets: readonly number[]) {
    const file = byteFileOf(bytes);
    const lines: string[] = [];
    let pending = 0;
    let most = 0;
    await readLinesAt(file, {
      offsets,
      onLine(text) {
        lines.push(text);
        pending += 1;
        most = Math.max(most, pending);
      },
      async afterBatch() {
        pending = 0;
      },
    });
    return { lines, reads: file.reads, pending, most };
  }

  it('are those that begin there, however long they and the gaps between them are', async () => {
    const length = fc.oneof(fc.nat(50), fc.integer({ min: 65_530, max: 65_540 }), fc.constant(200_000));
    const line = fc.record({ length, isAsked: fc.boolean(), letter: fc.constantFrom('a', 'é') });
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (all) => {
        const texts = all.map(({ length, letter }) => letter.repeat(length));
        const offsets: number[] = [];
        let at = 0;
        texts.forEach((text, index) => {
          if (all[index]?.isAsked) offsets.push(at);
          at += Buffer.byteLength(text) + 1;
        });
        const { lines, pending } = await read(
          Buffer.from(texts.map((text) => `${text}\n`).join('')),
          offsets,
        );
        expect(lines).toEqual(texts.filter((_, index) => all[index]?.isAsked));
        expect(pending).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  it('are read together where they are near, and what lies between is not where they are far apart', async () => {
    const near = Buffer.from('line\n'.repeat(1_000));
    const together = await read(near, [0, 5, 50, 4_995]);
    expect([together.lines, together.reads.length]).toEqual([Array(4).fill('line'), 1]);
    const far = Buffer.concat([near, Buffer.alloc(1_000_000, 'x'), Buffer.from('\n'), near]);
    const apart = await read(far, [0, far.length - 5]);
    expect(apart.lines).toEqual(['line', 'line']);
    expect(apart.reads.map(({ offset }) => offset)).toEqual([0, far.length - 5]);
    expect(apart.most).toBe(1);
  });

  it('are what is left of the last one, and none beyond the end', async () => {
    expect((await read(Buffer.from('whole\ntorn'), [0, 6])).lines).toEqual(['whole', 'torn']);
    expect((await read(Buffer.from('whole\n'), [0, 6])).lines).toEqual(['whole']);
    expect((await read(Buffer.alloc(0), [0])).lines).toEqual([]);
    expect((await read(Buffer.from('x\n'), [])).reads).toEqual([]);
  });
});
