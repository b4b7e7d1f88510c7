import { setTimeout as delay } from 'node:timers/promises';
import { type CallContext, makeCall } from '../../account/make-call.ts';
import type { Engine, EngineReply } from '../../engines/engine.ts';
import type { LedgerEvent } from '../../ledger/ledger-event.ts';
import type { ByteBudget } from '../../photos/byte-budget.ts';
import type { PreparationSettings } from '../../photos/photo.ts';
import type { ReadPhoto } from '../../photos/read-within-budget.ts';
import type { RunSettings } from '../../records/run-record.ts';
import { isSameTemplate } from '../../util/template-id.ts';
import { retryDelayInMs } from '../../util/with-retry.ts';
import { fetchPhoto, type ReadyPhoto } from '../../worker/fetch-photo.ts';

/** What came of enrolling an earlier photo again. */
export type RestoreEnd =
  | { readonly kind: 'restored'; readonly transactionId?: string | undefined }
  | {
      readonly kind: 'impossible';
      readonly reason: 'photo-gone' | 'photo-changed' | 'call-failed';
      readonly message: string;
    };

export interface RestoreContext extends CallContext {
  readonly engine: Engine;
  readonly readPhoto: ReadPhoto;
  readonly memory: ByteBudget;
  readonly settings: PreparationSettings & Pick<RunSettings, 'maxAttempts' | 'backoff'>;
  readonly runId: string;
  /** Rejects where nothing may be stored for the subject any more. */
  readonly assertAllowed: (subject: { subjectId: string; templateId: string }) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Enrolls a photo again under its template, if the archive still has the bytes that were enrolled then. The template is
 * replaced, never deleted before. Without the engine's checks: they were passed then.
 * @throws AccountPausedError while the account is paused; the signal's reason when aborted
 */
export async function restorePhoto(
  { earlier, templateId, name }: { earlier: LedgerEvent; templateId: string; name: string },
  context: RestoreContext,
): Promise<RestoreEnd> {
  const share = context.memory.open(context.signal);
  try {
    const ready = await readEarlier(earlier, context, share);
    if ('kind' in ready) return ready;
    return await enrollAgain({ earlier, templateId, name, ready }, context);
  } finally {
    share.release();
  }
}

/** Whether the archive still has it; undefined: it has. */
export async function findEarlier(
  earlier: LedgerEvent,
  context: Pick<RestoreContext, 'engine' | 'readPhoto' | 'memory' | 'settings' | 'runId' | 'signal'>,
): Promise<Extract<RestoreEnd, { kind: 'impossible' }> | undefined> {
  const share = context.memory.open(context.signal);
  try {
    const ready = await readEarlier(earlier, context, share);
    return 'kind' in ready ? ready : undefined;
  } finally {
    share.release();
  }
}

async function readEarlier(
  { photo, sha256, subjectId, version }: LedgerEvent,
  { engine, readPhoto, settings, runId, signal }: Parameters<typeof findEarlier>[1],
  share: ReturnType<ByteBudget['open']>,
): Promise<ReadyPhoto | Extract<RestoreEnd, { kind: 'impossible' }>> {
  const impossible = (reason: 'photo-gone' | 'photo-changed', message: string) =>
    ({ kind: 'impossible', reason, message }) as const;
  for (let reads = 1; ; reads += 1) {
    const ready = await fetchPhoto({
      data: {
        ...{ run: runId, seq: 1, subjectId, photo, queuedAt: '' },
        ...(version !== undefined && { version }),
        tries: { attempts: 0, calls: 0, reads: 0, storedUnknown: false },
      },
      address: photo,
      readPhoto,
      rules: engine.accepts,
      settings,
      share,
      signal,
      // Other bytes need no look at what they show.
      recognise: (found) => (found === sha256 ? undefined : { status: 'failed' }),
    });
    if ('recognised' in ready) return impossible('photo-changed', 'the archive has other bytes there now');
    if (!('problem' in ready)) return ready;
    signal.throwIfAborted();
    if (!ready.retryable || reads >= settings.maxAttempts) return impossible('photo-gone', ready.problem);
    await delay(retryDelayInMs({ attempt: reads, ...settings.backoff }), undefined, { signal });
  }
}

async function enrollAgain(
  photo: { earlier: LedgerEvent; templateId: string; name: string; ready: ReadyPhoto },
  context: RestoreContext,
): Promise<RestoreEnd> {
  const { earlier, templateId, name, ready } = photo;
  const { engine, settings, runId, signal, assertAllowed } = context;
  const failed = (message: string) => ({ kind: 'impossible', reason: 'call-failed', message }) as const;
  for (let attempts = 0; ; ) {
    const { reply, charged } = await makeCall<EngineReply>({
      kind: 'enroll',
      context,
      runId,
      photo: name,
      attemptsBefore: attempts,
      async call(callSignal, onSent) {
        await assertAllowed({ subjectId: earlier.subjectId, templateId });
        return engine.enroll({
          ...{ photo: ready.bytes, format: ready.format, templateId, settings },
          ...{ checks: { liveness: false, deepfake: false }, signal: callSignal, onSent },
        });
      },
      onUnanswered: () => undefined,
      signal,
      leaving: signal,
    });
    if (charged) attempts += 1;
    switch (reply.kind) {
      case 'enrolled': {
        const returned = reply.namedInstead ?? reply.templateId;
        if (isSameTemplate(returned, templateId))
          return { kind: 'restored', transactionId: reply.transactionId };
        return failed('the engine answered with another template id');
      }
      case 'rejected':
        return failed(`${reply.message} (${reply.code})`);
      case 'throttled':
        continue;
      case 'refused':
        if (reply.certain) continue;
    }
    if (charged && attempts >= settings.maxAttempts) return failed(reply.message);
    await delay(retryDelayInMs({ attempt: Math.max(1, attempts), ...settings.backoff }), undefined, {
      signal,
    });
  }
}
