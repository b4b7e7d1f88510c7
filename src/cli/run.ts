import { type Command, Option } from 'commander';
import { type CommandContext, withRollcall } from './command-context.ts';
import { addSettings } from './flags.ts';
import { openFurtherWorkers } from './further-workers.ts';
import { sayEngineNotice } from './say-engine-notice.ts';
import { showEnd } from './show-end.ts';
import { say } from './terminal/output.ts';
import type { ProgressForm } from './terminal/progress.ts';
import { describeDelivered } from './text/describe-delivered.ts';

const examples = `
Examples:
  rollcall run ./photos --engine ooto
      every photo of a folder; emp-17.jpg is subject emp-17
  rollcall run ./photos --dry-run
      what it would cost, without a call
  rollcall run people.csv --engine ooto --limit 20
      a first try on 20 rows (columns subject_id, photo)
  rollcall run s3://archive/staff/ --id-from '{id}/{photo}.{ext}'
      a folder for each person
  rollcall run last-report.jsonl --engine ooto
      what a report has as rejected, failed or cancelled

Credentials come from OOTO_APP_ID and OOTO_APP_KEY, or VERIHUBS_APP_ID and
VERIHUBS_API_KEY; each also as …_FILE. The same command, started again, resumes.
Exit codes: 0 done, 1 dead letters, 2 wrong usage, 3 stopped, 4 fault.`;

interface RunOptions {
  readonly new?: boolean;
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly progress?: ProgressForm;
}

export function defineRun(command: Command): void {
  command
    .option('--new', 'start another run even if this source has an unfinished one')
    .option('--dry-run', 'count photos, bytes, calls and time, without a call')
    .option('--json', 'print one JSON object instead of text')
    .addOption(
      new Option('--progress <form>', 'how it is shown on stderr: json is a line a second').choices([
        'text',
        'json',
      ]),
    )
    .addHelpText('after', examples)
    .action((source: string, options: RunOptions & Record<string, unknown>) =>
      withRollcall(options, (context) => run(context, source, options), { rateIsCeiling: false }),
    );
  addSettings(command, 'run');
}

async function run(
  context: CommandContext,
  source: string,
  { new: alwaysNew = false, json = false, dryRun: isDryRun = false, progress: form }: RunOptions,
): Promise<number> {
  const { rollcall, signal, life } = context;
  if (isDryRun) {
    const { dryRun } = await import('./dry-run.ts');
    return dryRun(context, { source, json });
  }
  const [{ startRun }, { joinAndShow }] = await Promise.all([
    import('../runs/run-in-process.ts'),
    import('./join-and-show.ts'),
  ]);
  sayEngineNotice(rollcall);
  life.doing(`Opening ${source}`);
  const started = await startRun(rollcall, { source, alwaysNew, signal });
  if ('kind' in started) return showEnd(context, started, { json });
  say(`${started.resumed ? 'Resuming' : 'Starting'} run ${started.record.id}`);
  if (started.record.delivered && !started.resumed) say(describeDelivered(started.record.delivered));
  if (started.takenOver.length > 0) say(`Taken over: ${started.takenOver.join(', ')}`);
  const further = openFurtherWorkers({ ...context, rateIsCeiling: false });
  further.join(started.record.id);
  return joinAndShow(context, started, { json, form, beforeEnd: further.close });
}
