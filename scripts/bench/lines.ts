import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { mergeParts } from '../../src/records/report/merge-parts.ts';
import { buildReportLine, type Outcome, type ReportLine } from '../../src/records/report/report-line.ts';
import { createAggregatesFold, writeAggregates } from '../../src/records/report/run-aggregates.ts';
import { type RunRecord, runFolderOf } from '../../src/records/run-record.ts';
import { createSummaryBuilder } from '../../src/records/summary.ts';
import { createRunLines, type LinesQuery } from '../../src/runs/lines/run-lines.ts';
import { htmlReport } from '../../src/runs/report/html-report.ts';
import { pageDataOf } from '../../src/runs/report/page-data-of-run.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import { megabytes } from './watched-run.ts';

/**
 * What people look at after a run of so many lines, one in twenty of them a dead letter: the HTML report, and pages of its
 * lines by status, code and text. Each is measured in a process of its own. Needs the built project, and Chromium:
 * `node dist-scripts/scripts/bench/lines.js`.
 *
 * --lines 1000000
 */
const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '1000000' },
    // Of the processes that it starts.
    step: { type: 'string' },
    folder: { type: 'string' },
  },
});
const count = Number(values.lines);
const run = 'bench';
const record = {
  ...{ id: run, createdAt: '2026-11-01T00:00:00.000Z', updatedAt: '2026-11-01T12:00:00.000Z' },
  ...{ source: '/archive', engine: 'ooto', state: 'finished', settings: { maxAttempts: 5 } },
  counts: { listed: count, done: count, deadLetters: count / 20, calls: count },
} as RunRecord;
const page = join(process.cwd(), 'dist', 'web', 'report.html');

const steps: Record<string, (folder: string) => Promise<Record<string, number>>> = {
  async merge(folder) {
    const state = createLocalStateStore(folder);
    const plain = await microsecondsALine(folder, () => {});
    const fold = createAggregatesFold();
    const summary = createSummaryBuilder();
    const counted = await microsecondsALine(folder, (line) => fold.add(line));
    const reportSha256 = await merge(folder, (line) => summary.add(line));
    await writeAggregates(state, runFolderOf(run), fold.build(run));
    const end = summary.build({ run, state: 'finished', source: '/archive', engine: 'ooto', reportSha256 });
    await state.write(`${runFolderOf(run)}/summary.json`, JSON.stringify(end));
    await state.remove(`${runFolderOf(run)}/parts`);
    return { mergeMicrosecondsALine: plain, withAggregatesMicrosecondsALine: counted };
  },
  async html(folder) {
    const begun = performance.now();
    const html = await htmlReport(
      await pageDataOf({ state: createLocalStateStore(folder), record, version: '' }),
      page,
    );
    await writeFile(join(folder, 'report.html'), html, { mode: 0o600 });
    return {
      htmlSeconds: seconds(begun),
      htmlInMB: megabytes((await stat(join(folder, 'report.html'))).size),
    };
  },
  /** In Chromium without a network, from the address to the last card. */
  async drawn(folder) {
    // Loaded here alone: the memory of the other steps is measured.
    const { chromium } = await import('playwright-core');
    const browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    });
    try {
      const tab = await browser.newPage({ offline: true });
      const begun = performance.now();
      await tab.goto(pathToFileURL(join(folder, 'report.html')).href);
      await tab.getByRole('heading', { name: 'How the run went' }).waitFor();
      await tab.evaluate('new Promise((done) => requestAnimationFrame(() => setTimeout(done)))');
      const drawnSeconds = seconds(begun);
      const debug = await tab.context().newCDPSession(tab);
      await debug.send('Performance.enable');
      const { metrics } = await debug.send('Performance.getMetrics');
      const heap = metrics.find(({ name }) => name === 'JSHeapUsedSize');
      return { drawnSeconds, drawnHeapInMB: megabytes(heap?.value ?? 0) };
    } finally {
      await browser.close();
    }
  },
  async lines(folder) {
    const lines = createRunLines(createLocalStateStore(folder));
    const ask = async (query: Partial<LinesQuery>) => {
      const begun = performance.now();
      let longest = 0;
      let cursor: string | undefined;
      let found = 0;
      do {
        const asked = performance.now();
        const answer = await lines.page(record, { limit: 100, ...query, cursor });
        longest = Math.max(longest, seconds(asked));
        found += answer.lines.length;
        cursor = answer.next ?? undefined;
      } while (cursor !== undefined && found < 100);
      return { inAll: seconds(begun), longest };
    };
    const first = await ask({});
    const index = await ask({ code: 'none' });
    const code = await ask({ code: '9' });
    const last = await ask({ cursor: String(count - 50) });
    const text = await ask({ text: 'nobody has this' });
    return {
      firstPageSeconds: first.inAll,
      indexSeconds: index.inAll,
      codeSeconds: code.inAll,
      lastPageSeconds: last.inAll,
      textSeconds: text.inAll,
      longestCallSeconds: Math.max(index.longest, text.longest),
    };
  },
};

