import { setTimeout as delay } from 'node:timers/promises';
import type { CallContext } from '../../account/make-call.ts';
import type { Engine, RejectedReply } from '../../engines/engine.ts';
import type { Settings } from '../../engines/settings.ts';
import type { PhotoJobData } from '../../records/photo-job-data.ts';
import type { Outcome } from '../../records/report/report-line.ts';
import type { ListedPhoto } from '../../sources/source.ts';
import { retryDelayInMs } from '../../util/with-retry.ts';
import { fetchPhoto, type ReadyPhoto } from '../../worker/fetch-photo.ts';
import type { Asked, IdentifiablePhoto } from '../../worker/identify-photo.ts';
import type { WorkContext } from '../../worker/photo-task.ts';
import { lookAtSourceInMs } from '../../worker/source-watch.ts';

/** What photos that belong to no run are asked about with. */
export interface AskContext extends CallContext, Pick<WorkContext, 'readPhoto' | 'memory' | 'source'> {
  readonly engine: Engine;
  readonly settings: Settings;
  /** Names these photos in the rate limiter, as a run's id does. */
  readonly name: string;
  /** Aborted when the process drains; ends what is waited for. */
  readonly draining: AbortSignal;
  /** Aborted when calls in flight have to end as well. */
  readonly signal: AbortSignal;
}

export interface AskedPhoto {
  readonly listed: Pick<ListedPhoto, 'row' | 'version' | 'sizeInBytes' | 'subjectId'>;
  readonly address: string;
  readonly seq: number;
  readonly share: ReturnType<AskContext['memory']['open']>;
  readonly context: AskContext;
}

/** Reads and prepares a photo as for an enrollment, as often as a run would. @throws a signal's reason when aborted */
export async function fetchWithRetries(
  photo: AskedPhoto,
): Promise<ReadyPhoto | { readonly problem: string }> {
  const { address, seq, share, context } = photo;
  const { engine, settings, readPhoto, source, signal, draining } = context;
  const { backoff, maxAttempts } = settings;
  for (let reads = 1; ; ) {
    const ready = await fetchPhoto({
      data: jobOf(photo),
      address,
      readPhoto,
      share,
      rules: engine.accepts,
      settings,
      signal,
      recognise: () => undefined,
    });
    if ('recognised' in ready) throw new Error('nothing is recognised here');
    if (!('problem' in ready)) {
      source.noteRead(address);
      return ready;
    }
    signal.throwIfAborted();
    if ((await source.blame(ready, { seq, signal })) !== 'photo') {
      await delay(Math.min(lookAtSourceInMs, backoff.ceilingInMs), undefined, { signal: draining });
      continue;
    }
    if (!ready.retryable || reads >= maxAttempts) return ready;
    await delay(retryDelayInMs({ attempt: reads, ...backoff }), undefined, { signal: draining });
    reads += 1;
  }
}

/** A photo that is asked about until there is an answer; `photo.tries` counts the calls. */
export const toBeAsked = (ready: ReadyPhoto, { seq, context }: AskedPhoto): IdentifiablePhoto => ({
  data: { run: context.name, seq },
  ready,
  context,
  signal: context.signal,
  leaving: context.draining,
  tries: noTries,
});

const noTries = { attempts: 0, calls: 0, reads: 0, storedUnknown: false };

/** Asked as often as is allowed, without an answer. */
export interface Unanswered {
  readonly kind: 'unanswered';
  readonly error: NonNullable<Outcome['error']>;
}

/**
 * Asks with the retries and waits of a run.
 * @throws AccountPausedError while the account is paused; a signal's reason when aborted
 */
export async function askWithRetries<Answer extends { readonly kind: string }>(
  photo: IdentifiablePhoto,
  { settings, draining }: Pick<AskContext, 'settings' | 'draining'>,
  ask: (photo: IdentifiablePhoto) => Promise<Asked<Answer>>,
): Promise<Answer | RejectedReply | Unanswered> {
  const { backoff, maxAttempts } = settings;
  const wait = (attempt: number) =>
    delay(retryDelayInMs({ attempt, ...backoff }), undefined, { signal: draining });
  while (true) {
    const asked = await ask(photo);
    if (isBetween(asked, 'call-again')) continue;
    if (isBetween(asked, 'try-later')) {
      await wait(asked.failures);
      continue;
    }
    if (isBetween(asked, 'spent')) return unanswered(asked.reply);
    if (!isBetween(asked, 'refused')) return asked;
    const { reply, charged } = asked;
    const failures = (photo.tries.failedIdentifications ?? 0) + (charged ? 1 : 0);
    photo.tries = { ...photo.tries, failedIdentifications: failures };
    if (charged && failures >= maxAttempts) return unanswered(reply);
    await wait(Math.max(1, failures));
  }
}

type Between = Exclude<Asked<never>, RejectedReply>;

const isBetween = <Kind extends Between['kind']>(
  asked: { readonly kind: string },
  kind: Kind,
): asked is Extract<Between, { kind: Kind }> => asked.kind === kind;

function unanswered({ message, httpStatus }: { readonly message: string; readonly httpStatus?: number }) {
  const status = httpStatus === undefined ? {} : { httpStatus };
  return { kind: 'unanswered', error: { kind: 'unavailable', message, ...status } } as const;
}

/** What fetching asks of a photo job. */
function jobOf({ listed, address, seq, context }: AskedPhoto): PhotoJobData {
  const { row, version, sizeInBytes } = listed;
  return {
    run: context.name,
    seq,
    subjectId: listed.subjectId ?? '',
    photo: address,
    ...(row !== undefined && { row }),
    ...(version !== undefined && { version }),
    ...(sizeInBytes !== undefined && { sizeInBytes }),
    queuedAt: '',
    tries: noTries,
  };
}
