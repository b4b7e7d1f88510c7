import { randomBytes } from 'node:crypto';
import { announceRun } from '../../queue/presence.ts';
import type { PresenceStore } from '../../queue/queue.ts';
import type { InboxRecord } from '../../records/inbox/inbox.ts';
import { createRunRecord, type RunRecord, readRunRecord } from '../../records/run-record.ts';
import { inboxAddress } from '../../sources/inbox/inbox-source.ts';
import type { StateStore } from '../../storage/state/state-store.ts';

/** The inbox's name and when: `door-20261122T010203Z-7f3a`. */
export function newInboxRunId(inbox: string): string {
  const time = new Date().toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
  return `${inbox}-${time}-${randomBytes(2).toString('hex')}`;
}

/** Makes the run of a list unless it is there: whoever opened the list may have died before. */
export async function makeInboxRun(
  { state, presence }: { state: StateStore; presence: PresenceStore },
  inbox: InboxRecord,
  id: string,
): Promise<void> {
  if (await readRunRecord(state, id)) return;
  const { engine, engineUrl, account, filesOn, settings } = inbox;
  const now = new Date().toISOString();
  const record: RunRecord = {
    schema: 'rollcall.run/1',
    id,
    createdAt: now,
    updatedAt: now,
    source: inboxAddress(inbox.name),
    ...(filesOn !== undefined && { filesOn }),
    ...{ engine, engineUrl, account, settings },
    state: 'active',
    epoch: 0,
    counts: { listed: 0, done: 0, deadLetters: 0, calls: 0 },
  };
  await createRunRecord(state, record);
  await announceRun(presence, state, record);
}
