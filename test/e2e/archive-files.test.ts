import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePhoto } from '../helpers/photos.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { makeTar } from '../sources/tar-files.ts';
import { makeZip } from '../sources/zip-files.ts';

interface Part {
  readonly name: string;
  readonly content: Buffer;
}

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene.close());

test('a zip file is enrolled, known the next night, and its dead letters are shown and retried', async () => {
  const path = join(scene.folder, 'photos.zip');
  await writeFile(
    path,
    makeZip([
      { name: 'staff/anna.jpg', content: await makePhoto(), method: 8 },
      { name: 'staff/bert.jpg', content: await makePhoto({ script: 'code-5x1' }), method: 8 },
      { name: '../cleo.jpg', content: await makePhoto() },
    ]),
  );
  const dry = await scene.run(['run', path, '--dry-run', '--json']);
  expect(JSON.parse(dry.stdout)).toMatchObject({ photos: 3, calls: 2 });

  expect((await scene.run(['run', path])).exitCode).toBe(1);
  const [run = ''] = await scene.runIds();
  expect(await scene.report(run)).toMatchObject([
    { subjectId: 'anna', photo: `${path}!/staff/anna.jpg`, status: 'enrolled' },
    { subjectId: 'bert', photo: `${path}!/staff/bert.jpg`, status: 'rejected' },
    { photo: `${path}!/../cleo.jpg`, status: 'failed', error: { message: expect.stringContaining('".."') } },
  ]);

  const output = join(scene.folder, 'report.html');
  await scene.run(['report', run, '--format', 'html', '--thumbnails', '--output', output]);
  expect((await readFile(output, 'utf8')).match(/data:image\/jpeg;base64/gu)).toHaveLength(1);

  const retried = await scene.run(['dead-letters', run, '--retry', 'all']);
  expect(retried.exitCode).toBe(0);
  const next = await scene.run(['run', path, '--incremental', '--json']);
  expect(JSON.parse(next.stdout)).toMatchObject({ byStatus: { skipped: 2, failed: 1 } });
  expect(scene.engine.calls).toHaveLength(3);
});

test.each([
  ['zip', (parts: readonly Part[]) => makeZip(parts)],
  ['tar.gz', (parts: readonly Part[]) => gzipSync(makeTar(parts))],
])(
  'a .%s is counted by --dry-run, and looked at by doctor, which proposes the ids that fit',
  async (suffix, pack) => {
    const path = join(scene.folder, `many.${suffix}`);
    const content = await makePhoto();
    const folders = ['E-1', 'E-2', 'E-3', 'E-4'];
    const parts = folders.flatMap((folder) =>
      ['a', 'b'].map((name) => ({ name: `${folder}/${name}.jpg`, content })),
    );
    await writeFile(path, pack([...parts, { name: '../odd.jpg', content }, { name: 'notes.txt', content }]));
    const runs = await scene.runIds();
    const enrolled = scene.engine.templates.size;

    const dry = await scene.run(['run', path, '--dry-run', '--json', '--id-from', '{id}/{photo}.{ext}']);
    expect(JSON.parse(dry.stdout)).toMatchObject({ photos: 9, subjects: 4 });
    const bad = await scene.run(['doctor', path]);
    expect(bad).toMatchObject({ exitCode: 2, stdout: expect.stringContaining('{id}/{photo}.{ext}') });
    const good = await scene.run(['doctor', path, '--id-from', '{id}/{photo}.{ext}']);
    expect(good.stdout).toMatch(/^ok +source /mu);
    expect(good.stdout).toContain('9 photos in');
    expect(await scene.runIds()).toEqual(runs);
    expect(scene.engine.templates.size).toBe(enrolled);
  },
);
