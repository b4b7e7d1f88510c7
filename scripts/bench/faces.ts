import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { createFaceReader } from '../../src/engines/local/faces/create-face-reader.ts';
import type { FaceReader, ReadFaces } from '../../src/engines/local/faces/face-reader.ts';
import { similarityOf } from '../../src/engines/local/faces/similarity.ts';
import {
  changePhoto,
  changes,
  emptyPhotos,
  type FacePhoto,
  groupPhotos,
  sharpPhotos,
  singlePhotos,
} from '../face-photos.ts';

/**
 * Measures the local face models on real photos out of packages; prints the tables of docs/local-engine.md. `--changed`:
 * how many of the single faces are looked at in changed forms, too.
 */
const { values } = parseArgs({
  options: {
    threads: { type: 'string', default: String(availableParallelism()) },
    changed: { type: 'string', default: '72' },
  },
});
const threads = Number(values.threads);
const never = new AbortController().signal;

const reader = await createFaceReader({ threads });
let highestMemory = 0;
const watch = setInterval(() => {
  highestMemory = Math.max(highestMemory, process.memoryUsage().rss);
}, 50);
try {
  await measure(reader);
} finally {
  clearInterval(watch);
  await reader.close();
}

async function measure(faceReader: FaceReader): Promise<void> {
  const singles = await singlePhotos();
  const groups = await groupPhotos();
  const readings = new Map<FacePhoto, ReadFaces>();
  print(
    '| photos | | right count | too few | too many | ms a photo and thread, median | highest | processor ms a photo |',
  );
  print('|---|---|---|---|---|---|---|---|');
  for (const photos of [singles, await sharpPhotos(), groups, await emptyPhotos()]) {
    const times: number[] = [];
    const before = process.cpuUsage();
    await eachOf(photos, async (photo) => {
      const begin = performance.now();
      readings.set(photo, await readFaces(faceReader, photo.bytes));
      times.push(performance.now() - begin);
    });
    const { user, system } = process.cpuUsage(before);
    printCounts(photos, readings, { times, processorInMs: (user + system) / 1000 });
  }
  await printSimilarities(faceReader, singles, [...singles, ...groups], readings);
  print(`\nHighest memory of the process, ${threads} threads: ${Math.round(highestMemory / 1e6)} MB`);
}

function printCounts(
  photos: readonly FacePhoto[],
  readings: ReadonlyMap<FacePhoto, ReadFaces>,
  { times, processorInMs }: { times: readonly number[]; processorInMs: number },
): void {
  const differences = photos.map((photo) => (readings.get(photo)?.faces.length ?? 0) - photo.faces);
  const few = differences.filter((difference) => difference < 0).length;
  const many = differences.filter((difference) => difference > 0).length;
  const right = photos.length - few - many;
  const taken = sorted(times);
  const ms = [quantile(taken, 0.5), quantile(taken, 1), processorInMs / photos.length].map(Math.round);
  print(`| ${photos[0]?.kind} | ${photos.length} | ${right} | ${few} | ${many} | ${ms.join(' | ')} |`);
  photos.forEach((photo, index) => {
    if (differences[index] !== 0)
      print(`<!-- ${photo.name}: ${readings.get(photo)?.faces.length} instead of ${photo.faces} -->`);
  });
}

async function printSimilarities(
  faceReader: FaceReader,
  singles: readonly FacePhoto[],
  people: readonly FacePhoto[],
  readings: ReadonlyMap<FacePhoto, ReadFaces>,
): Promise<void> {
  print('\n| pairs | | lowest | median | highest | at 0.75 and over |');
  print('|---|---|---|---|---|---|');
  const described = new Map<FacePhoto, Float32Array>();
  for (const photo of singles) {
    const [face, ...others] = readings.get(photo)?.faces ?? [];
    if (described.size >= Number(values.changed)) break;
    if (face?.descriptor && others.length === 0) described.set(photo, face.descriptor);
  }
  for (const [name, change] of Object.entries(changes)) {
    const similarities: number[] = [];
    await eachOf([...described], async ([photo, descriptor]) => {
      const [face] = (await readFaces(faceReader, await changePhoto(photo, change))).faces;
      similarities.push(face?.descriptor ? similarityOf(descriptor, face.descriptor) : 0);
    });
    printRow(`the same photo, ${name}`, similarities);
  }
  const everybody = people.flatMap((photo) =>
    (readings.get(photo)?.faces ?? []).flatMap(({ descriptor }) => (descriptor ? [descriptor] : [])),
  );
  const different = everybody.flatMap((one, index) =>
    everybody.slice(index + 1).map((other) => similarityOf(one, other)),
  );
  for (const limit of [0.8, 0.7]) {
    const over = different.filter((similarity) => similarity >= limit).length;
    print(`<!-- different faces at ${limit} and over: ${over} -->`);
  }
  printRow(`different faces (${everybody.length})`, different);
}

function printRow(name: string, similarities: readonly number[]): void {
  const all = sorted(similarities);
  const shown = [0, 0.5, 1].map((share) => quantile(all, share).toFixed(2));
  const matches = all.filter((similarity) => similarity >= 0.75).length;
  print(`| ${name} | ${all.length} | ${shown.join(' | ')} | ${matches} |`);
}

async function readFaces(faceReader: FaceReader, bytes: Buffer): Promise<ReadFaces> {
  const reading = await faceReader.read(bytes, never);
  if (reading.kind === 'undecodable') throw new Error(reading.message);
  return reading;
}

/** As many at a time as there are threads, so that a time is a photo's own. */
async function eachOf<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const rest = [...items];
  const workers = Array.from({ length: threads }, async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  });
  await Promise.all(workers);
}

function sorted(numbers: readonly number[]): number[] {
  return [...numbers].sort((a, b) => a - b);
}

function quantile(numbers: readonly number[], share: number): number {
  return numbers[Math.floor(share * (numbers.length - 1))] ?? Number.NaN;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
