import { setTimeout as delay } from 'node:timers/promises';
import type { HeldAccountLock } from '../account/account-lock.ts';
import { BudgetSpentError } from '../account/make-call.ts';
import { AccountPausedError } from '../account/rate-limiter.ts';
import type { PhotoJob, WorkResult } from '../queue/queue.ts';
import type { Outcome } from '../records/report-line.ts';
import { eitherSignal } from '../util/abort-signals.ts';
import { retryDelayInMs } from '../util/with-retry.ts';
import { assertNotForgotten, forgottenOutcome, SubjectForgottenError } from './assert-not-forgotten.ts';
import { AccountLockLostError, enrollPhoto, findDuplicate } from './enroll-photo.ts';
import { fetchPhoto } from './fetch-photo.ts';
import { finishEnrolled, finishOutcome } from './finish-outcome.ts';
import type { AttemptState, Judgement } from './judge-reply.ts';
import type { PhotoTask, WorkContext } from './photo-task.ts';
import { photoByUrl, preflightPhoto, skipByContentHash } from './ready-photo.ts';
import { type Verdict, verifyPhoto } from './verify-photo.ts';

/**
 * One photo from job to outcome: fetch, prepare, wait at the gate, call. What is wrong with a photo is an outcome, never
 * an exception; when the process drains, the photo goes back to the queue with what was tried so far.
 */
export async function workPhoto(
  { data }: PhotoJob,
  context: WorkContext,
  signal: AbortSignal,
): Promise<WorkResult> {
  const { settings, draining, engine } = context;
  const templateId = data.templateId ?? engine.templateIdFor(data.subjectId);
  let tries: AttemptState = { ...data.tries, startedAt: data.tries.startedAt ?? new Date().toISOString() };
  let photo: PhotoTask | undefined;
  const later = (delayInMs: number): WorkResult => ({
    again: { delayInMs, data: { ...data, tries: photo?.tries ?? tries } },
  });
  const leaving = eitherSignal(draining, signal);
  const share = context.memory.open(leaving.signal);
  try {
    await assertNotForgotten(context, data.subjectId, signal);
    const address = await context.addressOf(data);
    const fetched =
      engine.sendsAddressesBy?.(settings) !== undefined
        ? await photoByUrl({ data, address, s3: context.s3 })
        : await fetchPhoto({
            data,
            address,
            signal,
            rules: engine.accepts,
            settings,
            share,
            readPhoto: context.readPhoto,
            recognise: (sha256) => skipByContentHash({ data, sha256, engine: engine.name, templateId }),
          });
    const stored = tries.storedUnknown ? 'unknown' : 'no';
    const { preflight } = context;
    const isToBeLookedAt = preflight && 'bytes' in fetched && !tries.enrolled;
    const ready = isToBeLookedAt
      ? await preflightPhoto(fetched, { preflight, stored, signal: leaving.signal })
      : fetched;
    if ('problem' in ready) {
      signal.throwIfAborted();
      tries = { ...tries, reads: tries.reads + 1 };
      if (ready.retryable && tries.reads < settings.maxAttempts)
        return later(retryDelayInMs({ attempt: tries.reads, ...settings.backoff }));
      if (tries.enrolled) return { outcome: finishEnrolled(tries.enrolled, tries) };
      const error = { kind: 'photo', message: ready.problem } as const;
      return { outcome: finishOutcome({ status: 'failed', stored, error }, tries) };
    }
    if ('recognised' in ready) return { outcome: finishOutcome(ready.recognised, tries, ready.facts) };
    photo = { data, ready, templateId, context, signal, leaving: leaving.signal, tries };
    const verdict = await callForPhoto(photo);
    return verdict.kind === 'finished' ? { outcome: verdict.outcome } : later(verdict.delayInMs);
  } catch (error) {
    if (error instanceof SubjectForgottenError)
      return { outcome: outcomeOfForgotten(photo?.tries ?? tries, templateId) };
    if (error instanceof AccountPausedError || error instanceof BudgetSpentError)
      await hold(draining, signal);
    else if (!signal.aborted && !draining.aborted) throw error;
    return later(0);
  } finally {
    share.release();
    leaving.clear();
  }
}

/** Everything between a photo that is ready and its outcome, in the account's turn where that is asked for. */
async function callForPhoto(photo: PhotoTask): Promise<Verdict> {
  while (true) {
    const { enrolled } = photo.tries;
    if (enrolled) return verifyPhoto(photo, enrolled, undefined);
    const hold = await photo.context.accountLock?.acquire(photo.leaving);
    try {
      return await enrollAndVerify(photo, hold);
    } catch (error) {
      if (!(error instanceof AccountLockLostError)) throw error;
    } finally {
      hold?.release();
    }
  }
}

/** One that was enrolled and waited to be found again was deleted, or will be. */
function outcomeOfForgotten(tries: AttemptState, templateId: string): Outcome {
  const storedUnknown = tries.storedUnknown || tries.enrolled !== undefined;
  const id = tries.enrolled?.templateId ?? templateId;
  return finishOutcome(forgottenOutcome({ ...tries, storedUnknown }, id), tries);
}

async function enrollAndVerify(photo: PhotoTask, hold: HeldAccountLock | undefined): Promise<Verdict> {
  const { data, ready, context } = photo;
  const judgement = await enroll(photo, hold);
  if (judgement.kind === 'try-later') {
    const { backoff } = context.settings;
    return { kind: 'wait', delayInMs: retryDelayInMs({ attempt: judgement.failures, ...backoff }) };
  }
  const outcome = finishOutcome(judgement.outcome, photo.tries, ready.facts);
  if (!data.verify || outcome.status !== 'enrolled') return { kind: 'finished', outcome };
  photo.tries = { ...photo.tries, enrolled: outcome };
  return verifyPhoto(photo, outcome, hold);
}

async function enroll(
  photo: PhotoTask,
  hold: HeldAccountLock | undefined,
): Promise<Exclude<Judgement, { kind: 'call-again' }>> {
  const duplicate = photo.context.settings.dedupe ? await findDuplicate(photo) : undefined;
  if (duplicate) return duplicate;
  while (true) {
    const judgement = await enrollPhoto(photo, hold);
    if (judgement.kind !== 'call-again') return judgement;
  }
}

/** A conductor pauses the run within a second or two. */
const longestHoldInMs = 5_000;

/**
 * Until the run is paused; where somebody resumed the account just then nobody pauses it, and the photo is tried again:
 * else it would wait for ever.
 */
async function hold(draining: AbortSignal, signal: AbortSignal): Promise<void> {
  const either = eitherSignal(draining, signal);
  await delay(longestHoldInMs, undefined, { signal: either.signal }).catch(() => {});
  either.clear();
}
