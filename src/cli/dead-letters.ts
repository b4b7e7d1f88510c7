import { type Command, Option } from 'commander';
import { readWholeReport } from '../records/report/read-whole-report.ts';
import { isDeadLetter, type ReportLine } from '../records/report/report-line.ts';
import { isOver, type RunRecord } from '../records/run-record.ts';
import { plural } from '../util/plural.ts';
import { type CommandContext, withRollcall } from './command-context.ts';
import { addSettings } from './flags.ts';
import { printJsonl } from './report.ts';
import { findRun } from './status.ts';
import { endWhenUnread, printJson, printRow, say } from './terminal/output.ts';
import { printSpans } from './terminal/print-spans.ts';
import { writeNewFile } from './write-new-file.ts';

interface DeadLettersOptions {
  readonly json?: boolean;
  readonly export?: string;
  readonly retry?: boolean | string;
}

const examples = `
Examples:
  rollcall dead-letters
      list those of the newest run
  rollcall dead-letters RUN --export letters.jsonl
      into a file, which is a source too: rollcall run letters.jsonl
  rollcall dead-letters RUN --retry
      a new run of those without a verdict (--retry all: of all)`;

export function defineDeadLetters(command: Command): void {
  command
    .option('--json', 'print report lines instead of a table')
    .option('--export <file>', 'write the report lines into a new file')
    .addOption(
      new Option('--retry [which]', 'start a new run of them: failed, or all')
        .choices(['failed', 'all'])
        .preset('failed'),
    )
    .addHelpText('after', examples)
    .action(async (runId: string | undefined, options: DeadLettersOptions & Record<string, unknown>) => {
      await withRollcall(options, async (context) => {
        context.life.doing('Reading the report');
        const record = await findRun(context.rollcall, runId);
        if (!isOver(record)) say(`Run ${record.id} is not over: more may follow.`);
        if (options.retry) {
          const which = options.retry === 'all' ? 'all' : 'failed';
          return retry(context, record.id, which, options.json ?? false);
        }
        const letters = deadLettersOf(context, record);
        endWhenUnread();
        if (options.export) await exportTo(options.export, letters);
        else if (options.json) await printJsonl(letters);
        else await printTable(letters);
        return 0;
      });
    });
  addSettings(command, 'dead-letters');
}

async function* deadLettersOf({ rollcall }: CommandContext, record: RunRecord): AsyncGenerator<ReportLine> {
  for await (const line of readWholeReport(rollcall.state, record)) if (isDeadLetter(line)) yield line;
}

async function printTable(letters: AsyncIterable<ReportLine>): Promise<void> {
  const { deadLettersTable, fieldsOf } = await import('./text/dead-letters-table.ts');
  let count = 0;
  const counted = async function* () {
    for await (const letter of letters) {
      count += 1;
      yield letter;
    }
  };
  if (process.stdout.isTTY)
    for await (const line of deadLettersTable(counted(), process.stdout.columns || 80)) printSpans([line]);
  else for await (const letter of counted()) await printRow(fieldsOf(letter));
  if (count === 0) say('No dead letters.');
}

async function exportTo(file: string, letters: AsyncIterable<ReportLine>): Promise<void> {
  let count = 0;
  const lines = async function* () {
    for await (const line of letters) {
      count += 1;
      yield `${JSON.stringify(line)}\n`;
    }
  };
  await writeNewFile({ file, flag: '--export' }, lines());
  say(`${plural(count, 'dead letter')} written to ${file}`);
}

async function retry(
  context: CommandContext,
  runId: string,
  which: 'failed' | 'all',
  json: boolean,
): Promise<number> {
  const { rollcall, signal } = context;
  const { startRetry } = await import('../runs/review/retry-dead-letters.ts');
  const started = await startRetry(rollcall, { record: await findRun(rollcall, runId), which, signal });
  if (started) {
    say(`Starting run ${started.record.id}`);
    const { joinAndShow } = await import('./join-and-show.ts');
    return joinAndShow(context, started, { json });
  }
  if (json) await printJson({ run: null });
  say(
    which === 'all'
      ? 'No dead letters to retry. What collides with another photo needs an id of its own first.'
      : 'No failed photos to retry; --retry all retries rejected ones too. What collides with another photo needs an id of its own first.',
  );
  return 0;
}
