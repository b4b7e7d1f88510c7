import { join } from 'node:path';
import { execa } from 'execa';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CompiledSource, compileSource } from '../../../helpers/compiled-source.ts';
import { groupPhoto } from '../../../helpers/face-photos.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../helpers/temporary-folder.ts';

let compiled: CompiledSource;
let folder: TemporaryFolder;

beforeAll(async () => {
  compiled = await compileSource();
  folder = await makeTemporaryFolder();
});

afterAll(async () => {
  await folder?.remove();
});

it('looks at photos of 20 and 80 megapixels side by side in less than 1 GB', async () => {
  const photo = await groupPhoto(4);
  const paths = ['a.jpg', 'b.jpg', 'c.png', 'd.jpg'].map((name) => join(folder.path, name));
  const [large, progressive, png, middle] = paths;
  const enlarged = (width: number) => sharp(photo).resize({ width, kernel: 'nearest' });
  await enlarged(10_300)
    .jpeg({ quality: 60 })
    .toFile(large ?? '');
  await enlarged(10_300)
    .jpeg({ quality: 60, progressive: true })
    .toFile(progressive ?? '');
  await enlarged(10_300)
    .png({ compressionLevel: 1 })
    .toFile(png ?? '');
  await enlarged(5_150)
    .jpeg()
    .toFile(middle ?? '');
  const child = compiled.pathOf('test/engines/local/faces/read-large-photos-child.ts');
  // As the image has it: without it glibc keeps what decoders gave back, 100 MB more or less.
  const env = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '1048576' };
  const { stdout } = await execa(process.execPath, [child, ...paths], { env });
  const { readings, maxRss } = JSON.parse(stdout) as {
    readings: { width: number; height: number; faces: number }[];
    maxRss: number;
  };
  const eighty = { width: 10_300, height: 7_768, faces: 4 };
  expect(readings).toEqual([eighty, eighty, eighty, { width: 5_150, height: 3_884, faces: 4 }]);
  expect(maxRss).toBeLessThan(1_000_000_000);
}, 180_000);
