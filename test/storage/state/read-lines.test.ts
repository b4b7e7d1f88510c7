import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLines } from '../../../src/storage/state/local-state-store.ts';
import type { ReadLinesOptions, StateLine } from '../../../src/storage/state/state-store.ts';
import { randomInputs } from '../../helpers/long.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../helpers/temporary-folder.ts';

const chunkSizeInBytes = 256 * 1024;

describe('readLines', () => {
  let folder: TemporaryFolder;
  let path: string;

  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    path = join(folder.path, 'lines');
  });
  afterAll(() => folder.remove());

  async function read(options: ReadLinesOptions = {}): Promise<StateLine[]> {
    const all: StateLine[] = [];
    for await (const lines of readLines(path, options)) all.push(...lines);
    return all;
  }

  /** What the lines of a text are, without any chunk. */
  function model(text: string, offset = 0, end = Number.POSITIVE_INFINITY): StateLine[] {
    const bytes = Buffer.from(text);
    const whole = bytes.subarray(0, Math.min(bytes.length, end)).toString('latin1');
    let at = 0;
    return whole
      .split('\n')
      .slice(0, -1)
      .flatMap((line) => {
        const placed = {
          text: Buffer.from(line, 'latin1').toString(),
          offset: at,
          sizeInBytes: line.length + 1,
        };
        at += line.length + 1;
        return placed.offset >= offset ? [placed] : [];
      });
  }

  /** Lines that end near a border of chunks, made of characters of one to four bytes. */
  const character = fc.constantFrom('a', 'é', '€', '😀', '\u0000', '\r', '"', '\ufeff', '\u2028');
  const line = fc
    .tuple(character, fc.oneof(fc.nat({ max: 20 }), fc.integer({ min: 60_000, max: 140_000 })), fc.string())
    .map(([filling, length, rest]) => filling.repeat(length) + rest.replaceAll('\n', ''));

  it('gives every whole line with its place, wherever chunks end, and a torn last line only if asked for', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), line, async (lines, torn) => {
        const text = lines.map((each) => `${each}\n`).join('') + torn;
        await writeFile(path, text);
        expect(await read()).toEqual(model(text));
        const sizeInBytes = Buffer.byteLength(torn);
        const last = { text: torn, offset: Buffer.byteLength(text) - sizeInBytes, sizeInBytes };
        expect(await read({ torn: true })).toEqual([...model(text), ...(torn === '' ? [] : [last])]);
      }),
      { numRuns: randomInputs(40) },
    );
  });

  it('gives the lines from an offset to an end, and none that reaches beyond it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1, maxLength: 8 }),
        fc.nat(),
        fc.nat(),
        async (lines, from, to) => {
          const text = lines.map((each) => `${each}\n`).join('');
          await writeFile(path, text);
          const all = model(text);
          const offset = all[from % all.length]?.offset ?? 0;
          const end = to % (Buffer.byteLength(text) + 10);
          expect(await read({ offset, end })).toEqual(model(text, offset, end));
        },
      ),
      { numRuns: randomInputs(40) },
    );
  });

  it('puts a line together that is longer than many chunks', async () => {
    const long = '😀'.repeat((20 * chunkSizeInBytes) / 4);
    await writeFile(path, `first\n${long}\nlast\n`);
    expect((await read()).map(({ text }) => text)).toEqual(['first', long, 'last']);
  });

  it('gives nothing where there is no file', async () => {
    const none: StateLine[] = [];
    for await (const lines of readLines(join(folder.path, 'none'))) none.push(...lines);
    expect(none).toEqual([]);
  });

  it('reads in batches, so that a large file is never in memory at once', async () => {
    await writeFile(path, `${'x'.repeat(999)}\n`.repeat(20_000));
    let largest = 0;
    for await (const lines of readLines(path)) largest = Math.max(largest, lines.length);
    expect(largest).toBeLessThan(300);
  });
});
