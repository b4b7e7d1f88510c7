import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { startEngineServerProcess } from '../../test/helpers/engine-server-start.ts';
import { isReportRight, megabytes, watchedRun } from './watched-run.ts';
import { writeLines } from './write-lines.ts';

/**
 * Measures a night in which little changed: a CSV manifest with a version for each row, an account whose ledger holds
 * all of them, some under another version. On the embedded queue, with an engine that answers at once. The ledger is
 * not earned by a million calls: one row is enrolled, its line written again for the others, and a night of one row
 * leaves the snapshot that the former night would have left. Needs Linux and the built project: `node dist-scripts/scripts/bench/incremental.js`.
 *
 * --rows 1000000      rows of the manifest, a subject each
 * --changed 1000      of which so many have another version than the ledger knows
 * --report all        or changed
 * --without-snapshot  the ledger's lines alone: as the first night after an earlier version, or a restore, finds them
 */
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    changed: { type: 'string', default: '1000' },
    report: { type: 'string', default: 'all' },
    'without-snapshot': { type: 'boolean', default: false },
  },
});
const rows = Number(values.rows);
const changed = Number(values.changed);

const folder = await mkdtemp(join(tmpdir(), 'rollcall-incremental-'));
const state = join(folder, 'rollcall-data');
const engine = await startEngineServerProcess();
try {
  await mkdir(join(folder, 'photos'));
  const pixels = { create: { width: 64, height: 64, channels: 3, background: '#888' } } as const;
  await writeFile(join(folder, 'photos', 'face.jpg'), await sharp(pixels).jpeg().toBuffer());
  await writeLines(join(folder, 'people.csv'), manifestRows(1));
  await watchedRun({ folder, engine, args: ['people.csv', '--incremental'] });
  const ledgerInBytes = await fillLedger();
  await writeLines(join(folder, 'people.csv'), manifestRows(rows));
  if (!values['without-snapshot'])
    await watchedRun({ folder, engine, args: ['people.csv', '--incremental', '--limit', '1'] });
  await engine.control.reset();
  process.stdout.write(`${JSON.stringify(await measure(ledgerInBytes), undefined, 2)}\n`);
} finally {
  await engine.stop();
  await rm(folder, { recursive: true, force: true });
}

function subjectOf(row: number): string {
  return `employee-${String(row).padStart(9, '0')}`;
}

function isChanged(row: number): boolean {
  return row % Math.ceil(rows / changed) === 0;
}

function* manifestRows(count: number): Generator<string> {
  yield 'subject_id,photo,version,department';
  for (let row = 1; row <= count; row += 1)
    yield `${subjectOf(row)},photos/face.jpg,v-${isChanged(row) ? 'new' : 'old'}-${row},"Sales, row ${row}"`;
}

/** As a first night over all rows would have left it; the bytes of changed photos were others then. */
async function fillLedger(): Promise<number> {
  const [account = ''] = await readdir(join(state, 'ledger'));
  const deltas = join(state, 'ledger', account, 'deltas');
  const [first = ''] = await readdir(deltas);
  const line = JSON.parse(await readFile(join(deltas, first), 'utf8'));
  const path = join(deltas, 'first-night-1.jsonl');
  await writeLines(
    path,
    (function* () {
      for (let row = 2; row <= rows; row += 1) {
        const sha256 = isChanged(row) ? line.sha256.replace(/./g, '0') : line.sha256;
        yield JSON.stringify({ ...line, subjectId: subjectOf(row), version: `v-old-${row}`, sha256 });
      }
    })(),
  );
  return (await stat(path)).size;
}

async function measure(ledgerInBytes: number): Promise<Record<string, unknown>> {
  const args = ['people.csv', '--incremental', '--report', values.report];
  const run = await watchedRun({ folder, engine, args });
  const { summary, seconds, startedAt } = run;
  const calls = await engine.control.calls();
  return {
    rows,
    calls: calls.length,
    byReason: summary.byReason,
    missing: summary.missing,
    isReportRight: await isReportRight(run),
    secondsToFirstCall: (Date.parse(calls[0]?.arrivedAt ?? '') - startedAt) / 1000,
    seconds,
    processorSeconds: run.processorSeconds,
    rowsPerSecond: Math.round(rows / seconds),
    peakMemoryInMB: megabytes(run.peakMemoryInBytes),
    peakStoreInMB: megabytes(run.peakStoreInBytes),
    ledgerInMB: megabytes(ledgerInBytes),
    reportInMB: megabytes((await stat(join(summary.runDir, 'report.jsonl'))).size),
  };
}
