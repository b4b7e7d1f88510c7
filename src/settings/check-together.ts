import { UsageError } from '../util/errors.ts';
import type { CoreSettings } from './core-settings.ts';

/** @throws UsageError where settings that are right by themselves contradict each other */
export function checkTogether({
  prepare,
  stripMetadata,
}: Partial<Pick<CoreSettings, 'prepare' | 'stripMetadata'>>): void {
  if (prepare === 'never' && stripMetadata) {
    throw new UsageError(
      'settings-contradict',
      '--prepare never (ROLLCALL_PREPARE) sends bytes as they are, --strip-metadata (ROLLCALL_STRIP_METADATA) ' +
        'takes some out: leave one of them out.',
    );
  }
}

/** @throws UsageError where a run has a budget and nobody said what a call costs */
export function checkBudget({ price, budget }: Partial<Pick<CoreSettings, 'price' | 'budget'>>): void {
  if (budget === undefined || price !== undefined) return;
  throw new UsageError(
    'settings-contradict',
    `--budget ${budget} (ROLLCALL_BUDGET) needs --price (ROLLCALL_PRICE): what does a call cost?`,
  );
}
