import type { Command } from 'commander';
import { clearListsOfRemoved } from '../runs/inbox/clear-lists.ts';
import { findOldAudits, findOldRuns, removeAudits, removeRuns } from '../runs/prune.ts';
import { parseDuration } from '../settings/durations.ts';
import { UsageError } from '../util/errors.ts';
import { plural } from '../util/plural.ts';
import { withRollcall } from './command-context.ts';
import { addSettings } from './flags.ts';
import { print, say } from './output.ts';

interface PruneOptions {
  readonly olderThan: string;
  readonly dryRun?: boolean;
}

export function definePrune(command: Command): void {
  command
    .requiredOption(
      '--older-than <duration>',
      'runs that ended, and audits that began, longer ago than this, such as 90d',
    )
    .option('--dry-run', 'only list these runs')
    .action(async (options: PruneOptions & Record<string, unknown>) => {
      const { olderThan, dryRun = false } = options;
      await withRollcall(options, async ({ rollcall: { state }, life, signal }) => {
        const ageInMs = parseDuration(olderThan);
        if (ageInMs === undefined)
          throw new UsageError(
            'older-than',
            `--older-than: expected a duration such as 90d, not ${olderThan}.`,
          );
        life.doing('Removing old runs');
        const before = new Date(Date.now() - ageInMs).toISOString();
        const runs = await findOldRuns(state, before);
        const audits = await findOldAudits(state, before);
        if (!dryRun) {
          await removeRuns(state, runs);
          await clearListsOfRemoved(state, signal);
          await removeAudits(state, audits);
        }
        for (const id of [...runs.map((run) => run.id), ...audits]) print(id);
        const verb = dryRun ? 'would be removed' : 'removed';
        const both = audits.length > 0 ? ` and ${plural(audits.length, 'audit')}` : '';
        say(`${plural(runs.length, 'run')}${both} ${verb} from ${state.address}`);
        return 0;
      });
    });
  addSettings(command, 'prune');
}