if (values.step !== undefined && values.folder !== undefined) {
  const figures = await steps[values.step]?.(values.folder);
  const peakInMB = megabytes(process.resourceUsage().maxRSS * 1024);
  process.stdout.write(JSON.stringify({ ...figures, [`${values.step}PeakInMB`]: peakInMB }));
} else {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-lines-'));
  try {
    await writeParts(folder);
    const figures: Record<string, number> = { lines: count };
    for (const step of Object.keys(steps)) Object.assign(figures, await inProcess(step, folder));
    const report = join(folder, runFolderOf(run), 'report.jsonl');
    figures.reportInMB = megabytes((await stat(report)).size);
    process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function inProcess(step: string, folder: string): Promise<Record<string, number>> {
  const script = fileURLToPath(import.meta.url);
  const args = [script, '--step', step, '--folder', folder, '--lines', String(count)];
  return JSON.parse((await promisify(execFile)(process.execPath, args)).stdout);
}

/** With what OOTO's page says of a face. */
async function writeParts(folder: string): Promise<void> {
  const state = createLocalStateStore(folder);
  const perPart = 50_000;
  for (let from = 1, number = 1; from <= count; from += perPart, number += 1) {
    const writer = await state.openWriter(`${runFolderOf(run)}/parts/1-${number}.jsonl`);
    for (let seq = from; seq < Math.min(from + perPart, count + 1); seq += 1_000) {
      const size = Math.min(1_000, count + 1 - seq, from + perPart - seq);
      const texts = Array.from({ length: size }, (_, at) => `${JSON.stringify(lineOf(seq + at))}\n`);
      await writer.write(texts.join(''));
    }
    await writer.commit();
  }
}

function lineOf(seq: number): ReportLine {
  const finishedAt = new Date(Date.UTC(2026, 10, 1) + seq * 20).toISOString();
  const common = {
    finishedAt,
    attempts: 1,
    sizeInBytes: 100_000 + seq,
    durationInMs: 200 + ((seq * 7_919) % 900),
  };
  const rejected: Outcome = {
    ...{ ...common, status: 'rejected', stored: 'no' },
    error: {
      kind: 'rejected',
      code: seq % 40 === 0 ? '5' : '9',
      message: 'can not detect face',
      httpStatus: 200,
    },
  };
  const score = (seq % 997) / 997;
  const enrolled: Outcome = {
    ...{ ...common, status: 'enrolled', stored: 'yes', sha256: 'a'.repeat(64) },
    transactionId: `00000000-0000-4000-8000-${String(seq).padStart(12, '0')}`,
    quality: {
      ...{ yaw: score * 40 - 20, pitch: score * 20, roll: score - 0.5 },
      ...{ exposure: { value: score, fine: true }, contrast: { value: score, fine: true } },
      ...{ blur: { score, fine: true }, uniformity: { value: score, fine: true } },
    },
  };
  const photo = {
    ...{ run, engine: 'ooto', seq, subjectId: `employee-${seq}` },
    photo: `/archive/2026/department-${seq % 100}/employee-${seq}.jpg`,
  };
  return buildReportLine(photo, seq % 20 === 0 ? rejected : enrolled);
}

function merge(folder: string, onLine: (line: ReportLine) => void): Promise<string> {
  return mergeParts({ state: createLocalStateStore(folder), runFolder: runFolderOf(run), count, onLine });
}

/** Microseconds of processor time a line. */
async function microsecondsALine(folder: string, onLine: (line: ReportLine) => void): Promise<number> {
  const before = process.cpuUsage();
  await merge(folder, onLine);
  const { user, system } = process.cpuUsage(before);
  return Number(((user + system) / count).toFixed(1));
}

function seconds(since: number): number {
  return Number(((performance.now() - since) / 1000).toFixed(3));
}
