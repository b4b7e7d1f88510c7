import { setTimeout as delay } from 'node:timers/promises';
import { type Lease, takeLease } from '../../queue/lease.ts';
import { type InboxRecord, readInbox } from '../../records/inbox/inbox.ts';
import { readWebhookProgress, writeWebhookProgress } from '../../records/inbox/webhook-progress.ts';
import { listReadableRuns } from '../../records/run-record.ts';
import { listInboxNames } from '../../sources/inbox/inbox-log.ts';
import { processName } from '../../util/process-name.ts';
import type { Rollcall } from '../open-rollcall.ts';
import { isTold } from './is-told.ts';
import { concurrency, createOutcomeSender } from './sender.ts';
import { webhookKeyOf } from './signature.ts';
import { openWebhook, shownWebhook } from './webhook.ts';

const lookEveryInMs = 2_000;
const pollEveryInMs = 250;
/** Tries that are under way when the process is to end have so long. */
const farewellInMs = 2_000;

/** What outcomes are sent with. */
export type SendTools = Pick<Rollcall, 'state' | 'log' | 'environment' | 'queue'>;

/**
 * Tells the webhooks of inboxes of outcomes, until the signal; resolves after it. For each inbox one process does, whichever
 * conducts its runs: it reads what these write. A fault of state or queue is logged, and it goes on later. Without a secret
 * to sign with nothing is sent.
 * @throws UsageError for a secret that is none
 */
export async function sendOutcomes(rollcall: SendTools, { signal }: { signal: AbortSignal }): Promise<void> {
  const { state, log, environment } = rollcall;
  const isSigned = webhookKeyOf(environment) !== undefined;
  const sending = new Map<string, Promise<void>>();
  const warned = new Set<string>();

  async function look(): Promise<void> {
    for (const name of await listInboxNames(state)) {
      if (sending.has(name) || signal.aborted) continue;
      const inbox = await readInbox(state, name);
      if (!inbox?.webhook) continue;
      if (!isSigned) {
        if (warned.has(name)) continue;
        warned.add(name);
        log.warn({ inbox: name }, 'outcomes are not sent by this worker: ROLLCALL_WEBHOOK_SECRET is not set');
        continue;
      }
      if ((await readWebhookProgress(state, name, inbox.webhook.setAt)).stopped) continue;
      const lease = await takeLease({
        leases: (await rollcall.queue()).leases,
        key: `webhook-${await state.identity()}-${name}`,
        onError: warn(name),
      });
      if (!lease) continue;
      const sent = sendFor(rollcall, { inbox, lease, signal }).catch(warn(name));
      sending.set(
        name,
        sent.finally(() => sending.delete(name)),
      );
    }
  }

  const warn = (inbox: string) => (error: Error) => {
    if (!signal.aborted)
      log.warn({ inbox, reason: error.message }, 'outcomes are not sent just now; trying again');
  };
  while (!signal.aborted) {
    await look().catch(warn('-'));
    await delay(Math.max(lookEveryInMs, state.writeEveryInMs), undefined, { signal }).catch(() => {});
  }
  await Promise.all(sending.values());
}

/** Until the signal, until another has the lease, or until the webhook is another one. */
async function sendFor(
  { state, log, environment }: SendTools,
  { inbox, lease, signal }: { inbox: InboxRecord; lease: Lease; signal: AbortSignal },
): Promise<void> {
  const { name } = inbox;
  const { url = '', setAt = '' } = inbox.webhook ?? {};
  const left = new AbortController();
  let isLost = false;
  const kept = lease.keep(left.signal).then(() => {
    isLost = true;
  });
  const cut = new AbortController();
  const cutLater = () => void setTimeout(() => cut.abort(), farewellInMs).unref();
  signal.addEventListener('abort', cutLater, { once: true });
  const client = openWebhook({ url, environment, concurrency });
  const known = (await readWebhookProgress(state, name, setAt)).runs;
  const sender = createOutcomeSender({
    ...{ state, inbox: name, client, known, signal: cut.signal },
    writer: { writer: processName(), epoch: lease.epoch },
    mayTry: () => !signal.aborted && !isLost && lease.isFresh(),
  });
  // On S3 each look is a request or two.
  const everyInMs = Math.max(pollEveryInMs, 2 * state.writeEveryInMs);
  const lookAtRunsEveryInMs = Math.max(lookEveryInMs / 2, 5 * state.writeEveryInMs);
  const report = createReporter({ state, log, inbox: name, setAt, webhook: shownWebhook(url) });
  try {
    for (let lookedAt = Number.NEGATIVE_INFINITY; !signal.aborted && !isLost; ) {
      if (performance.now() - lookedAt >= lookAtRunsEveryInMs) {
        lookedAt = performance.now();
        const now = await readInbox(state, name);
        if (now?.webhook?.setAt !== setAt) return;
        const { records } = await listReadableRuns(state);
        await sender.follow(records.filter((run) => isTold(run, now)).reverse());
      }
      const end = await sender.turn();
      await report(sender.progress, end !== 'more');
      if (end === 'stopped') return;
      if (end === 'waiting') await delay(everyInMs, undefined, { signal }).catch(() => {});
    }
  } finally {
    signal.removeEventListener('abort', cutLater);
    left.abort();
    await kept;
    await sender.close().catch(() => {});
    await report(sender.progress, true).catch(() => {});
    await client.close();
    await lease.release().catch(() => {});
  }
}

const writtenEveryInMs = 1_000;

/** Writes down how far it is, and logs when the receiver stops taking messages and takes them again. */
function createReporter({
  state,
  log,
  inbox,
  setAt,
  webhook,
}: Pick<SendTools, 'state' | 'log'> & { inbox: string; setAt: string; webhook: string }) {
  let written = '';
  let writtenAt = Number.NEGATIVE_INFINITY;
  let failingSince: string | undefined;
  return async (progress: ReturnType<typeof createOutcomeSender>['progress'], isAtRest: boolean) => {
    const { failing, stopped } = progress;
    if (failing?.since !== failingSince) {
      if (failing)
        log.warn(
          { inbox, webhook, reason: failing.reason },
          'the webhook does not take outcomes; they are sent later',
        );
      else log.info({ inbox, webhook }, 'the webhook takes outcomes again');
      failingSince = failing?.since;
    }
    const text = JSON.stringify(progress);
    const pause = Math.max(writtenEveryInMs, 2 * state.writeEveryInMs);
    if (text === written || (!stopped && !isAtRest && performance.now() - writtenAt < pause)) return;
    [written, writtenAt] = [text, performance.now()];
    await writeWebhookProgress(state, inbox, { schema: 'rollcall.webhook-progress/1', setAt, ...progress });
    if (stopped)
      log.error(
        { inbox, webhook, reason: stopped.reason },
        `the webhook wants no more: nothing is sent until it is set again (rollcall inbox open ${inbox} --webhook …)`,
      );
  };
}
