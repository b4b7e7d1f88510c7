import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { startEngineServerProcess } from '../../test/helpers/engine-server-start.ts';
import { isReportRight, megabytes, startRun, watchedRun } from './watched-run.ts';

/**
 * Measures the main job on a large CSV manifest, on the embedded queue, with an engine that answers at once: time to
 * the first call, peak memory of the process, largest size of the queue's store without its write-ahead log. Most rows
 * name a subject that was there before, so that it is listing, deciding and settling that is measured; one in
 * `--calls-every` is called. Needs Linux and the built project: `node dist-scripts/scripts/bench/rows.js`.
 *
 * --rows 1000000        rows of the manifest
 * --calls-every 500     one new subject in so many rows
 * --while-listing       instead: every row is a photo to be called, at --rate 200. Calls a second while the list is still
 *                       being read, and in the twenty seconds after it
 */
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    'calls-every': { type: 'string', default: '500' },
    'while-listing': { type: 'boolean', default: false },
  },
});
const rows = Number(values.rows);
const isWhileListing = values['while-listing'];
const secondsAfterList = 20;
const callsEvery = isWhileListing ? 1 : Number(values['calls-every']);

const folder = await mkdtemp(join(tmpdir(), 'rollcall-rows-'));
const engine = await startEngineServerProcess();
try {
  await writeManifest();
  const result = await (isWhileListing ? measureWhileListing() : measure());
  process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
} finally {
  await engine.stop();
  await rm(folder, { recursive: true, force: true });
}

async function writeManifest(): Promise<void> {
  await mkdir(join(folder, 'photos'));
  const pixels = { create: { width: 64, height: 64, channels: 3, background: '#888' } } as const;
  await writeFile(join(folder, 'photos', 'face.jpg'), await sharp(pixels).jpeg().toBuffer());
  const file = createWriteStream(join(folder, 'people.csv'));
  file.write('subject_id,photo,department\n');
  for (let row = 1; row <= rows; row += 1) {
    const subject = Math.ceil(row / callsEvery);
    const goesOn = file.write(
      `employee-${String(subject).padStart(9, '0')},photos/face.jpg,"Sales, row ${row}"\n`,
    );
    if (!goesOn) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
}

async function measure(): Promise<Record<string, unknown>> {
  const run = await watchedRun({ folder, engine, args: ['people.csv'] });
  const { summary, seconds, startedAt } = run;
  const calls = await engine.control.calls();
  return {
    rows,
    calls: calls.length,
    lines: summary.total,
    isReportRight: await isReportRight(run),
    secondsToFirstCall: (Date.parse(calls[0]?.arrivedAt ?? '') - startedAt) / 1000,
    seconds,
    rowsPerSecond: Math.round(rows / seconds),
    processorSeconds: run.processorSeconds,
    peakMemoryInMB: megabytes(run.peakMemoryInBytes),
    peakStoreInMB: megabytes(run.peakStoreInBytes),
    manifestInMB: megabytes((await stat(join(summary.runDir, 'manifest.jsonl'))).size),
  };
}

async function measureWhileListing(): Promise<Record<string, unknown>> {
  const run = startRun({ folder, engine, args: ['people.csv', '--rate', '200'] });
  const over = { isOver: false };
  run.finally(() => {
    over.isOver = true;
  });
  while (!over.isOver && (await listedAt()) === undefined) await delay(500);
  await delay(secondsAfterList * 1000);
  run.kill('SIGINT');
  await run;
  const end = (await listedAt()) ?? Number.NaN;
  const arrivals = (await engine.control.calls()).map(({ arrivedAt }) => Date.parse(arrivedAt));
  const first = Math.min(...arrivals);
  const perSecond = (from: number, to: number) =>
    Math.round((1000 * arrivals.filter((at) => at >= from && at < to).length) / (to - from));
  return {
    rows,
    secondsOfListing: (end - first) / 1000,
    callsPerSecondWhileListing: perSecond(first, end),
    callsPerSecondAfter: perSecond(end, end + secondsAfterList * 1000),
  };
}

/** When the run's list had ended, in milliseconds since 1970; undefined: it has not. */
async function listedAt(): Promise<number | undefined> {
  const runs = join(folder, 'rollcall-data', 'runs');
  const [run] = await readdir(runs).catch(() => []);
  const text = await readFile(join(runs, run ?? '', 'run.json'), 'utf8').catch(() => '{}');
  const at: unknown = JSON.parse(text).listed?.at;
  return typeof at === 'string' ? Date.parse(at) : undefined;
}
