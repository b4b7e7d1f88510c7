import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import sharp from 'sharp';
import { testCredentials } from '../test/helpers/engine-server.ts';
import { startEngineServerProcess } from '../test/helpers/engine-server-start.ts';

/**
 * Measures the main job on a large CSV manifest, on the embedded queue, with an engine that answers at once: time to
 * the first call, peak memory of the process, largest size of the queue's store without its write-ahead log. Most rows
 * name a subject that was there before, so that it is listing, deciding and settling that is measured; one in
 * `--calls-every` is called. Needs Linux and the built project: `node dist-scripts/scripts/bench-rows.js`.
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
const sampleEveryInMs = 250;

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
  const startedAt = Date.now();
  const main = join(process.cwd(), 'dist/cli/main.js');
  const pace = ['--rate', '1000', '--concurrency', '64'];
  const run = execa(process.execPath, [main, 'run', 'people.csv', '--json', ...pace], {
    cwd: folder,
    env: {
      ROLLCALL_ENGINE: 'ooto',
      ROLLCALL_ENGINE_URL: engine.url,
      OOTO_APP_ID: testCredentials.appId,
      OOTO_APP_KEY: testCredentials.appKey,
    },
    reject: false,
  });
  const watch = { isOver: false };
  const watched = watchRun(run.pid ?? 0, watch);
  const { stdout, stderr, exitCode } = await run;
  const seconds = (Date.now() - startedAt) / 1000;
  watch.isOver = true;
  const { peakMemoryInBytes, peakStoreInBytes } = await watched;
  if (exitCode !== 0) throw new Error(`the run ended with ${exitCode}: ${stderr.slice(-2000)}`);
  const summary = JSON.parse(stdout);
  const calls = await engine.control.calls();
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(join(summary.runDir, 'report.jsonl'))) hash.update(chunk);
  return {
    rows,
    calls: calls.length,
    lines: summary.total,
    isReportRight: hash.digest('hex') === summary.reportSha256,
    secondsToFirstCall: (Date.parse(calls[0]?.arrivedAt ?? '') - startedAt) / 1000,
    seconds,
    rowsPerSecond: Math.round(rows / seconds),
    peakMemoryInMB: megabytes(peakMemoryInBytes),
    peakStoreInMB: megabytes(peakStoreInBytes),
    manifestInMB: megabytes((await stat(join(summary.runDir, 'manifest.jsonl'))).size),
  };
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e5) / 10;
}

/** Looks at the process and at the store of its queue for as long as it runs. */
async function watchRun(pid: number, watch: { isOver: boolean }) {
  let peakMemoryInBytes = 0;
  let peakStoreInBytes = 0;
  while (!watch.isOver) {
    // VmHWM is the peak so far, so that nothing between two looks is missed.
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    peakMemoryInBytes = Math.max(peakMemoryInBytes, 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
    peakStoreInBytes = Math.max(peakStoreInBytes, await storeSize());
    await delay(sampleEveryInMs);
  }
  return { peakMemoryInBytes, peakStoreInBytes };
}

/** The embedded server's data without its write-ahead log, which is bounded by a setting. */
async function storeSize(): Promise<number> {
  const data = join(folder, 'rollcall-data', 'queue', 'data');
  const entries = await readdir(data, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = entries
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('pg_wal'))
    .map((entry) =>
      stat(join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
