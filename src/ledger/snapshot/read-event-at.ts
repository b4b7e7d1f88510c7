import type { StateStore } from '../../storage/state/state-store.ts';
import { type LedgerEvent, parseLedgerEvent } from '../ledger-event.ts';
import type { Snapshot } from './snapshot.ts';

const longestLineInBytes = 64 * 1024;

/** The line that an entry of a snapshot stands for; undefined where its file is gone by now. */
export async function readEventAt(
  state: StateStore,
  { snapshot, file, offset }: { snapshot: Pick<Snapshot, 'facts'>; file: number; offset: number },
): Promise<LedgerEvent | undefined> {
  const path = snapshot.facts.files[file]?.path ?? '';
  const end = offset + longestLineInBytes;
  for await (const [line] of state.readLines(path, { offset, end, torn: true }))
    return parseLedgerEvent(line?.text ?? '');
  return undefined;
}
