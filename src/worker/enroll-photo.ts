import type { AccountLockHold } from '../account/account-lock.ts';
import { makeCall } from '../account/make-call.ts';
import { assertNotForgotten } from './assert-not-forgotten.ts';
import { enrollFlagsOf } from './enroll-flags.ts';
import { chargedBefore, countReply, type Judgement, judgeReply } from './judge-reply.ts';
import type { PhotoTask } from './photo-task.ts';
import { sendPhoto } from './send-photo.ts';

/**
 * Waits at the gate, calls, and takes the reply into the account's health and the photo's tries.
 * @throws SubjectForgottenError, TurnLostError where the photo's turn was lost before the call was made
 */
export async function enrollPhoto(photo: PhotoTask, hold: AccountLockHold | undefined): Promise<Judgement> {
  const { data, ready, context, signal, templateId } = photo;
  const { engine, settings } = context;
  const { reply, charged } = await makeCall({
    context,
    signal,
    runId: data.run,
    photo: `${data.run}/${data.seq}`,
    attemptsBefore: chargedBefore(photo.tries),
    call: async (callSignal, onSent) => {
      await assertNotForgotten(context, data.subjectId, callSignal);
      if (hold && !hold.isHeld()) throw new AccountLockLostError();
      return sendPhoto(engine, ready, {
        templateId,
        checks: { liveness: settings.checkLiveness, deepfake: settings.checkDeepfake },
        flags: enrollFlagsOf(settings),
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
  const { maxAttempts, require: required } = settings;
  return judgeReply({ reply, charged, tries, maxAttempts, required, templateIdSent: templateId });
}

/** Another process may be in between by now: who the person is has to be asked again. */
export class AccountLockLostError extends Error {}
