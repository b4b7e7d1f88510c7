import { type InboxRecord, readInbox } from '../../records/inbox.ts';
import { isOver, type RunRecord } from '../../records/run-record.ts';
import { listInboxNames } from '../../sources/inbox/inbox-log.ts';
import { inboxOf } from '../../sources/inbox/inbox-source.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { listRuns } from '../look-at-runs.ts';
import { lookAtInbox } from './look-at-inbox.ts';

/** An inbox as it is now. */
export interface ListedInbox
  extends Pick<
    InboxRecord,
    'name' | 'isOpen' | 'engine' | 'engineUrl' | 'rollInMs' | 'maxWaiting' | 'openedAt'
  > {
  /** The run whose list is open. */
  readonly runId?: string;
  /** Photos without an outcome, of all its runs. */
  readonly waiting: number;
  /** Photos that came in the last 24 hours. */
  readonly today: number;
}

/** In the order of their names. `runs`: those of the state, where they are known. */
export async function listInboxes(state: StateStore, runs?: readonly RunRecord[]): Promise<ListedInbox[]> {
  const names = await listInboxNames(state);
  if (names.length === 0) return [];
  const open = (runs ?? (await listRuns({ state }))).filter((run) => !isOver(run));
  const found: ListedInbox[] = [];
  for (const inbox of names) {
    const record = await readInbox(state, inbox);
    if (!record) continue;
    const { name, isOpen, engine, engineUrl, rollInMs, maxWaiting, openedAt } = record;
    const { run, count, today } = await lookAtInbox(state, name);
    let waiting = 0;
    for (const { id, counts } of open.filter((each) => inboxOf(each) === name))
      waiting += (id === run ? count : counts.listed) - counts.done;
    const facts = { name, isOpen, engine, engineUrl, rollInMs, maxWaiting, openedAt };
    found.push({ ...facts, ...(run !== undefined && { runId: run }), waiting, today });
  }
  return found;
}
