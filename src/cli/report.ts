import { type Command, Option } from 'commander';
import { readSummary } from '../conductor/finish-run.ts';
import { readReport } from '../records/read-report.ts';
import type { ReportLine } from '../records/report-line.ts';
import { type RunRecord, runFolderOf } from '../records/run-record.ts';
import type { Summary } from '../records/summary.ts';
import { verifyReport } from '../records/verify-report.ts';
import type { Rollcall } from '../runs/open-rollcall.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { UsageError } from '../util/errors.ts';
import { packageVersion } from '../util/version.ts';
import { withRollcall } from './command-context.ts';
import { csvText } from './csv-text.ts';
import { addSettings } from './flags.ts';
import { print, printJson, say, write } from './output.ts';
import { showSummary } from './show-end.ts';
import { findRun } from './status.ts';
import { canaryRows } from './status-table.ts';
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
        if (options.format === 'html' && options.output === undefined)
          throw new UsageError('output', '--format html: name the file with --output, such as report.html.');
        if (options.thumbnails && options.format !== 'html')
          throw new UsageError('thumbnails', '--thumbnails is for --format html.');
        life.doing('Reading the report');
        const record = await findRun(rollcall, runId);
        const { id } = record;
        const folder = state.locate(runFolderOf(id));
        const summary = await readSummary(state, id);
        if (!summary) say(`Run ${id} is not finished: its report is not complete yet.`);
        const { format, output: file } = options;
        const lines =
          format === 'csv'
            ? csvOf(readReport(state, runFolderOf(id)))
            : format === 'html'
              ? htmlOf(rollcall, record, options.thumbnails ? signal : undefined)
              : jsonlOf(state, id, summary);
        if (file !== undefined && format !== 'summary') {
          await writeNewFile({ file, flag: '--output' }, lines);
          say(`Report written to ${file}`);
        } else if (format === 'jsonl' || format === 'csv') await printAll(lines);
        else if (summary) {
          await verifyReport(state, runFolderOf(id));
          if (options.json)
            printJson({ ...summary, ...(record.canary && { canary: record.canary }), runDir: folder });
          else print([...showSummary(summary, folder), ...(record.canary ? canaryRows(record.canary) : [])]);
        } else print(`${folder}/parts`);
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

/** Of a run that is over its report byte for byte, as the summary's SHA-256 has it. */
async function* jsonlOf(
  state: StateStore,
  runId: string,
  summary: Summary | undefined,
): AsyncGenerator<string> {
  if (summary) {
    await verifyReport(state, runFolderOf(runId));
    for await (const lines of state.readLines(`${runFolderOf(runId)}/report.jsonl`))
      yield lines.map(({ text }) => `${text}\n`).join('');
    return;
  }
  for await (const line of readReport(state, runFolderOf(runId))) yield `${JSON.stringify(line)}\n`;
}

async function* csvOf(lines: AsyncIterable<ReportLine>): AsyncGenerator<string> {
  const { createReportCsv, toCsvRow } = await import('../records/report-csv.ts');
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
