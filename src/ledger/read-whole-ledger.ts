import type { StateStore } from '../storage/state/state-store.ts';
import { FaultError } from '../util/errors.ts';
import { readLedger, type UnreadLine } from './ledger-files.ts';
import { findCutFiles } from './snapshot/cut-files.ts';
import { snapshotPath } from './snapshot/snapshot.ts';

/**
 * As `readLedger`, for whoever would say or do what is wrong if a line were passed over.
 * @throws FaultError for a line that cannot be read, and where the snapshot knows of more lines than are left
 */
export async function readWholeLedger(
  state: StateStore,
  options: Omit<Parameters<typeof readLedger>[1], 'onUnread'>,
): Promise<void> {
  const { account } = options;
  for (const { path, offset } of await findCutFiles(state, account))
    throw unread(
      `${state.locate(path)} ends at byte ${offset} and was longer`,
      `If there is none, remove ${state.locate(snapshotPath(account))}: what the lost lines say is lost then.`,
    );
  const onUnread = ({ path, offset }: UnreadLine) => {
    throw unread(
      `${state.locate(path)} cannot be read at byte ${offset}`,
      'If there is none, take the line out: what it says of its subject is lost then.',
    );
  };
  await readLedger(state, { ...options, onUnread });
}

const unread = (what: string, lastResort: string) =>
  new FaultError(
    'ledger-unread',
    `${what}, so that nobody knows for sure what is stored. Where a newer version wrote it, use that version; where it is ` +
      `damaged, restore it from a backup. ${lastResort}`,
  );
