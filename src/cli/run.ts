import type { Command } from 'commander';
import { withRollcall } from './command-context.ts';
import { accountSettings, addSettings, commonSettings, runSettings, workSettings } from './flags.ts';
import { say } from './output.ts';
import { showEnd } from './show-end.ts';

const examples = `
Examples:
  rollcall run ./photos --engine ooto                      every photo of a folder; emp-17.jpg is subject emp-17
  rollcall run ./photos --dry-run                          what it would cost, without a call
  rollcall run people.csv --engine ooto --limit 20         a first try on 20 rows (columns subject_id, photo)
  rollcall run ./photos --id-from '{id}/{photo}.{ext}'     a folder for each person
  rollcall run last-report.jsonl --engine ooto             what a report left unsettled
Credentials come from OOTO_APP_ID and OOTO_APP_KEY, or VERIHUBS_APP_ID and VERIHUBS_API_KEY; each also as …_FILE.
Started again, the same command resumes. Exit codes: 0 done, 1 dead letters, 2 wrong usage, 3 stopped, 4 fault.`;

interface RunOptions {
  readonly new?: boolean;
  readonly json?: boolean;
  readonly dryRun?: boolean;
}

export function defineRun(command: Command): void {
  command
    .option('--new', 'start another run even if an unfinished one of this source is there')
    .option('--dry-run', 'count photos, bytes, calls and time, without a call')
    .option('--json', 'print one JSON object instead of text')
    .addHelpText('after', examples)
    .action(async (source: string, options: RunOptions & Record<string, unknown>) => {
      await withRollcall(options, async (context) => {
        const { rollcall, signal } = context;
        if (options.dryRun) {
          const { dryRun } = await import('./dry-run.ts');
          return dryRun(rollcall, { source, signal, json: options.json ?? false });
        }
        const { runInProcess } = await import('../runs/run-in-process.ts');
        const { createProgressDisplay } = await import('./progress.ts');
        const display = createProgressDisplay();
        const { account, notice } = rollcall.engine();
        if (notice !== undefined) say(notice);
        try {
          const end = await runInProcess(rollcall, {
            source,
            alwaysNew: options.new ?? false,
            signal,
            onStart: ({ runId, resumed }) => say(`${resumed ? 'Resuming' : 'Starting'} run ${runId}`),
            onProgress: async (progress) =>
              display.show(progress, (await rollcall.limiter(account)).snapshot()),
          });
          display.stop();
          return showEnd(context, end, { json: options.json ?? false });
        } finally {
          display.stop();
        }
      });
    });
  addSettings(command, [...accountSettings, ...runSettings, ...workSettings, ...commonSettings]);
}
