import { setTimeout as delay } from 'node:timers/promises';
import { checkInboxName, type InboxRecord, readInbox, writeInbox } from '../../records/inbox/inbox.ts';
import { createInboxSource, inboxAddress } from '../../sources/inbox/inbox-source.ts';
import { UsageError } from '../../util/errors.ts';
import { filesOnFor } from '../files-on.ts';
import type { Rollcall } from '../open-rollcall.ts';
import { newRunSettings } from '../run-settings.ts';
import { subjectOf } from '../run-source.ts';
import { checkWebhook } from '../webhook/webhook.ts';
import { lookAtInbox } from './look-at-inbox.ts';

export interface OpenInboxOptions {
  readonly name: string;
  /** From the first photo of a run to the next run. Default: a day. */
  readonly rollInMs?: number | undefined;
  /** Photos without an outcome, at most. Default: 10,000. */
  readonly maxWaiting?: number | undefined;
  /**
   * An address that is told of each outcome by a signed POST, at least once: https, or http of this machine unless
   * `allowHttp` is set. It holds at once, for what its open run was given before, too. Default: nobody is told.
   */
  readonly webhook?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const dayInMs = 24 * 3_600_000;
const usualMaxWaiting = 10_000;

/**
 * Opens an inbox, or changes one that is open: what is new in its settings holds from its next run on.
 * @returns the run whose list is open; `webhookEnds`: it had a webhook, which is told of nothing any more
 * @throws UsageError for settings that no run could have, or another account than its open run has
 */
export async function openInbox(
  rollcall: Pick<Rollcall, 'state' | 'settings' | 'given' | 'engine' | 'inbox'>,
  { name, rollInMs = dayInMs, maxWaiting = usualMaxWaiting, webhook: url, signal }: OpenInboxOptions,
): Promise<{ record: InboxRecord; runId: string; wasOpen: boolean; webhookEnds: boolean }> {
  const { state, settings, given } = rollcall;
  checkInboxName(name);
  checkSettings(rollcall, url !== undefined);
  const nobody = async () => {};
  const source = createInboxSource({ state, inbox: name, run: '', tend: nobody });
  const { engine, engineUrl, account } = subjectOf(rollcall, { ...source, address: inboxAddress(name) });
  const before = await readInbox(state, name).catch(() => undefined);
  const wasOpen = before?.isOpen === true;
  if (wasOpen && before.account !== account)
    throw new UsageError(
      'other-account',
      `Inbox ${name} is open for another account: ${before.engine} at ${before.engineUrl}. Close it first: rollcall inbox close ${name}`,
    );
  const filesOn = filesOnFor(settings);
  const own = newRunSettings({ settings, given }, source);
  const now = new Date().toISOString();
  const webhook =
    url === undefined
      ? undefined
      : checkWebhook({ flag: '--webhook', value: url, allowHttp: settings.allowHttp });
  const record: InboxRecord = {
    schema: 'rollcall.inbox-record/1',
    name,
    isOpen: true,
    ...{ engine, engineUrl, account },
    ...(filesOn !== undefined && { filesOn }),
    // A person who comes again has a new photo.
    settings: { ...own, repeat: 'repeat' in given ? own.repeat : 'each' },
    rollInMs,
    maxWaiting,
    openedAt: before?.openedAt ?? now,
    ...(webhook !== undefined && {
      webhook: { url: webhook, setAt: now, since: before?.webhook?.since ?? now },
    }),
  };
  await writeInbox(state, record);
  const runId = await until(rollcall, name, signal, async () => (await lookAtInbox(state, name)).run);
  return { record, runId, wasOpen, webhookEnds: before?.webhook !== undefined && webhook === undefined };
}

/** Settings that need the whole list, which nobody has while it grows; and lines that would go before they were told of. */
function checkSettings({ settings, given }: Pick<Rollcall, 'settings' | 'given'>, hasWebhook: boolean): void {
  const refuse = (flag: string, why: string) => {
    throw new UsageError('inbox-settings', `${flag} does not go with an inbox: ${why}`);
  };
  if (settings.repeat === 'last')
    refuse('--repeat last', 'which photo is the last is known when its run is over.');
  if (settings.verify && 'count' in settings.verify)
    refuse('--verify with a count', 'its photos are chosen from a whole list; give a share, such as 5%.');
  if (settings.canary !== undefined) refuse('--canary', 'its photos are chosen from a whole list.');
  if (settings.limit !== undefined) refuse('--limit', 'rollcall inbox close ends its list.');
  if (hasWebhook && settings.incremental && settings.report === 'changed')
    refuse('--report changed with --webhook and --incremental', 'a webhook is told of every outcome.');
  if (given.forgetList !== undefined)
    refuse('--forget-list', 'use rollcall forget, which holds for all runs.');
}

/**
 * Closes an inbox: its run is finished once all its photos have their outcome. @returns the run that was open
 * @throws UsageError if there is no such inbox
 */
export async function closeInbox(
  rollcall: Pick<Rollcall, 'state' | 'inbox'>,
  name: string,
  { signal }: { signal?: AbortSignal } = {},
): Promise<{ runId: string | undefined; wasOpen: boolean }> {
  const { state } = rollcall;
  const record = await readInbox(state, checkInboxName(name));
  if (!record)
    throw new UsageError(
      'no-inbox',
      `There is no inbox ${name} in ${state.address}: rollcall inbox list shows them.`,
    );
  const { run: runId } = await lookAtInbox(state, name);
  if (record.isOpen) await writeInbox(state, { ...record, isOpen: false });
  await until(rollcall, name, signal, async () =>
    (await lookAtInbox(state, name)).run === undefined ? true : undefined,
  );
  return { runId, wasOpen: record.isOpen };
}

const askAgainInMs = 100;

/** Whoever takes in makes it so: this process, or the one that does. */
async function until<Result>(
  rollcall: Pick<Rollcall, 'inbox'>,
  name: string,
  signal: AbortSignal | undefined,
  look: () => Promise<Result | undefined>,
): Promise<Result> {
  while (true) {
    const result = await look();
    if (result !== undefined) return result;
    await rollcall.inbox(name).tend();
    const after = await look();
    if (after !== undefined) return after;
    await delay(askAgainInMs, undefined, { ...(signal && { signal }) });
  }
}
