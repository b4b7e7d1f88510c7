import type { Logger } from 'pino';
import { readInbox } from '../../records/inbox/inbox.ts';
import { readControl } from '../../records/run-control.ts';
import type { InboxSourceOptions } from '../../sources/inbox/inbox-source.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import type { Inbox } from './inbox.ts';

/** Looks after an inbox for the run of its list: where that is due, this process takes in for a moment. */
export function createTend(
  { state, inbox: openInbox, log }: { state: StateStore; inbox: (name: string) => Inbox; log: Logger },
  { inbox, run }: { inbox: string; run: string },
): InboxSourceOptions['tend'] {
  return async (waiting) => {
    try {
      if (await isDue(waiting)) await openInbox(inbox).tend();
    } catch (error) {
      log.warn({ inbox, reason: (error as Error).message }, 'the inbox cannot be looked after just now');
    }
  };

  async function isDue({ firstAt, isStalled }: Parameters<InboxSourceOptions['tend']>[0]): Promise<boolean> {
    const record = await readInbox(state, inbox);
    if (!record) return false;
    if (isStalled || !record.isOpen) return true;
    if (firstAt !== undefined && Date.now() - Date.parse(firstAt) >= record.rollInMs) return true;
    return (await readControl(state, run)).wanted === 'cancel';
  }
}
