import type { HeldAccountLock } from '../account/account-lock.ts';
import { makeCall } from '../account/make-call.ts';
import { isDoubtful } from '../account/whose-fault.ts';
import type { Engine, EngineReply, EnrollRequest } from '../engines/engine.ts';
import { thresholdOf } from '../engines/similarity.ts';
import { isSameTemplate } from '../util/template-id.ts';
import { assertNotForgotten } from './assert-not-forgotten.ts';
import type { ReadyPhoto } from './fetch-photo.ts';
import { identifyPhoto } from './identify-photo.ts';
import {
  chargedBefore,
  countReply,
  identificationFailed,
  type Judgement,
  judgeReply,
  rejectedOutcome,
  spentOutcome,
} from './judge-reply.ts';
import type { PhotoTask } from './photo-task.ts';
import { putInDoubt } from './settle-refusal.ts';

/**
 * Waits for a permit, calls, and records the reply in the account's health and the photo's tries.
 * @throws SubjectForgottenError; AccountLockLostError where the lock was lost before the call was made
 */
export async function enrollPhoto(photo: PhotoTask, lock: HeldAccountLock | undefined): Promise<Judgement> {
  const { data, ready, context, signal, leaving, templateId, span } = photo;
  const { engine, settings } = context;
  const { reply, charged } = await makeCall({
    context,
    signal,
    leaving,
    span,
    runId: data.run,
    kind: 'enroll',
    photo: `${data.run}/${data.seq}`,
    attemptsBefore: chargedBefore(photo.tries),
    refusedBefore: photo.tries.refusedBefore === true,
    call: async (callSignal, onSent) => {
      await assertNotForgotten(context, { subjectId: data.subjectId, templateId }, leaving);
      if (lock && !lock.isHeld()) throw new AccountLockLostError();
      return sendPhoto(engine, ready, {
        templateId,
        checks: { liveness: settings.checkLiveness, deepfake: settings.checkDeepfake },
        settings,
        signal: callSignal,
        onSent,
      });
    },
    onUnanswered() {
      photo.tries = { ...photo.tries, calls: photo.tries.calls + 1, storedUnknown: true };
    },
  });
  const tries = countReply(photo.tries, reply, charged);
  photo.tries = tries;
  if (isDoubtful(reply)) return putInDoubt(photo, reply, 'enroll');
  const { maxAttempts, require: required } = settings;
  return judgeReply({ reply, charged, tries, maxAttempts, required, templateIdSent: templateId });
}

/** Another process may be in between by now: who the person is has to be asked again. */
export class AccountLockLostError extends Error {}

/** One call that enrolls a photo, by its bytes or by its address. */
async function sendPhoto(
  engine: Engine,
  { bytes, format, openAddress }: ReadyPhoto,
  request: Omit<EnrollRequest, 'photo' | 'format'>,
): Promise<EngineReply> {
  if (!openAddress) return engine.enroll({ ...request, photo: bytes, format });
  if (!engine.enrollAddress) throw new Error(`the engine ${engine.name} does not accept addresses`);
  const opened = await openAddress();
  // It could be made a moment ago: credentials for the store that ran out meanwhile come again.
  if ('problem' in opened) return { kind: 'unavailable', message: opened.problem, sent: false };
  return engine.enrollAddress({ ...request, address: opened.url });
}

/**
 * Asks whether the person is there under another template; undefined: the photo may be enrolled. Its own template is no
 * duplicate: it may have been enrolled earlier, or by a call whose reply was lost.
 */
export async function findDuplicate(
  photo: PhotoTask,
): Promise<Exclude<Judgement, { kind: 'call-again' }> | undefined> {
  const { templateId, context } = photo;
  while (true) {
    const found = await identifyPhoto(photo);
    const { tries } = photo;
    switch (found.kind) {
      case 'call-again':
        continue;
      case 'try-later':
        return found;
      case 'refused':
        return putInDoubt(photo, found.reply, 'identify');
      case 'rejected':
        return { kind: 'outcome', outcome: rejectedOutcome({ ...found, stored: 'no' }, tries) };
      case 'spent': {
        const message = identificationFailed(found.reply.message);
        return { kind: 'outcome', outcome: spentOutcome({ ...found.reply, message }, tries, templateId) };
      }
      case 'identified': {
        const { match, transactionId } = found;
        const isThere = match && match.similarity >= thresholdOf(context.engine, context.settings);
        if (!isThere || isSameTemplate(match.templateId, templateId)) return undefined;
        return {
          kind: 'outcome',
          outcome: {
            status: 'duplicate',
            stored: tries.storedUnknown ? 'unknown' : 'no',
            ...(tries.storedUnknown && { templateId }),
            ...(transactionId !== undefined && { transactionId }),
            match,
          },
        };
      }
    }
  }
}
