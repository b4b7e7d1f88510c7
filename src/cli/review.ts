import type { Command } from 'commander';
import { readDecisions } from '../records/decisions/decision-files.ts';
import { createDecisionsCsv, toDecisionRow } from '../records/decisions/decisions-csv.ts';
import { readDeadLetters } from '../records/report/read-dead-letters.ts';
import type { RunRecord } from '../records/run-record.ts';
import { UsageError } from '../util/errors.ts';
import { plural } from '../util/plural.ts';
import { userName } from '../util/user-name.ts';
import { type CommandContext, withRollcall } from './command-context.ts';
import { addSettings } from './flags.ts';
import { findRun } from './status.ts';
import { printJson, say, write } from './terminal/output.ts';
import { csvText } from './text/csv-text.ts';

interface ReviewOptions {
  readonly decisions?: string;
  readonly reviewer?: string;
  readonly apply?: boolean;
  readonly json?: boolean;
}

const examples = `
Examples:
  rollcall review RUN > decisions.csv
      its dead letters as CSV, to be filled in
  rollcall review RUN --decisions decisions.csv --apply
      decide, and make a new run of it
Actions: retry, retry-file (column file), edit (column rotate: 90, 180 or 270;
crop: left, top, width and height in shares of 1), enroll-anyway (duplicates),
leave-out (column reason), hand-on, undecided`;

export function defineReview(command: Command): void {
  command
    .option('--decisions <file>', 'CSV or JSONL with seq, action, reason, file, rotate, crop')
    .option('--reviewer <name>', 'who decides; default: the user of this machine')
    .option('--apply', 'make a new run of what was decided, and work on it')
    .option('--json', 'print the summary of the new run as JSON')
    .addHelpText('after', examples)
    .action(async (runId: string, options: ReviewOptions & Record<string, unknown>) => {
      await withRollcall(options, async (context) => {
        if (options.json && !options.apply) throw new UsageError('json', '--json is for --apply.');
        context.life.doing('Reading the report');
        const record = await findRun(context.rollcall, runId);
        if (options.decisions !== undefined) await decideBy(context, record, options);
        if (options.apply) return apply(context, record, options.json ?? false);
        if (options.decisions === undefined) await printDeadLetters(context, record);
        return 0;
      });
    });
  addSettings(command, 'review');
}

async function decideBy(
  { rollcall }: CommandContext,
  record: RunRecord,
  { decisions: file = '', reviewer = userName() ?? `uid ${process.getuid?.()}` }: ReviewOptions,
): Promise<void> {
  const { reviewByFile } = await import('../runs/review/review-file.ts');
  const count = await reviewByFile(rollcall, record, { file, reviewer });
  say(`${plural(count, 'decision')} saved.`);
}

async function apply(context: CommandContext, record: RunRecord, json: boolean): Promise<number> {
  const { startApplied } = await import('../runs/review/apply-decisions.ts');
  const { applied, started } = await startApplied(context.rollcall, record, context.signal);
  if (!started) {
    if (json) await printJson({ run: applied.runId ?? null });
    say(
      applied.runId === undefined
        ? 'No photo is to be sent: no run was started.'
        : `All that was decided went into run ${applied.runId}, which was pruned since.`,
    );
    return 0;
  }
  const { id } = started.record;
  say(applied.sent > 0 ? `Starting run ${id}` : `All that was decided is in run ${id}`);
  const { joinAndShow } = await import('./join-and-show.ts');
  return joinAndShow(context, started, { json });
}

async function printDeadLetters({ rollcall: { state } }: CommandContext, record: RunRecord): Promise<void> {
  const decisions = await readDecisions(state, record.id);
  const rows = async function* () {
    for await (const line of readDeadLetters(state, record))
      yield toDecisionRow(line, decisions.get(line.seq));
  };
  for await (const text of csvText(rows(), createDecisionsCsv())) await write(text);
}
