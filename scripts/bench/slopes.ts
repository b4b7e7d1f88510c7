import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openBenchScene } from './bench-scene.ts';
import { fillFolder } from './photo-folder.ts';
import { processorTimeOf } from './processor-time.ts';

/**
 * Whether a photo costs as much at the end of a long run as at its beginning: one run over many small photos, of which ten
 * slices are compared. Prints JSON: of each slice milliseconds of processor time a photo and the memory of the process at
 * its end, and how both change from slice to slice (least squares over all slices but the first, which has the start in
 * it, and the last, which has the merge of the report). Needs Linux and the built project of the folder it is started in: `node dist-scripts/scripts/bench/slopes.js`.
 *
 * --queue redis       or embedded
 * --photos 100000
 */
const { values } = parseArgs({
  options: { queue: { type: 'string', default: 'redis' }, photos: { type: 'string', default: '100000' } },
});
const photos = Number(values.photos);
const queue = values.queue === 'embedded' ? 'embedded' : 'redis';
const slices = 10;
const lookEveryInMs = 100;

interface Look {
  readonly done: number;
  readonly processInMs: number;
  readonly memoryInMB: number;
}

const scene = await openBenchScene();
try {
  await fillFolder(join(scene.folder, 'photos'), { photos, sizeInBytes: 1000 });
  const looks: Look[] = [{ done: 0, processInMs: 0, memoryInMB: 0 }];
  const over = new AbortController();
  let watching = Promise.resolve();
  const { seconds } = await scene.run({
    source: 'photos',
    queue,
    onStart(pid) {
      watching = watch(pid, looks, over.signal);
    },
  });
  over.abort();
  await watching;
  process.stdout.write(`${JSON.stringify({ queue, photos, seconds, ...compare(looks) }, undefined, 2)}\n`);
} finally {
  await scene.close();
}

/** Notes what the process has used whenever its run says anew how many photos are done. */
async function watch(pid: number, looks: Look[], signal: AbortSignal): Promise<void> {
  const runs = join(scene.folder, `state-${queue}`, 'runs');
  while (!signal.aborted) {
    await delay(lookEveryInMs);
    const [run = ''] = await readdir(runs).catch(() => []);
    const record = await readFile(join(runs, run, 'run.json'), 'utf8').catch(() => '{}');
    const done: number = JSON.parse(record).counts?.done ?? 0;
    if (done <= (looks.at(-1)?.done ?? 0)) continue;
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const memoryInMB = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1000;
    if (memoryInMB > 0) looks.push({ done, processInMs: processorTimeOf(pid), memoryInMB });
  }
}

function compare(looks: readonly Look[]) {
  const ends = Array.from({ length: slices + 1 }, (_, slice) => at(looks, (slice * photos) / slices));
  const each = ends.slice(1).map(({ processInMs, memoryInMB }, index) => ({
    inMs: (processInMs - (ends[index]?.processInMs ?? 0)) / (photos / slices),
    memoryInMB,
  }));
  const between = each.slice(1, -1);
  return {
    slices: each,
    slopeInMs: slopeOf(between.map(({ inMs }) => inMs)),
    slopeInMB: slopeOf(between.map(({ memoryInMB }) => memoryInMB)),
  };
}

/** Between two looks, as on a straight line; behind the last one, as there. */
function at(looks: readonly Look[], done: number): Look {
  const index = looks.findIndex((look) => look.done >= done);
  const [before, after] = [looks[index - 1], looks[index]];
  if (!before || !after) return after ?? looks.at(-1) ?? { done, processInMs: 0, memoryInMB: 0 };
  const share = (done - before.done) / (after.done - before.done);
  const between = (from: number, to: number) => from + share * (to - from);
  return {
    done,
    processInMs: between(before.processInMs, after.processInMs),
    memoryInMB: between(before.memoryInMB, after.memoryInMB),
  };
}

/** By how much the values change from one to the next: least squares. */
function slopeOf(numbers: readonly number[]): number {
  const middle = (numbers.length - 1) / 2;
  const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  const weighted = numbers.reduce((sum, value, index) => sum + (index - middle) * (value - mean), 0);
  return weighted / numbers.reduce((sum, _, index) => sum + (index - middle) ** 2, 0);
}
