import { askAccount } from '../account/make-call.ts';
import { type DoubtfulReply, mayBeThePhotos } from '../account/whose-fault.ts';
import type { AccountCheck } from '../engines/engine.ts';
import type { PendingRefusal } from '../records/photo-job-data.ts';
import { retryDelayInMs } from '../util/with-retry.ts';
import { finishEnrolled, finishOutcome } from './finish-outcome.ts';
import {
  chargedBefore,
  identificationFailed,
  type Judgement,
  noteRefusal,
  spentOutcome,
} from './judge-reply.ts';
import { type PhotoResult, type PhotoTask, workAgain } from './photo-task.ts';

/** Whose fault a refusal was is known later; a photo that was refused before any got through waits behind all others. */
export function putInDoubt(
  photo: PhotoTask,
  reply: DoubtfulReply,
  call: PendingRefusal['call'],
): Judgement & { kind: 'try-later' } {
  const { limiter } = photo.context;
  photo.tries = noteRefusal(photo.tries, reply, { ...limiter.witness(), call });
  const failures = Math.max(1, chargedBefore(photo.tries));
  // A verdict needs no further call: behind the others it waits for one of them to get through.
  const isLast = !limiter.hasPassed() || reply.kind === 'rejected';
  return { kind: 'try-later', failures, isLast };
}

/**
 * Before a photo that was refused is called again: is it known by now whose fault it was? Others that got through since
 * show that it was the photo's. Where none did, and it is this photo's turn all the same, there is nobody else to
 * try: the account is asked. The first refusal is not charged, since it may have been of a moment.
 * @returns what becomes of the photo; undefined: it is called again
 * @throws AccountPausedError where the account was asked and is refused
 */
export async function settleRefusal(photo: PhotoTask): Promise<PhotoResult | undefined> {
  const { refusal } = photo.tries;
  const { limiter, settings } = photo.context;
  const later = () =>
    workAgain(photo, retryDelayInMs({ attempt: 1, ...settings.backoff }), !limiter.hasPassed());
  // What another process saw may be due to its credentials.
  const isOurs = refusal?.by === limiter.witness().by && isToBeJudged(refusal);
  const isKnown = isOurs ? limiter.isRightSince(refusal.at) : !limiter.isToBeAsked();
  if (!isKnown && !(await isAccountRight(photo))) return later();
  if (!isOurs) return dropRefusal(photo);
  const { verdict } = refusal;
  if (!verdict) return charge(photo, refusal);
  const tries = { ...photo.tries, attempts: photo.tries.attempts + 1 };
  return { outcome: finishOutcome(verdict, tries, photo.ready.original) };
}

const isToBeJudged = (refusal: PendingRefusal) =>
  refusal.verdict !== undefined || (refusal.isRepeated && mayBeThePhotos(refusal));

function dropRefusal(photo: PhotoTask): undefined {
  const { refusal: _judged, ...tries } = photo.tries;
  photo.tries = tries;
}

/** False as well where the engine does not answer. */
async function isAccountRight(photo: PhotoTask): Promise<boolean> {
  const { context, data, leaving, span } = photo;
  const { limiter, engine } = context;
  const message = photo.tries.refusal?.message ?? 'it lets no photo through';
  // Of an engine that cannot be asked nothing is known but what got through.
  const ask =
    engine.checkAccount?.bind(engine) ??
    (async (): Promise<AccountCheck> => (limiter.hasPassed() ? { ok: true } : { ok: false, message }));
  const check = await askAccount({ context, runId: data.run, ask, signal: leaving, span });
  photo.tries = { ...photo.tries, calls: photo.tries.calls + 1 };
  return check.ok;
}

/** The refusal was the photo's: undefined as long as it has attempts left. */
function charge(photo: PhotoTask, refusal: PendingRefusal): PhotoResult | undefined {
  const { context, ready, templateId } = photo;
  dropRefusal(photo);
  const { attempts, failedIdentifications = 0, enrolled } = photo.tries;
  photo.tries =
    refusal.call === 'enroll'
      ? { ...photo.tries, attempts: attempts + 1 }
      : { ...photo.tries, failedIdentifications: failedIdentifications + 1 };
  const { tries } = photo;
  const spent = enrolled ? (tries.failedIdentifications ?? 0) : chargedBefore(tries);
  if (spent < context.settings.maxAttempts) return undefined;
  if (enrolled) return { outcome: finishEnrolled(enrolled, tries) };
  const message = refusal.call === 'enroll' ? refusal.message : identificationFailed(refusal.message);
  const outcome = spentOutcome({ ...refusal, message }, tries, templateId);
  return { outcome: finishOutcome(outcome, tries, ready.original) };
}
