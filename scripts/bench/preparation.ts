import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { inspectPhoto } from '../../src/photos/inspect-photo.ts';
import { preparePhoto } from '../../src/photos/prepare-photo.ts';

/**
 * Prepares many large photos at once, and says how long it takes, how much memory the process has at its peak, and for
 * how long the event loop was held up. `--file` takes a photo instead of making one.
 */
const { values } = parseArgs({
  options: {
    photos: { type: 'string', default: '64' },
    megapixels: { type: 'string', default: '48' },
    file: { type: 'string' },
  },
});

const [photos, megapixels] = [Number(values.photos), Number(values.megapixels)];
const side = Math.round(Math.sqrt(megapixels * 1e6));
const photo = values.file === undefined ? await makePhoto() : readFileSync(values.file);
const inspected = await inspectPhoto(photo);
if ('problem' in inspected) throw new Error(inspected.problem);

const before = process.memoryUsage.rss();
let peak = before;
const watch = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 20);
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const startedAt = performance.now();
const prepared = await Promise.all(
  Array.from({ length: photos }, () =>
    preparePhoto({
      photo,
      inspected,
      rules: { formats: ['jpeg', 'png'], maxSizeInBytes: 5_000_000 },
      settings: { prepare: 'auto', stripMetadata: false },
    }),
  ),
);
const tookInS = (performance.now() - startedAt) / 1000;
delay.disable();
clearInterval(watch);

const inMs = (nanoseconds: number) => Number((nanoseconds / 1e6).toFixed(1));
const inMb = (bytes: number) => Math.round(bytes / 1e6);
process.stdout.write(
  `${JSON.stringify({
    photos,
    format: inspected.format,
    megapixels: Number(((inspected.width * inspected.height) / 1e6).toFixed(1)),
    sizeInMb: inMb(photo.length),
    problems: prepared.filter((one) => 'problem' in one).length,
    photosPerSecond: Number((photos / tookInS).toFixed(2)),
    rssBeforeInMb: inMb(before),
    peakRssInMb: inMb(peak),
    eventLoopDelayInMs: {
      p50: inMs(delay.percentile(50)),
      p99: inMs(delay.percentile(99)),
      max: inMs(delay.max),
    },
  })}\n`,
);

/** Noise of a camera's kind, with a rotation: such a picture has to be decoded as a whole. */
async function makePhoto(): Promise<Buffer> {
  const noise = { type: 'gaussian', mean: 128, sigma: 12 } as const;
  return sharp({ create: { width: side, height: side, channels: 3, background: '#808080', noise } })
    .withMetadata({ orientation: 6 })
    .jpeg({ quality: 90 })
    .toBuffer();
}
