import type { Command } from 'commander';
import { removeCoverageRecords } from '../records/audit/coverage-record.ts';
import { clearListsOfRemoved } from '../runs/inbox/clear-lists.ts';
import { findOldAudits, findOldCoverages, findOldRuns, removeAudits, removeRuns } from '../runs/prune.ts';
import { parseDuration } from '../settings/durations.ts';
import { UsageError } from '../util/errors.ts';
import { plural } from '../util/plural.ts';
import { withRollcall } from './command-context.ts';
import { addSettings } from './flags.ts';
import { print, say } from './terminal/output.ts';

interface PruneOptions {
  readonly olderThan: string;
  readonly dryRun?: boolean;
}

export function definePrune(command: Command): void {
  command
    .requiredOption(
      '--older-than <duration>',
      'runs that ended, audits that began, and lists that coverage looked at, longer ago than this, such as 90d',
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
        const { old, needed } = await findOldRuns(state, before);
        const audits = await findOldAudits(state, before);
        const left = dryRun ? [] : await removeRuns(state, old);
        const runs = old.filter(({ id }) => !left.includes(id));
        const coverages = await findOldCoverages(state, before);
        if (!dryRun) {
          await clearListsOfRemoved(state, signal);
          await removeAudits(state, audits);
          await removeCoverageRecords(state, coverages);
        }
        for (const id of [...runs.map((run) => run.id), ...audits]) print(id);
        const verb = dryRun ? 'would be removed' : 'removed';
        const others = [
          ...(audits.length > 0 ? [plural(audits.length, 'audit')] : []),
          ...(coverages.length > 0 ? [`the counts of ${plural(coverages.length, 'list')} of people`] : []),
        ];
        say(`${[plural(runs.length, 'run'), ...others].join(' and ')} ${verb} from ${state.address}`);
        const begun = left.map((id) => ({ id, goesOnWith: `rollcall undo ${id}` }));
        for (const { id, goesOnWith } of [...needed, ...begun])
          say(`${id} stays: it is needed to go on with ${goesOnWith}, which has not come to its end.`);
        return 0;
      });
    });
  addSettings(command, 'prune');
}
