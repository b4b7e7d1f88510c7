import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import { readReport } from '../report/read-report.ts';
import type { ReportLine } from '../report/record.ts';
import { createReportCsv, toCsvRow } from '../report/report-csv.ts';
import { readSummary } from '../run/finish.ts';
import { runFolderOf } from '../run/run-record.ts';
import { print, say, withRollcall } from './command-context.ts';
import { addSettings, commonSettings } from './flags.ts';
import { showSummary } from './show-summary.ts';
import { findRun } from './status.ts';

export function addReportCommand(program: Command): void {
  const command = program
    .command('report')
    .description('where the report is, and what it says')
    .argument('[run]', 'id of a run; default: the newest')
    .addOption(
      new Option('--format <format>', 'print the lines, or the summary').choices(['jsonl', 'csv', 'summary']),
    )
    .option('--json', 'print the summary as one JSON object')
    .action(
      async (
        runId: string | undefined,
        options: { format?: string; json?: boolean } & Record<string, unknown>,
      ) => {
        await withRollcall(options, async ({ rollcall }) => {
          const { state } = rollcall;
          const record = await findRun(rollcall, runId);
          const folder = state.locate(runFolderOf(record.id));
          const summary = await readSummary(state, record.id);
          if (!summary) say(`Run ${record.id} is not over: its report is not complete yet.`);
          if (options.format === 'jsonl') await printJsonl(readReport(state, runFolderOf(record.id)));
          else if (options.format === 'csv') await printCsv(readReport(state, runFolderOf(record.id)));
          else if (summary && options.json) print(JSON.stringify({ ...summary, runDir: folder }));
          else if (summary) print(showSummary(summary, folder));
          else print(`${folder}/parts`);
          return summary ? 0 : 3;
        });
      },
    );
  addSettings(command, commonSettings);
}

export async function printJsonl(lines: AsyncIterable<ReportLine>): Promise<void> {
  for await (const line of lines) {
    if (!process.stdout.write(`${JSON.stringify(line)}\n`)) await once(process.stdout, 'drain');
  }
}

async function printCsv(lines: AsyncIterable<ReportLine>): Promise<void> {
  const rows = async function* () {
    for await (const line of lines) yield toCsvRow(line);
  };
  await pipeline(Readable.from(rows()), createReportCsv(), process.stdout, { end: false });
}
