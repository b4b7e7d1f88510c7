import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLocalStateStore } from '../../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../../src/storage/state/state-store.ts';
import { FaultError } from '../../../src/util/errors.ts';
import { randomInputs } from '../../helpers/long.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../helpers/temporary-folder.ts';

describe('state in a folder', () => {
  let folder: TemporaryFolder;
  let state: StateStore;

  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    state = createLocalStateStore(join(folder.path, 'state'));
  });
  afterEach(() => folder.remove());

  const modeOf = async (path: string) => ((await stat(state.locate(path))).mode & 0o777).toString(8);

  it('is readable by this user only, files and folders', async () => {
    await state.write('runs/one/run.json', '{}');
    const appender = await state.openAppender('runs/one/parts/1-1.jsonl');
    await appender.append('a\n');
    await appender.close();
    const writer = await state.openWriter('runs/one/report.jsonl');
    await writer.write('b\n');
    await writer.commit();
    for (const path of ['', 'runs', 'runs/one', 'runs/one/parts']) expect(await modeOf(path)).toBe('700');
    for (const path of ['run.json', 'parts/1-1.jsonl', 'report.jsonl'])
      expect(await modeOf(`runs/one/${path}`)).toBe('600');
  });

  describe('its identity', () => {
    it('is the same for all who ask at once, and wherever the folder is mounted', async () => {
      const asked = Array.from({ length: 20 }, () => createLocalStateStore(state.locate('')).identity());
      const identities = new Set(await Promise.all(asked));
      expect([...identities]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
      await symlink(state.locate(''), join(folder.path, 'elsewhere'));
      expect(await createLocalStateStore(join(folder.path, 'elsewhere')).identity()).toBe([...identities][0]);
      expect(await readdir(state.locate(''))).toEqual(['state-id']);
      expect(await modeOf('state-id')).toBe('600');
    });

    it('is another for another folder', async () => {
      const other = createLocalStateStore(join(folder.path, 'other'));
      expect(await other.identity()).not.toBe(await state.identity());
    });

    it('is one for all where its file was torn or emptied', async () => {
      for (const damage of ['', '0123', 'x'.repeat(32)]) {
        await state.write('state-id', damage);
        const identities = await Promise.all(Array.from({ length: 10 }, () => state.identity()));
        expect(new Set(identities).size).toBe(1);
        expect(identities[0]).toMatch(/^[0-9a-f]{32}$/);
      }
    });
  });

  it('says that what is not there is not there', async () => {
    expect(await state.read('none/at/all')).toBeUndefined();
    expect(await state.size('none')).toBeUndefined();
    expect(await state.list('none')).toEqual([]);
    await state.remove('none');
    await expect(state.readRange('none', { offset: 0, sizeInBytes: 1 })).rejects.toBeInstanceOf(FaultError);
  });

  it('reads ranges, fewer bytes where the file ends', async () => {
    await state.write('file', '0123456789');
    expect((await state.readRange('file', { offset: 3, sizeInBytes: 4 })).toString()).toBe('3456');
    expect((await state.readRange('file', { offset: 8, sizeInBytes: 9 })).toString()).toBe('89');
    expect(await state.size('file')).toBe(10);
  });

  it('lists files and folders by name', async () => {
    await state.write('runs/b', 'xx');
    await state.write('runs/a/file', '');
    expect(await state.list('runs')).toEqual([
      { name: 'a', isFolder: true, sizeInBytes: 0 },
      { name: 'b', isFolder: false, sizeInBytes: 2 },
    ]);
  });

  it('lists while others write and rename', async () => {
    let isWriting = true;
    const writing = (async () => {
      for (let number = 0; number < 150; number += 1) await state.write('runs/file', String(number));
      isWriting = false;
    })();
    while (isWriting) {
      for (const { name } of await state.list('runs')) expect(name).toMatch(/^file/);
    }
    await writing;
  });

  it('lets readers see an old or a new content, never a part of one', async () => {
    const contents = ['a', 'b', 'c'].map((letter) => letter.repeat(300_000));
    await state.write('file', contents[0] ?? '');
    let isWriting = true;
    const writing = (async () => {
      for (let turn = 0; turn < 30; turn += 1) await state.write('file', contents[turn % 3] ?? '');
      isWriting = false;
    })();
    while (isWriting) expect(contents).toContain((await state.read('file'))?.toString());
    await writing;
    expect(await readdir(state.locate(''))).toEqual(['file']);
  });

  it('lets two write the same file at once: it is one of theirs, and no draft is left', async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_, number) => state.write('file', `${number}`.repeat(1000))),
    );
    expect((await state.read('file'))?.toString()).toMatch(/^(\d\d?)\1{999}$/);
    expect(await readdir(state.locate(''))).toEqual(['file']);
  });

  it('shows a large file only once it is committed, and leaves no trace of one that was discarded', async () => {
    const writer = await state.openWriter('report');
    await writer.write('one\n');
    await writer.write('two\n');
    expect(await state.read('report')).toBeUndefined();
    await writer.commit();
    await writer.discard();
    expect((await state.read('report'))?.toString()).toBe('one\ntwo\n');
    const other = await state.openWriter('report');
    await other.write('three');
    await other.discard();
    expect((await state.read('report'))?.toString()).toBe('one\ntwo\n');
    expect(await readdir(state.locate(''))).toEqual(['report']);
  });

  it('removes drafts of a large file that a killed process left behind', async () => {
    await state.write('run/summary.json', '{}');
    await writeFile(state.locate('run/report.jsonl.0123456789ab.tmp'), 'half');
    await writeFile(state.locate('run/other.jsonl.0123456789ab.tmp'), 'not mine');
    const writer = await state.openWriter('run/report.jsonl');
    await writer.commit();
    await writer.discard();
    expect(await readdir(state.locate('run'))).toEqual([
      'other.jsonl.0123456789ab.tmp',
      'report.jsonl',
      'summary.json',
    ]);
  });

  describe('the appender', () => {
    it('cuts a torn last line, whatever stands before it, and goes on behind the last whole one', async () => {
      const lines = fc.array(fc.oneof(fc.string({ maxLength: 20 }), fc.constant('é'.repeat(50_000))), {
        maxLength: 5,
      });
      const torn = fc.oneof(fc.string({ maxLength: 20 }), fc.constant('😀'.repeat(70_000)));
      let number = 0;
      await fc.assert(
        fc.asyncProperty(lines, torn, async (before, half) => {
          number += 1;
          const whole = before.map((line) => `${line.replaceAll('\n', ' ')}\n`).join('');
          await state.write(`file-${number}`, whole + half.replaceAll('\n', ' '));
          const appender = await state.openAppender(`file-${number}`);
          expect(appender.sizeInBytes).toBe(Buffer.byteLength(whole));
          await appender.append('next\n');
          expect(appender.sizeInBytes).toBe(Buffer.byteLength(whole) + 5);
          await appender.close();
          expect(await readFile(state.locate(`file-${number}`), 'utf8')).toBe(`${whole}next\n`);
        }),
        { numRuns: randomInputs(40) },
      );
    });

    it('appends in the order of the calls, and counts what is durable', async () => {
      const appender = await state.openAppender('file');
      const numbers = Array.from({ length: 200 }, (_, number) => number);
      await Promise.all(numbers.map((number) => appender.append(`${number}\n`)));
      const text = await readFile(state.locate('file'), 'utf8');
      expect(text).toBe(numbers.map((number) => `${number}\n`).join(''));
      expect(appender.sizeInBytes).toBe(text.length);
      await appender.close();
    });
  });

  describe('faults', () => {
    it('name the path, the code and what to do: a full disk', async () => {
      await state.write('runs/placeholder', '');
      await symlink('/dev/full', state.locate('runs/full'));
      const appender = await state.openAppender('runs/full');
      const error = await appender.append('line\n').catch((thrown) => thrown);
      await appender.close();
      expect(error).toBeInstanceOf(FaultError);
      expect(error.exitCode).toBe(4);
      expect(error.message).toContain(state.locate('runs/full'));
      expect(error.message).toContain('ENOSPC');
      expect(error.message).toContain('make room');
      expect(error.cause.code).toBe('ENOSPC');
    });

    it('name it too where a folder stands in the place of a file, or a file in the place of a folder', async () => {
      await mkdir(state.locate('a/b'), { recursive: true });
      await state.write('file', '');
      for (const attempt of [
        () => state.write('a/b', 'text'),
        () => state.openAppender('a/b'),
        () => state.read('a/b'),
        () => state.write('file/below', ''),
        () => state.list('file'),
        async () => {
          for await (const _ of state.readLines('a/b'));
        },
      ]) {
        const error = await attempt().catch((thrown) => thrown);
        expect(error).toBeInstanceOf(FaultError);
        expect(error.message).toContain(folder.path);
      }
      expect((await readdir(state.locate('a'))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    });

    it.skipIf(process.getuid?.() === 0)('name --state where this user may not write', async () => {
      await state.write('runs/file', 'old');
      await chmod(state.locate('runs'), 0o500);
      const error = await state.write('runs/file', 'new').catch((thrown) => thrown);
      await chmod(state.locate('runs'), 0o700);
      expect(error).toBeInstanceOf(FaultError);
      expect(error.message).toContain('--state (ROLLCALL_STATE)');
      expect((await state.read('runs/file'))?.toString()).toBe('old');
    });
  });
});
