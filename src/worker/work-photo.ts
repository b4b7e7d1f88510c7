import { setTimeout as delay } from 'node:timers/promises';
import type { HeldAccountLock } from '../account/account-lock.ts';
import { BudgetSpentError } from '../account/make-call.ts';
import { AccountPausedError } from '../account/rate-limiter.ts';
import { AccountHeldError } from '../account/undo-hold.ts';
import type { Refusal } from '../ledger/forgotten-watch.ts';
import type { PhotoJob } from '../queue/queue.ts';
import type { Outcome } from '../records/report/report-line.ts';
import { eitherSignal } from '../util/abort-signals.ts';
import type { Span } from '../util/span.ts';
import { retryDelayInMs } from '../util/with-retry.ts';
import { askForTemplate } from './ask-for-template.ts';
import { assertNotForgotten, forgottenOutcome, SubjectForgottenError } from './assert-not-forgotten.ts';
import { AccountLockLostError, enrollPhoto, findDuplicate } from './enroll-photo.ts';
import { finishEnrolled, finishOutcome } from './finish-outcome.ts';
import type { AttemptState, Judgement } from './judge-reply.ts';
import { type PhotoResult, type PhotoTask, type WorkContext, workAgain } from './photo-task.ts';
import { readyPhoto } from './ready-photo.ts';
import { settleRefusal } from './settle-refusal.ts';
import { lookAtSourceInMs } from './source-watch.ts';
import { verifyPhoto } from './verify-photo.ts';

/**
 * The worker: one photo from its job to its outcome. Its way begins here: it is read and prepared, waits for the account's
 * permit (in the account's lock where that is asked for), is called, and the reply is judged. What is wrong with a photo
 * is an outcome, never an exception; when the process drains, the photo goes back to the queue with what was tried so far.
 */
export async function workPhoto(
  { data }: PhotoJob,
  context: WorkContext,
  signal: AbortSignal,
  span?: Span,
): Promise<PhotoResult> {
  const { settings, draining, engine } = context;
  const templateId = data.templateId ?? engine.templateIdFor(data.subjectId);
  let tries: AttemptState = { ...data.tries, startedAt: data.tries.startedAt ?? new Date().toISOString() };
  let photo: PhotoTask | undefined;
  const later = (delayInMs: number) => workAgain({ data, tries: photo?.tries ?? tries }, delayInMs);
  const leaving = eitherSignal(draining, signal);
  const share = context.memory.open(leaving.signal);
  try {
    await assertNotForgotten(context, { subjectId: data.subjectId, templateId }, leaving.signal);
    const task = { data, templateId, context, signal, leaving: leaving.signal, tries, span };
    const ready = await readyPhoto({ ...task, share });
    if ('problem' in ready) {
      signal.throwIfAborted();
      if ((await context.source.blame(ready, { seq: data.seq, signal })) !== 'photo') {
        const delayInMs = Math.min(lookAtSourceInMs, settings.backoff.ceilingInMs);
        // Each start tries other photos before those that may be at fault themselves.
        return workAgain({ data, tries }, delayInMs, ready.fault === 'open');
      }
      tries = { ...tries, reads: tries.reads + 1 };
      if (ready.retryable && tries.reads < settings.maxAttempts)
        return later(retryDelayInMs({ attempt: tries.reads, ...settings.backoff }));
      if (tries.enrolled) return { outcome: finishEnrolled(tries.enrolled, tries) };
      const stored = tries.storedUnknown ? 'unknown' : 'no';
      const error = { kind: 'photo', message: ready.problem } as const;
      return { outcome: finishOutcome({ status: 'failed', stored, error }, tries) };
    }
    if ('recognised' in ready) return { outcome: finishOutcome(ready.recognised, tries, ready.original) };
    photo = { ...task, ready };
    return await callForPhoto(photo);
  } catch (error) {
    if (error instanceof SubjectForgottenError)
      return { outcome: outcomeOfForgotten(photo?.tries ?? tries, { templateId, refusal: error.refusal }) };
    if (error instanceof AccountHeldError) return later(whileHeldInMs);
    if (error instanceof AccountPausedError || error instanceof BudgetSpentError)
      await waitForPause(leaving.signal);
    else if (!signal.aborted && !draining.aborted) throw error;
    return later(0);
  } finally {
    share.release();
    leaving.clear();
  }
}

/** Everything between a photo that is ready and its outcome, with the account's lock where that is asked for. */
async function callForPhoto(photo: PhotoTask): Promise<PhotoResult> {
  while (true) {
    const settled = await settleRefusal(photo);
    if (settled) return settled;
    const { enrolled } = photo.tries;
    if (enrolled) return verifyPhoto(photo, enrolled, undefined);
    const lock = await photo.context.accountLock?.acquire(photo.leaving);
    try {
      return await enrollAndVerify(photo, lock);
    } catch (error) {
      if (!(error instanceof AccountLockLostError)) throw error;
    } finally {
      lock?.release();
    }
  }
}

/** One that was enrolled and waited to be found again was deleted, or will be. */
function outcomeOfForgotten(
  tries: AttemptState,
  { templateId, refusal }: { templateId: string; refusal: Refusal },
): Outcome {
  const storedUnknown = tries.storedUnknown || tries.enrolled !== undefined;
  const named = { templateId: tries.enrolled?.templateId ?? templateId, refusal };
  return finishOutcome(forgottenOutcome({ ...tries, storedUnknown }, named), tries);
}

async function enrollAndVerify(photo: PhotoTask, lock: HeldAccountLock | undefined): Promise<PhotoResult> {
  const { data, ready, context } = photo;
  const judgement = await enroll(photo, lock);
  if (judgement.kind === 'try-later') {
    const { backoff } = context.settings;
    const { failures, isLast } = judgement;
    return workAgain(photo, retryDelayInMs({ attempt: failures, ...backoff }), isLast);
  }
  const outcome = finishOutcome(judgement.outcome, photo.tries, ready.original);
  if (!data.verify || outcome.status !== 'enrolled') return { outcome };
  photo.tries = { ...photo.tries, enrolled: outcome };
  return verifyPhoto(photo, outcome, lock);
}

async function enroll(
  photo: PhotoTask,
  lock: HeldAccountLock | undefined,
): Promise<Exclude<Judgement, { kind: 'call-again' }>> {
  const isAsked = photo.context.settings.dedupe && !photo.data.decided?.enrollAnyway;
  const duplicate = isAsked ? await findDuplicate(photo) : undefined;
  if (duplicate) return duplicate;
  const unasked = photo.context.settings.undoable ? await askForTemplate(photo) : undefined;
  if (unasked) return unasked;
  while (true) {
    const judgement = await enrollPhoto(photo, lock);
    if (judgement.kind !== 'call-again') return judgement;
  }
}

/** Until it is looked again whether a run of the account is still being undone. */
const whileHeldInMs = 1_000;

/** A conductor pauses the run within a second or two. */
const longestPauseInMs = 5_000;

/**
 * Until the run is paused; where somebody resumed the account just then nobody pauses it, and the photo is tried again:
 * else it would wait for ever.
 */
const waitForPause = (signal: AbortSignal) =>
  delay(longestPauseInMs, undefined, { signal }).catch(() => undefined);
