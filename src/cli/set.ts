import type { Command } from 'commander';
import type { WantedChanges } from '../records/run-changes.ts';
import { isOver, isWorkedOn, type RunRecord } from '../records/run-record.ts';
import { checkBudget } from '../settings/check-together.ts';
import { flagOf } from '../settings/setting.ts';
import { UsageError } from '../util/errors.ts';
import { withRollcall } from './command-context.ts';
import { addSettings, givenSettings } from './flags.ts';
import { findRun } from './status.ts';
import { print } from './terminal/output.ts';

const changeable = ['rate', 'concurrency', 'stopAfterFailures', 'canaryAccept', 'budget'] as const;

/** Only flags count: what is in the environment is for the runs that are started there. */
export function defineSet(command: Command): void {
  command.action((runId: string, options: Record<string, unknown>) =>
    withRollcall(options, async ({ rollcall, signal }) => {
      const given = givenSettings(options);
      const keys = changeable.filter((key) => given[key] !== undefined);
      if (keys.length === 0)
        throw new UsageError('nothing-to-set', `Say what to change: ${changeable.map(flagOf).join(', ')}.`);
      const record = await findRun(rollcall, runId);
      if (isOver(record)) throw new UsageError('run-over', `Run ${runId} is ${record.state} already.`);
      if (given.canaryAccept !== undefined) checkCanary(record);
      checkBudget({
        ...record.settings,
        budget: given.budget === undefined ? undefined : rollcall.settings.budget,
      });
      const { changeRun } = await import('../runs/change-run.ts');
      const wanted: WantedChanges = Object.fromEntries(keys.map((key) => [key, rollcall.settings[key]]));
      await changeRun(rollcall, record, { wanted, signal });
      const said = keys.map((key) => `${flagOf(key)} ${given[key]}`).join(', ');
      print(
        `Run ${record.id}: ${said}${isWorkedOn(record) ? ' within a second or two' : ', once it goes on'}.`,
      );
      return 0;
    }),
  );
  addSettings(command, 'set');
}

/** @throws UsageError for rules that would judge nothing */
function checkCanary({ id, settings, canary }: RunRecord): void {
  const flag = flagOf('canaryAccept');
  if (settings.canary === undefined)
    throw new UsageError('no-canary', `${flag}: run ${id} was started without ${flagOf('canary')}.`);
  if (canary?.state === 'accepted')
    throw new UsageError('canary-accepted', `${flag}: the canary of run ${id} is accepted already.`);
}
