import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StateStore } from '../../../src/storage/state/state-store.ts';
import { FaultError } from '../../../src/util/errors.ts';
import { randomInputs } from '../../helpers/long.ts';

export interface TestedState {
  /** The same state, as another process opens it. */
  open(): StateStore;
  close(): Promise<void>;
}

/** What every kind of state promises, whatever it is made of. */
export function describeStateStore(kind: string, start: () => Promise<TestedState>): void {
  describe(`state ${kind}`, () => {
    let tested: TestedState;
    let state: StateStore;
    let number = 0;
    /** A folder of the test's own. */
    const folder = () => `runs/test-${number++}`;
    const textOf = async (path: string, from = state) => {
      let text = '';
      for await (const lines of from.readLines(path)) for (const line of lines) text += `${line.text}\n`;
      return text;
    };

    beforeAll(async () => {
      tested = await start();
      state = tested.open();
    });
    afterAll(() => tested.close());

    it('says that what is not there is not there', async () => {
      expect(await state.read('none/at/all')).toBeUndefined();
      expect(await state.size('none')).toBeUndefined();
      expect(await state.list('none')).toEqual([]);
      expect(await textOf('none')).toBe('');
      await state.remove('none');
      await state.seal('none');
      await expect(state.readRange('none', { offset: 0, sizeInBytes: 1 })).rejects.toBeInstanceOf(FaultError);
    });

    it('is the same state for all who open it', async () => {
      expect(await tested.open().identity()).toBe(await state.identity());
      expect(tested.open().address).toBe(state.address);
      expect(state.locate('runs/one/run.json')).toBe(`${state.address}/runs/one/run.json`);
    });

    it('writes a file whole: a reader sees an old or a new content', async () => {
      const path = `${folder()}/run.json`;
      const contents = ['a', 'b', 'c'].map((letter) => letter.repeat(100_000));
      await state.write(path, contents[0] ?? '');
      let isWriting = true;
      const writing = (async () => {
        for (let turn = 0; turn < 20; turn += 1) await state.write(path, contents[turn % 3] ?? '');
        isWriting = false;
      })();
      while (isWriting) expect(contents).toContain((await tested.open().read(path))?.toString());
      await writing;
      expect(await state.size(path)).toBe(100_000);
    });

    it('creates a file only where there is none, whoever made it', async () => {
      const place = folder();
      expect(await state.create(`${place}/key`, 'first')).toBe(true);
      expect(await tested.open().create(`${place}/key`, 'second')).toBe(false);
      expect((await state.read(`${place}/key`))?.toString()).toBe('first');
      await state.write(`${place}/other`, 'written');
      expect(await state.create(`${place}/other`, 'created')).toBe(false);
      expect((await state.read(`${place}/other`))?.toString()).toBe('written');
      expect((await state.list(place)).map(({ name }) => name)).toEqual(['key', 'other']);
    });

    it('reads ranges, fewer bytes where the file ends', async () => {
      const path = `${folder()}/file`;
      await state.write(path, '0123456789');
      expect((await state.readRange(path, { offset: 3, sizeInBytes: 4 })).toString()).toBe('3456');
      expect((await state.readRange(path, { offset: 8, sizeInBytes: 9 })).toString()).toBe('89');
      expect((await state.readRange(path, { offset: 20, sizeInBytes: 9 })).toString()).toBe('');
    });

    it('lists files and folders by name, with their sizes, those that grow too', async () => {
      const place = folder();
      await state.write(`${place}/b`, 'xx');
      await state.write(`${place}/a/file`, '');
      const appender = await state.openAppender(`${place}/c.jsonl`);
      await appender.append('12345\n');
      await appender.close();
      expect(await state.list(place)).toEqual([
        { name: 'a', isFolder: true, sizeInBytes: 0 },
        { name: 'b', isFolder: false, sizeInBytes: 2 },
        { name: 'c.jsonl', isFolder: false, sizeInBytes: 6 },
      ]);
      await state.remove(`${place}/c.jsonl`);
      await state.remove(`${place}/b`);
      expect((await state.list(place)).map(({ name }) => name)).toEqual(['a']);
    });

    it('removes a folder with all that is in it, and nothing beside it', async () => {
      const place = folder();
      for (const name of ['parts/1', 'parts/deep/2', 'parts-too/3'])
        await state.write(`${place}/${name}`, '');
      const appender = await state.openAppender(`${place}/parts/1-1.jsonl`);
      await appender.append('line\n');
      await appender.close();
      await state.remove(`${place}/parts`);
      expect((await state.list(place)).map(({ name }) => name)).toEqual(['parts-too']);
    });

    it('removes a folder into which others write meanwhile', async () => {
      const place = folder();
      for (let round = 0; round < 10; round += 1) {
        await state.write(`${place}/first`, '');
        const writing = Promise.allSettled([1, 2, 3, 4].map((name) => state.write(`${place}/${name}`, '')));
        await state.remove(place);
        await writing;
      }
    });

    it('takes names with spaces, accents and signs', async () => {
      const path = `${folder()}/Ärger + 100 % (😀) "it's".json`;
      await state.write(path, 'fine');
      expect((await state.read(path))?.toString()).toBe('fine');
      expect((await state.list(path.slice(0, path.lastIndexOf('/')))).map(({ name }) => name)).toEqual([
        path.slice(path.lastIndexOf('/') + 1),
      ]);
    });

    it('shows a large file only once it is committed, and leaves no trace of one that was discarded', async () => {
      const place = folder();
      const chunk = `${'é'.repeat(1_500_000)}\n`;
      const writer = await state.openWriter(`${place}/report.jsonl`);
      const hash = createHash('sha256');
      for (let count = 0; count < 7; count += 1) {
        await writer.write(chunk);
        hash.update(chunk);
      }
      expect(await state.size(`${place}/report.jsonl`)).toBeUndefined();
      await writer.commit();
      await writer.discard();
      expect(await state.size(`${place}/report.jsonl`)).toBe(7 * 3_000_001);
      const read = createHash('sha256');
      for await (const lines of state.readLines(`${place}/report.jsonl`))
        for (const { text } of lines) read.update(`${text}\n`);
      expect(read.digest('hex')).toBe(hash.digest('hex'));

      const other = await state.openWriter(`${place}/report.jsonl`);
      for (let count = 0; count < 3; count += 1) await other.write(chunk);
      await other.discard();
      expect(await state.size(`${place}/report.jsonl`)).toBe(7 * 3_000_001);
      expect((await state.list(place)).map(({ name }) => name)).toEqual(['report.jsonl']);
    });

    it.each([
      ['', []],
      ['one\n', ['one']],
      ['one\ntw', ['one', 'tw']],
      ['on', ['on']],
    ])('shows all of a file that appeared whole, with a torn last line: %j', async (content, lines) => {
      const path = `${folder()}/whole.jsonl`;
      await state.write(path, content);
      const texts = async (torn: boolean) => {
        const shown: string[] = [];
        for await (const some of state.readLines(path, { torn })) shown.push(...some.map(({ text }) => text));
        return shown;
      };
      expect(await texts(true)).toEqual(lines);
      expect(await texts(false)).toEqual(lines.slice(0, content.split('\n').length - 1));
    });

    describe('a file that grows', () => {
      it('goes on where it ended, in whatever pieces it was written, and is read from any line on', async () => {
        const line = fc.oneof(
          fc.string({ maxLength: 30 }),
          fc.constant('é'.repeat(30_000)),
          fc.constant('x'.repeat(140_000)),
        );
        const openings = fc.array(fc.array(fc.array(line, { maxLength: 4 }), { maxLength: 4 }), {
          minLength: 1,
          maxLength: 3,
        });
        const property = fc.asyncProperty(openings, fc.nat(), fc.boolean(), async (given, nat, isSealed) => {
          const path = `${folder()}/manifest.jsonl`;
          let expected = '';
          for (const batches of given) {
            const appender = await tested.open().openAppender(path);
            expect(appender.sizeInBytes).toBe(Buffer.byteLength(expected));
            for (const batch of batches) {
              const text = batch.map((one) => `${one.replaceAll('\n', ' ')}\n`).join('');
              await appender.append(text);
              expected += text;
              expect(appender.sizeInBytes).toBe(Buffer.byteLength(expected));
            }
            await appender.close();
          }
          if (isSealed) await state.seal(path);
          expect(await state.size(path)).toBe(Buffer.byteLength(expected));
          expect((await textOf(path)) === expected).toBe(true);
          const all = [];
          for await (const lines of state.readLines(path)) all.push(...lines);
          const from = all[nat % Math.max(1, all.length)];
          if (!from) return;
          const rest = [];
          for await (const lines of tested.open().readLines(path, { offset: from.offset }))
            rest.push(...lines);
          expect(rest).toEqual(all.slice(all.indexOf(from)));
          expect((await state.readRange(path, from)).toString()).toBe(`${from.text}\n`);
          const before = [];
          for await (const lines of state.readLines(path, { end: from.offset })) before.push(...lines);
          expect(before).toEqual(all.slice(0, all.indexOf(from)));
        });
        await fc.assert(property, { numRuns: randomInputs(25) });
      });

      it('appends in the order of the calls, and counts what is durable', async () => {
        const path = `${folder()}/file`;
        const appender = await state.openAppender(path);
        const numbers = Array.from({ length: 120 }, (_, index) => index);
        await Promise.all(numbers.map((index) => appender.append(`${index}\n`)));
        const expected = numbers.map((index) => `${index}\n`).join('');
        expect(await textOf(path, tested.open())).toBe(expected);
        expect(appender.sizeInBytes).toBe(expected.length);
        await appender.close();
        expect(await textOf(path)).toBe(expected);
      });

      it('is read while it grows: lines that were whole before, each once and in order', async () => {
        const path = `${folder()}/file`;
        const appender = await state.openAppender(path);
        const filling = 'x'.repeat(1000);
        let count = 0;
        let isWriting = true;
        const writing = (async () => {
          for (let batch = 0; batch < 25; batch += 1) {
            const lines = Array.from({ length: 40 }, () => `${++count} ${filling}\n`);
            await appender.append(lines.join(''));
          }
          await appender.close();
          await state.seal(path);
          isWriting = false;
        })();
        do {
          const seen: number[] = [];
          for await (const lines of tested.open().readLines(path))
            seen.push(...lines.map(({ text }) => Number.parseInt(text, 10)));
          expect(seen).toEqual(seen.map((_, index) => index + 1));
        } while (isWriting);
        await writing;
        expect((await textOf(path)).split('\n').length - 1).toBe(count);
      });

      it('can be sealed again and again, and grow behind it', async () => {
        const path = `${folder()}/file`;
        let expected = '';
        for (let epoch = 1; epoch <= 3; epoch += 1) {
          const appender = await state.openAppender(path, { epoch });
          expect(appender.sizeInBytes).toBe(expected.length);
          for (const line of [`${epoch} one\n`, `${epoch} two\n`]) {
            await appender.append(line);
            expected += line;
          }
          await appender.close();
          expect(await textOf(path)).toBe(expected);
          await state.seal(path, { epoch });
          await state.seal(path, { epoch });
          expect(await textOf(path, tested.open())).toBe(expected);
        }
      });
    });
  });
}
