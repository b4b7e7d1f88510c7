import { setTimeout as delay } from 'node:timers/promises';
import type { CallContext } from '../../account/make-call.ts';
import type { Engine, Match } from '../../engines/engine.ts';
import type { Settings } from '../../engines/settings.ts';
import { thresholdOf } from '../../engines/similarity.ts';
import type { PhotoJobData } from '../../records/photo-job-data.ts';
import type { Outcome } from '../../records/report-line.ts';
import type { ListedPhoto } from '../../sources/source.ts';
import { redactAddress } from '../../util/redact-address.ts';
import { isSameTemplate } from '../../util/template-id.ts';
import type { Warning } from '../../util/warning.ts';
import { retryDelayInMs } from '../../util/with-retry.ts';
import { fetchPhoto, type ReadyPhoto } from '../../worker/fetch-photo.ts';
import { type IdentifiablePhoto, identifyPhoto } from '../../worker/identify-photo.ts';
import type { WorkContext } from '../../worker/photo-task.ts';
import { lookAtSourceInMs } from '../../worker/source-watch.ts';

export interface IdentifyContext extends CallContext, Pick<WorkContext, 'readPhoto' | 'memory' | 'source'> {
  readonly engine: Engine;
  readonly settings: Settings;
  /** Names these photos in the rate limiter, as a run's id does. */
  readonly name: string;
  /** Aborted when the process drains; ends what is waited for. */
  readonly draining: AbortSignal;
  /** Aborted when calls in flight have to end as well. */
  readonly signal: AbortSignal;
}

/**
 * Who a photo shows, with retries and waits: fetched and prepared as for an enrollment. What is wrong with a photo is a
 * line with an error.
 * @throws AccountPausedError while the account is paused; a signal's reason when aborted
 */
export async function identifyOne(
  listed: ListedPhoto,
  seq: number,
  context: IdentifyContext,
): Promise<Identification> {
  const shown = shownOf(listed, seq);
  const wrong = (error: Identification['error'], more: Partial<Identification> = {}): Identification => ({
    ...shown,
    matched: false,
    ...more,
    ...(error && { error }),
  });
  const { photo: address, problem } = listed;
  if (problem !== undefined || address === undefined)
    return wrong({ kind: 'manifest', message: problem ?? 'the row names no photo' });
  const share = context.memory.open(context.draining);
  try {
    const ready = await fetchWithRetries({ listed, address, seq, share, context });
    if ('problem' in ready) return wrong({ kind: 'photo', message: ready.problem });
    return { ...shown, ...(await askWithRetries(listed, seq, ready, context)) };
  } finally {
    share.release();
  }
}

function shownOf({ row, subjectId, photo }: ListedPhoto, seq: number) {
  return {
    schema: identificationSchemaName,
    seq,
    ...(row !== undefined && { row }),
    ...(subjectId !== undefined && { subjectId }),
    ...(photo !== undefined && { photo: redactAddress(photo).address }),
  } as const;
}

async function fetchWithRetries(options: {
  listed: ListedPhoto;
  address: string;
  seq: number;
  share: ReturnType<IdentifyContext['memory']['open']>;
  context: IdentifyContext;
}): Promise<ReadyPhoto | { readonly problem: string }> {
  const { listed, address, seq, share, context } = options;
  const { engine, settings, readPhoto, source, signal, draining } = context;
  const { backoff, maxAttempts } = settings;
  for (let reads = 1; ; ) {
    const ready = await fetchPhoto({
      data: jobOf(listed, address, seq, context.name),
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

async function askWithRetries(
  { subjectId, templateId }: ListedPhoto,
  seq: number,
  ready: ReadyPhoto,
  context: IdentifyContext,
): Promise<Omit<Identification, 'schema' | 'seq'>> {
  const { engine, settings, signal, draining, name } = context;
  const tries = { attempts: 0, calls: 0, reads: 0, storedUnknown: false };
  const photo: IdentifiablePhoto = {
    data: { run: name, seq },
    ready,
    context,
    signal,
    leaving: draining,
    tries,
  };
  const { warnings } = ready.original;
  while (true) {
    const found = await identifyPhoto(photo);
    const asked = { calls: photo.tries.calls, ...(warnings && { warnings }) };
    switch (found.kind) {
      case 'call-again':
        continue;
      case 'try-later':
        await delay(retryDelayInMs({ attempt: found.failures, ...settings.backoff }), undefined, {
          signal: draining,
        });
        continue;
      case 'refused': {
        const { reply, charged } = found;
        const failures = (photo.tries.failedIdentifications ?? 0) + (charged ? 1 : 0);
        photo.tries = { ...photo.tries, failedIdentifications: failures };
        if (charged && failures >= settings.maxAttempts)
          return { matched: false, ...asked, ...unanswered(reply) };
        await delay(retryDelayInMs({ attempt: Math.max(1, failures), ...settings.backoff }), undefined, {
          signal: draining,
        });
        continue;
      }
      case 'spent':
        return { matched: false, ...asked, ...unanswered(found.reply) };
      case 'rejected': {
        const { code, message, httpStatus, transactionId } = found;
        const transaction = transactionId === undefined ? {} : { transactionId };
        return {
          matched: false,
          ...transaction,
          ...asked,
          error: { kind: 'rejected', code, message, httpStatus },
        };
      }
      case 'identified': {
        const { match: best, transactionId } = found;
        const ownId = templateId ?? (subjectId === undefined ? undefined : engine.templateIdFor(subjectId));
        const isOwn = best && ownId !== undefined && isSameTemplate(best.templateId, ownId);
        return {
          matched: best !== undefined && best.similarity >= thresholdOf(engine, settings),
          ...(best && { best }),
          ...(isOwn !== undefined && { own: isOwn }),
          ...(transactionId !== undefined && { transactionId }),
          ...asked,
        };
      }
    }
  }
}

function unanswered({ message, httpStatus }: { readonly message: string; readonly httpStatus?: number }) {
  const status = httpStatus === undefined ? {} : { httpStatus };
  return { error: { kind: 'unavailable', message, ...status } as const };
}

/** What fetching asks of a photo job. */
function jobOf(listed: ListedPhoto, address: string, seq: number, run: string): PhotoJobData {
  const { row, version, sizeInBytes } = listed;
  return {
    run,
    seq,
    subjectId: listed.subjectId ?? '',
    photo: address,
    ...(row !== undefined && { row }),
    ...(version !== undefined && { version }),
    ...(sizeInBytes !== undefined && { sizeInBytes }),
    queuedAt: '',
    tries: { attempts: 0, calls: 0, reads: 0, storedUnknown: false },
  };
}

const identificationSchemaName = 'rollcall.identification/1';

/** One line of `rollcall identify`: who a photo shows. The fields stand in this order; what does not apply is absent. */
export interface Identification {
  readonly schema: typeof identificationSchemaName;
  /** Place in the source, from 1. */
  readonly seq: number;
  readonly row?: number;
  readonly subjectId?: string;
  /** Without signature or password. */
  readonly photo?: string;
  /** Whether the best match reaches the threshold. */
  readonly matched: boolean;
  /** The most similar template, also below the threshold; absent: the engine names none, or could not look. */
  readonly best?: Match;
  /** Whether that is the template which the photo's own subject has here. */
  readonly own?: boolean;
  readonly transactionId?: string;
  /** Calls of the identify endpoint; absent: none was made. */
  readonly calls?: number;
  /** Why nobody could be looked for. */
  readonly error?: NonNullable<Outcome['error']>;
  readonly warnings?: readonly Warning[];
}
