import { type InboxRecord, readInbox } from '../../records/inbox/inbox.ts';
import { readWebhookProgress } from '../../records/inbox/webhook-progress.ts';
import { isOver, type RunRecord } from '../../records/run-record.ts';
import { listInboxNames } from '../../sources/inbox/inbox-log.ts';
import { inboxOf } from '../../sources/inbox/inbox-source.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { listRuns } from '../look-at-runs.ts';
import { isTold } from '../webhook/is-told.ts';
import { shownWebhook } from '../webhook/webhook.ts';
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
  /** Absent: nobody is told of outcomes. */
  readonly webhook?: ListedWebhook;
}

export interface ListedWebhook {
  /** Without the path, which may be a secret. */
  readonly address: string;
  /** Outcomes that it was not told of yet. */
  readonly waiting: number;
  /** Those that it is not told of any more, since it has not taken them for three days. */
  readonly givenUp: number;
  /** Why it does not take messages just now. */
  readonly failing?: string;
  /** It wants no more: nothing is sent until it is set again. */
  readonly stopped: boolean;
}

/** In the order of their names. `runs`: those of the state, where they are known. */
export async function listInboxes(state: StateStore, runs?: readonly RunRecord[]): Promise<ListedInbox[]> {
  const names = await listInboxNames(state);
  if (names.length === 0) return [];
  const all = runs ?? (await listRuns({ state }));
  const open = all.filter((run) => !isOver(run));
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
    const webhook = await lookAtWebhook(state, record, all);
    found.push({
      ...facts,
      ...(run !== undefined && { runId: run }),
      waiting,
      today,
      ...(webhook && { webhook }),
    });
  }
  return found;
}

async function lookAtWebhook(
  state: StateStore,
  record: InboxRecord,
  all: readonly RunRecord[],
): Promise<ListedWebhook | undefined> {
  const { name, webhook } = record;
  if (!webhook) return undefined;
  const { runs, failing, stopped } = await readWebhookProgress(state, name, webhook.setAt);
  let [waiting, givenUp] = [0, 0];
  for (const run of all.filter((one) => isTold(one, record))) {
    const known = runs[run.id];
    givenUp += known?.givenUp ?? 0;
    if (!known?.isDone) waiting += Math.max(0, run.counts.done - (known?.settled ?? 0));
  }
  const address = shownWebhook(webhook.url);
  return {
    address,
    waiting,
    givenUp,
    ...(failing && { failing: failing.reason }),
    stopped: stopped !== undefined,
  };
}
