import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  openTemplateStore,
  type TemplateStore,
} from '../../../../src/engines/local/templates/template-store.ts';
import { randomInputs } from '../../../helpers/long.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../helpers/temporary-folder.ts';

const face = (...values: number[]) => Float32Array.from([...values, ...Array(8 - values.length).fill(0)]);

describe('the template store', () => {
  let folder: TemporaryFolder;
  let store: TemplateStore | undefined;
  let damaged = 0;
  const path = () => join(folder.path, 'templates.jsonl');
  const open = async () => {
    const onDamage = (lines: number) => {
      damaged += lines;
    };
    store = await openTemplateStore({ folder: folder.path, onDamage });
    return store;
  };
  const reopen = async () => {
    await store?.close();
    return open();
  };
  beforeEach(async () => {
    damaged = 0;
    folder = await makeTemporaryFolder();
  });
  afterEach(async () => {
    await store?.close();
    await folder.remove();
  });

  test('finds the nearest of the owner’s own, across restarts, and keeps the file to its user', async () => {
    const first = await open();
    expect(first.nearest('a', face(1))).toBeUndefined();
    await Promise.all([
      first.put('a', 'one', face(1)),
      first.put('a', 'two', face(0.1, 2)),
      first.put('b', 'three', face(9)),
    ]);
    for (const each of [first, await reopen()]) {
      expect(each.size).toBe(3);
      expect(each.nearest('a', face(0, 2))).toEqual({ templateId: 'two', descriptor: face(0.1, 2) });
      expect(each.nearest('a', face(9))?.templateId).toBe('one');
      expect(each.nearest('b', face(0))?.templateId).toBe('three');
      expect(each.nearest('c', face(0))).toBeUndefined();
    }
    expect((await stat(path())).mode & 0o777).toBe(0o600);
  });

  test('has room for many, and finds each', async () => {
    const many = Array.from({ length: 300 }, (_, index) =>
      face(Math.sin(index), Math.cos(index), index / 100),
    );
    const each = await open();
    await Promise.all(many.map((descriptor, index) => each.put('a', `id-${index}`, descriptor)));
    for (let index = 0; index < 300; index += 3) await each.delete('a', `id-${index}`);
    for (const found of [each, await reopen()]) {
      expect(found.size).toBe(200);
      for (const [index, descriptor] of many.entries()) {
        const nearest = found.nearest('a', descriptor);
        if (index % 3 !== 0) expect(nearest).toEqual({ templateId: `id-${index}`, descriptor });
        else expect(nearest?.templateId).not.toBe(`id-${index}`);
      }
    }
  });

  test('what was replaced or deleted leaves the file, at the latest with the next start', async () => {
    const first = await open();
    await first.put('a', 'one', face(1));
    await first.put('a', 'one', face(2));
    await first.put('a', 'two', face(3));
    expect(await first.delete('a', 'two')).toBe(true);
    expect(await first.delete('a', 'two')).toBe(false);
    expect(await first.delete('b', 'one')).toBe(false);
    // As a process that was killed leaves it.
    const unfinished = await readFile(path());
    await first.close();
    const tidy = await readFile(path(), 'utf8');
    expect(tidy.trim().split('\n')).toHaveLength(1);
    await writeFile(path(), unfinished);
    const second = await open();
    expect(await readFile(path(), 'utf8')).toBe(tidy);
    expect(second.nearest('a', face(3))).toEqual({ templateId: 'one', descriptor: face(2) });
  });

  test('a torn last line is cut off, a damaged one is left out and told', async () => {
    await (await open()).put('a', 'one', face(1));
    await store?.close();
    await appendFile(path(), '\0\0\0\n{"owner":"a","template":"half","fa');
    const second = await open();
    expect(damaged).toBe(1);
    expect(second.size).toBe(1);
    await second.put('a', 'two', face(2));
    expect((await reopen()).size).toBe(2);
  });

  test('holds what a map would hold, whatever is done', async () => {
    const id = fc.constantFrom('p', 'q', 'r', 's', 't');
    const step = fc.record({
      id,
      values: fc.option(fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 }))),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        await folder.remove();
        folder = await makeTemporaryFolder();
        const model = new Map<string, Float32Array>();
        let tested = await open();
        for (const { id, values } of steps) {
          if (values === null) expect(await tested.delete('a', id)).toBe(model.delete(id));
          else {
            await tested.put('a', id, face(...values));
            model.set(id, face(...values));
          }
        }
        for (let round = 0; round < 2; round += 1) {
          expect(tested.size).toBe(model.size);
          for (const descriptor of model.values())
            expect(tested.nearest('a', descriptor)?.descriptor).toEqual(descriptor);
          tested = await reopen();
        }
        await tested.close();
      }),
      { numRuns: randomInputs(25) },
    );
  });
});
