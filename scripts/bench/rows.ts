import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { startEngineServerProcess } from '../../test/helpers/engine-server-start.ts';
import { isReportRight, megabytes, watchedRun } from './watched-run.ts';

/**
 * Measures the main job on a large CSV manifest, on the embedded queue, with an engine that answers at once: time to
 * the first call, peak memory of the process, largest size of the queue's store without its write-ahead log. Most rows
 * name a subject that was there before, so that it is listing, deciding and settling that is measured; one in
 * `--calls-every` is called. Needs Linux and the built project: `node dist-scripts/scripts/bench/rows.js`.
 *
 * --rows 1000000        rows of the manifest
 * --calls-every 500     one new subject in so many rows
 */
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    'calls-every': { type: 'string', default: '500' },
  },
});
const rows = Number(values.rows);
const callsEvery = Number(values['calls-every']);

const folder = await mkdtemp(join(tmpdir(), 'rollcall-rows-'));
const engine = await startEngineServerProcess();
try {
  await writeManifest();
  const result = await measure();
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
    peakMemoryInMB: megabytes(run.peakMemoryInBytes),
    peakStoreInMB: megabytes(run.peakStoreInBytes),
    manifestInMB: megabytes((await stat(join(summary.runDir, 'manifest.jsonl'))).size),
  };
}
