import { setTimeout as delay } from 'node:timers/promises';
import type { HeldAccountLock } from '../account/account-lock.ts';
import type { IdentifiedReply } from '../engines/engine.ts';
import { thresholdOf } from '../engines/similarity.ts';
import type { Outcome } from '../records/report/report-line.ts';
import { isSameTemplate } from '../util/template-id.ts';
import { retryDelayInMs } from '../util/with-retry.ts';
import { finishEnrolled } from './finish-outcome.ts';
import { identifyPhoto } from './identify-photo.ts';
import { type PhotoResult, type PhotoTask, workAgain } from './photo-task.ts';
import { putInDoubt } from './settle-refusal.ts';

/**
 * Asks who an enrolled photo shows: it must come back as its own template. An index may lag behind, so it is asked again,
 * `--max-attempts` times in all, with the waits of `--backoff`, before that counts against the photo. Whoever has the
 * account's lock waits here, so that the next photo is looked for in an index that holds this one; others wait in the
 * queue.
 */
export async function verifyPhoto(
  photo: PhotoTask,
  enrolled: Outcome,
  lock: HeldAccountLock | undefined,
): Promise<PhotoResult> {
  const { ready, context } = photo;
  const { maxAttempts, backoff } = context.settings;
  const finished = (verification?: Outcome['verification']): PhotoResult => ({
    outcome: finishEnrolled(enrolled, photo.tries, verification),
  });
  if (ready.original.sha256 !== enrolled.sha256) return finished();
  while (true) {
    const found = await identifyPhoto(photo, (tries) => tries.failedIdentifications ?? 0);
    switch (found.kind) {
      case 'call-again':
        continue;
      case 'refused': {
        const { failures, isLast } = putInDoubt(photo, found.reply, 'identify');
        return workAgain(photo, retryDelayInMs({ attempt: failures, ...backoff }), isLast);
      }
      case 'spent':
        return finished();
      case 'rejected':
        return finished({ matched: false });
      case 'try-later':
        return workAgain(photo, retryDelayInMs({ attempt: found.failures, ...backoff }));
    }
    const verification = compare(
      found,
      enrolled.templateId ?? photo.templateId,
      thresholdOf(context.engine, context.settings),
    );
    const lookups = (photo.tries.lookups ?? 0) + 1;
    if (verification.matched || lookups >= maxAttempts) return finished(verification);
    photo.tries = { ...photo.tries, lookups };
    // In full, without jitter: it is time that is waited for.
    const delayInMs = retryDelayInMs({ attempt: lookups, ...backoff, random: () => 1 });
    if (!lock) return workAgain(photo, delayInMs);
    await delay(delayInMs, undefined, { signal: photo.leaving });
  }
}

function compare(
  { match }: IdentifiedReply,
  templateId: string,
  threshold: number,
): NonNullable<Outcome['verification']> {
  if (!match) return { matched: false };
  const { similarity } = match;
  const isOwn = isSameTemplate(match.templateId, templateId);
  return {
    matched: isOwn && similarity >= threshold,
    similarity,
    ...(!isOwn && { templateId: match.templateId }),
  };
}
