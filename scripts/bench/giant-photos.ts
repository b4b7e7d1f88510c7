import { copyFile, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { startEngineServerProcess } from '../../test/helpers/engine-server-start.ts';
import { megabytes, watchedRun } from './watched-run.ts';

/**
 * Sends giant photos that have to be turned, so that each is decoded as a whole and written anew, and says how much memory
 * the process that does it has at its peak. Needs Linux and the built project:
 * `node dist-scripts/scripts/bench/giant-photos.js`.
 *
 * --form jpeg           or progressive, png
 */
const { values } = parseArgs({
  options: {
    photos: { type: 'string', default: '10' },
    megapixels: { type: 'string', default: '100' },
    concurrency: { type: 'string', default: '16' },
    form: { type: 'string', default: 'jpeg' },
  },
});
const photos = Number(values.photos);
const side = Math.floor(Math.sqrt(Number(values.megapixels) * 1e6));

const folder = await mkdtemp(join(tmpdir(), 'rollcall-giants-'));
const engine = await startEngineServerProcess();
try {
  const sizeInBytes = await writePhotos();
  const args = ['photos', '--concurrency', values.concurrency];
  const { summary, seconds, peakMemoryInBytes } = await watchedRun({ folder, engine, args });
  process.stdout.write(
    `${JSON.stringify({
      form: values.form,
      photos: summary.total,
      megapixels: (side * side) / 1e6,
      sizeInMB: megabytes(sizeInBytes),
      seconds,
      peakMemoryInMB: megabytes(peakMemoryInBytes),
    })}\n`,
  );
} finally {
  await engine.stop();
  await rm(folder, { recursive: true, force: true });
}

/** Noise of a camera's kind; a file as large as such cameras make it. */
async function writePhotos(): Promise<number> {
  await mkdir(join(folder, 'photos'));
  const noise = { type: 'gaussian', mean: 128, sigma: 12 } as const;
  const picture = sharp({
    create: { width: side, height: side, channels: 3, background: '#808080', noise },
  }).withMetadata({ orientation: 6 });
  const first = join(folder, 'photos', 'p0.jpg');
  if (values.form === 'png') await picture.png({ compressionLevel: 1 }).toFile(first);
  else await picture.jpeg({ quality: 90, progressive: values.form === 'progressive' }).toFile(first);
  for (let number = 1; number < photos; number += 1)
    await copyFile(first, join(folder, 'photos', `p${number}.jpg`));
  return (await stat(first)).size;
}
