import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePhoto } from '../helpers/photos.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { makeZip } from '../sources/zip-files.ts';

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
