import { type Command, Option } from 'commander';
import { readSummary } from '../conductor/finish-run.ts';
import { assertWholeReport, readWholeReport, unlessPruned } from '../records/report/read-whole-report.ts';
import type { ReportLine } from '../records/report/report-line.ts';
import { verifyReport } from '../records/report/verify-report.ts';
import { isOver, type RunRecord, runFolderOf } from '../records/run-record.ts';
import type { Summary } from '../records/summary.ts';
import { describeUndone } from '../records/undo/describe-undone.ts';
import { assertStillThere } from '../runs/assert-still-there.ts';
import type { Rollcall } from '../runs/open-rollcall.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { FaultError, UsageError } from '../util/errors.ts';
import { packageVersion } from '../util/version.ts';
import { withRollcall } from './command-context.ts';
import { addSettings } from './flags.ts';
import { showSummary } from './show-end.ts';
import { findRun } from './status.ts';
import { endWhenUnread, print, printJson, say, write } from './terminal/output.ts';
import { csvText } from './text/csv-text.ts';
import { canaryRows } from './text/status-table.ts';
import { writeNewFile } from './write-new-file.ts';

export function defineReport(command: Command): void {
  command
    .addOption(
      new Option('--format <format>', 'print the lines or the summary, or write a page to look at').choices([
        'jsonl',
        'csv',
        'summary',
        'html',
      ]),
    )
    .option('--output <file>', 'write to a new file: JSON lines, with --format csv or html that')
    .option('--thumbnails', 'html: with small pictures of up to 500 dead letters')
    .option('--json', 'print the summary as one JSON object')
    .action(async (runId: string | undefined, options: ReportOptions & Record<string, unknown>) => {
      await withRollcall(options, async ({ rollcall, life, signal }) => {
        const { state } = rollcall;
        checkOptions(options);
        life.doing('Reading the report');
        endWhenUnread();
        const record = await findRun(rollcall, runId);
        const { id } = record;
        const summary = await readSummary(state, id);
        if (!summary && isOver(record)) await missSummary(state, record);
        if (!summary) say(`Run ${id} is not finished: its report is not complete yet.`);
        const { format, output: file } = options;
        const lines =
          format === 'csv'
            ? csvOf(readWholeReport(state, record))
            : format === 'html'
              ? htmlOf(rollcall, record, options.thumbnails ? signal : undefined)
              : jsonlOf(state, record, summary);
        const areLines = format === 'jsonl' || format === 'csv';
        if (file !== undefined) {
          await writeNewFile({ file, flag: '--output' }, lines);
          say(`Report written to ${file}`);
        } else if (areLines) await printAll(lines);
        if (file === undefined ? !areLines : options.json)
          await show(state, { record, summary, json: options.json ?? false });
        return summary ? 0 : 3;
      });
    });
  addSettings(command, 'report');
}

interface ReportOptions {
  readonly format?: string;
  readonly output?: string;
  readonly thumbnails?: boolean;
  readonly json?: boolean;
}

/** What is asked for twice cannot both be done: nothing is passed over without a word. */
function checkOptions({ format, output, thumbnails, json }: ReportOptions): void {
  if (format === 'html' && output === undefined)
    throw new UsageError('output', '--format html: name the file with --output, such as report.html.');
  if (format === 'summary' && output !== undefined)
    throw new UsageError('output', '--output is for the lines of the report, or with --format csv or html.');
  if (format === 'csv' && json && output === undefined)
    throw new UsageError('output', '--json prints the summary: name a file for the CSV with --output.');
  if (thumbnails && format !== 'html')
    throw new UsageError('thumbnails', '--thumbnails is for --format html.');
}

async function missSummary(state: StateStore, { id, state: end }: RunRecord): Promise<never> {
  await assertStillThere(state, id);
  const folder = state.locate(runFolderOf(id));
  throw new FaultError(
    'state',
    `Run ${id} is ${end}, but ${folder} has no summary.json: restore it from a backup.`,
  );
}

interface Shown {
  readonly record: RunRecord;
  /** Undefined: the run is not over. */
  readonly summary: Summary | undefined;
  readonly json: boolean;
}

async function show(state: StateStore, { record, summary, json }: Shown): Promise<void> {
  const { id, canary, undone, waitsFor } = record;
  const runDir = state.locate(runFolderOf(id));
  if (!summary) {
    if (!json) return print(`${runDir}/parts`);
    return printJson({ run: id, state: record.state, ...(waitsFor !== undefined && { waitsFor }), runDir });
  }
  await verifyReport(state, runFolderOf(id));
  if (json) return printJson({ ...summary, ...(canary && { canary }), ...(undone && { undone }), runDir });
  print([
    ...showSummary(summary, runDir),
    ...(canary ? canaryRows(canary) : []),
    ...(undone ? [`Since then it was ${describeUndone(undone)}`] : []),
  ]);
}

/** Of a run that is over its report byte for byte, as the summary's SHA-256 has it. */
async function* jsonlOf(
  state: StateStore,
  record: RunRecord,
  summary: Summary | undefined,
): AsyncGenerator<string> {
  const folder = runFolderOf(record.id);
  if (summary) {
    let count = 0;
    const texts = async function* () {
      await verifyReport(state, folder);
      for await (const lines of state.readLines(`${folder}/report.jsonl`)) {
        count += lines.length;
        yield lines.map(({ text }) => `${text}\n`).join('');
      }
    };
    return yield* unlessPruned(state, record, texts(), () => assertWholeReport(state, record, count));
  }
  for await (const line of readWholeReport(state, record)) yield `${JSON.stringify(line)}\n`;
}

async function* csvOf(lines: AsyncIterable<ReportLine>): AsyncGenerator<string> {
  const { createReportCsv, toCsvRow } = await import('../records/report/report-csv.ts');
  const rows = async function* () {
    for await (const line of lines) yield toCsvRow(line);
  };
  yield* csvText(rows(), createReportCsv());
}

/** A page that opens without a network. `pictured`: with pictures, which are made until it is aborted. */
async function* htmlOf(
  rollcall: Rollcall,
  record: RunRecord,
  pictured: AbortSignal | undefined,
): AsyncGenerator<string> {
  const [{ htmlReport }, { pageDataOf }] = await Promise.all([
    import('../runs/report/html-report.ts'),
    import('../runs/report/page-data-of-run.ts'),
  ]);
  const data = await pageDataOf({ state: rollcall.state, record, version: packageVersion });
  if (!pictured) return yield await htmlReport(data);
  const [{ createPictures }, { withThumbnails }] = await Promise.all([
    import('../runs/report/pictures.ts'),
    import('../runs/report/page-thumbnails.ts'),
  ]);
  const pictures = createPictures(rollcall);
  yield await htmlReport(await withThumbnails(data, { record, pictures, signal: pictured }));
}

async function printAll(chunks: AsyncIterable<string>): Promise<void> {
  for await (const chunk of chunks) await write(chunk);
}

export async function printJsonl(lines: AsyncIterable<ReportLine>): Promise<void> {
  for await (const line of lines) await printJson(line);
}
