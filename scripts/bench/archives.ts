import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { createPhotoReader } from '../../src/photos/read-photo.ts';
import { openSource } from '../../src/sources/open-source.ts';
import { makeTar } from '../../test/sources/tar-files.ts';
import { makeZip } from '../../test/sources/zip-files.ts';

/**
 * Lists archive files of the same photos and reads each of them once, 32 at a time, as a run does. Prints processor time a
 * photo, which other work on the machine moves little. Needs the built project:
 * `node dist-scripts/scripts/bench/archives.js`.
 *
 * --photos 20000
 * --kilobytes 10    of each, random: they cannot be packed
 */
const { values } = parseArgs({
  options: {
    photos: { type: 'string', default: '20000' },
    kilobytes: { type: 'string', default: '10' },
  },
});
const count = Number(values.photos);
const atOnce = 32;
const { signal } = new AbortController();
setMaxListeners(0, signal);
const folder = await mkdtemp(join(tmpdir(), 'bench-archives-'));
try {
  const noise = randomBytes(Number(values.kilobytes) * 1024 + count);
  const parts = Array.from({ length: count }, (_, index) => ({
    name: `staff/${index % 100}/person-${index}.jpg`,
    content: noise.subarray(index, noise.length - count + index),
  }));
  const made = {
    'photos.zip': makeZip,
    'photos.tar': makeTar,
    'photos.tar.gz': (all: typeof parts) => gzipSync(makeTar(all), { level: 1 }),
  };
  for (const [name, make] of Object.entries(made)) {
    const path = join(folder, name);
    await writeFile(path, make(parts));
    globalThis.gc?.();
    await measure(name, path);
    await rm(path);
  }
} finally {
  await rm(folder, { recursive: true });
}

async function measure(name: string, path: string): Promise<void> {
  const list = await cost(async () => {
    const photos: string[] = [];
    for await (const { photo = '' } of (await openSource(path)).list({ signal })) photos.push(photo);
    return photos;
  });
  const reader = createPhotoReader({ rootFolder: folder, timeoutInMs: 60_000, allowPrivate: false });
  const read = await cost(async () => {
    let next = 0;
    const each = async () => {
      for (let photo = list.result[next++]; photo !== undefined; photo = list.result[next++])
        if ('problem' in (await reader.read(photo, signal))) throw new Error(photo);
    };
    await Promise.all(Array.from({ length: atOnce }, each));
  });
  await reader.close();
  console.log(
    `${name}: ${list.result.length} photos; to list ${list.microseconds} µs each (${list.seconds} s), to read ${read.microseconds} µs each (${read.seconds} s)`,
  );
}

async function cost<Result>(work: () => Promise<Result>) {
  const [before, from] = [process.cpuUsage(), performance.now()];
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return {
    result,
    microseconds: Math.round((user + system) / count),
    seconds: ((performance.now() - from) / 1000).toFixed(1),
  };
}
