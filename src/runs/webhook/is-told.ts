import type { InboxRecord } from '../../records/inbox/inbox.ts';
import { isOver, type RunRecord } from '../../records/run-record.ts';
import { inboxOf } from '../../sources/inbox/inbox-source.ts';

/** Whether the webhook is told of a run: not of one that was over before there was a webhook. */
export const isTold = (run: RunRecord, { name, webhook }: Pick<InboxRecord, 'name' | 'webhook'>) =>
  webhook !== undefined && inboxOf(run) === name && (!isOver(run) || run.updatedAt >= webhook.since);
