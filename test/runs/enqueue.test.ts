import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GivenPhoto, openRollcall, type Rollcall, UsageError } from '../../src/index.ts';
import { createPhotoReader } from '../../src/photos/read-photo.ts';
import { manifestSize } from '../../src/records/manifest.ts';
import { enqueue } from '../../src/runs/enqueue.ts';
import { openSourceOf } from '../../src/runs/run-source.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { listAll } from '../sources/source-conformance.ts';

let folder: TemporaryFolder;
let rollcall: Rollcall;
beforeEach(async () => {
  folder = await makeTemporaryFolder();
  await mkdir(join(folder.path, 'work'));
  rollcall = await openRollcall({
    settings: { engine: 'ooto', engineUrl: 'http://127.0.0.1:1' },
    environment: { OOTO_APP_ID: 'app', OOTO_APP_KEY: 'key' },
    folder: join(folder.path, 'work'),
  });
});
afterEach(async () => {
  await rollcall.close();
  await folder.remove();
});

describe('a photo that a script gives and that can never be read', () => {
  it.each<[string, Partial<GivenPhoto>, RegExp]>([
    ['without a subject', { subjectId: '' }, /^photo 2: subject id is empty/],
    ['without a photo', { photo: ' ' }, /^photo 2: photo is empty/],
    [
      'of file://',
      { photo: 'file:///a.jpg' },
      /^photo 2: photo .*: file:\/\/ is not read; give the path itself/,
    ],
    ['of plain http', { photo: 'http://a.example/a.jpg' }, /^photo 2: .*without encryption/],
    ['of a Windows machine', { photo: 'C:\\a.jpg' }, /^photo 2: .*Windows/],
    ['by a relative path that leaves the folder', { photo: '../a.jpg' }, /^photo 2: .*--allow-outside/],
  ])('%s is refused at once, with why', async (_, given, message) => {
    const photos = [
      { subjectId: 'a', photo: 'a.jpg' },
      { subjectId: 'b', photo: 'b.jpg', ...given },
    ];
    const refused = enqueue(rollcall, photos, { runId: 'given' });
    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toThrow(/Nothing was enqueued\.$/);
    expect(await rollcall.state.read('runs/given/run.json')).toBeUndefined();
    expect(await manifestSize(rollcall.state, 'given')).toBe(0);
  });

  it('leaves nothing of a list of which a part was written already', async () => {
    async function* photos() {
      for (let number = 1; number <= 2_500; number += 1)
        yield { subjectId: `${number}`, photo: `${number}.jpg` };
      yield { subjectId: 'last', photo: 'file:///x' };
    }
    await expect(enqueue(rollcall, photos(), { runId: 'given' })).rejects.toThrow(/^photo 2501: /);
    expect(await manifestSize(rollcall.state, 'given')).toBe(0);
  });
});

describe('an absolute path from a pipe or a script', () => {
  const listed = async (photo: string, within?: object) => {
    const stdin = Readable.from([`${JSON.stringify({ id: 'a', photo })}\n`]);
    const source = await openSourceOf(rollcall, '-', rollcall.settings, { stdin, within });
    return (await listAll(source))[0];
  };

  it('is meant, wherever it leads', async () => {
    expect(await listed('/elsewhere/a.jpg')).toMatchObject({ photo: '/elsewhere/a.jpg' });
    expect(await listed('/elsewhere/a.jpg')).not.toHaveProperty('problem');
    expect(await listed('../a.jpg')).toHaveProperty('problem', expect.stringContaining('--allow-outside'));
  });

  it('is not, where it comes from an earlier run that may not leave its folder', async () => {
    const within = { rootFolder: '/archive' };
    expect(await listed('/elsewhere/a.jpg', within)).toHaveProperty('problem');
    expect(await listed('/archive/a.jpg', within)).not.toHaveProperty('problem');
    expect(await listed('/x.jpg', { ...within, absoluteAnywhere: true })).not.toHaveProperty('problem');
  });

  it('is read anywhere, while links in the folder of relative ones still lead nowhere else', async () => {
    const root = join(folder.path, 'work');
    const outside = join(folder.path, 'outside.jpg');
    await writeFile(outside, 'photo');
    await symlink(outside, join(root, 'link.jpg'));
    const guards = { rootFolder: root, allowPrivate: false, timeoutInMs: 1_000 };
    const read = (path: string, absoluteAnywhere?: boolean) =>
      createPhotoReader({ ...guards, absoluteAnywhere }).read(path, new AbortController().signal);
    expect(await read(outside, true)).toHaveProperty('bytes');
    expect(await read(join(root, 'link.jpg'), true)).toHaveProperty('problem');
    expect(await read(outside)).toHaveProperty('problem');
  });
});
