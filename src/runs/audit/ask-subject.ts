import type { RejectedReply, VerifiedReply } from '../../engines/engine.ts';
import type { ReadyPhoto } from '../../worker/fetch-photo.ts';
import { compareWithTemplate, identifyPhoto } from '../../worker/identify-photo.ts';
import {
  type AskContext,
  type AskedPhoto,
  askWithRetries,
  fetchWithRetries,
  toBeAsked,
  type Unanswered,
} from '../identify/ask-with-retries.ts';
import type { Answer, PlannedSubject } from './plan.ts';

export interface AskingContext extends AskContext {
  /** A photo of somebody else, to ask whether there is a template at all; undefined: there is none to be had. */
  readonly standIn: () => Promise<ReadyPhoto | undefined>;
}

type Said = Omit<Answer, 'finishedAt'>;

/**
 * Asks the engine about one subject: by verification where it has that, else by identification.
 * @throws AccountPausedError while the account is paused; a signal's reason when aborted
 */
export async function askSubject(planned: PlannedSubject, context: AskingContext): Promise<Answer> {
  const share = context.memory.open(context.draining);
  try {
    const said =
      planned.about !== 'held' && context.engine.verify
        ? await askForTemplate(planned, { share, context })
        : await askWithOwnPhoto(planned, { share, context });
    return { ...said, finishedAt: new Date().toISOString() };
  } finally {
    share.release();
  }
}

interface Hold {
  readonly share: AskedPhoto['share'];
  readonly context: AskingContext;
}

async function askWithOwnPhoto(planned: PlannedSubject, hold: Hold): Promise<Said> {
  const asked = askedPhoto(planned, hold);
  const ready = asked && (await fetchWithRetries(asked));
  if (!asked || !ready) return { reason: 'photo-gone' };
  if ('problem' in ready) return { reason: 'photo-gone', error: { kind: 'photo', message: ready.problem } };
  const { sha256 } = planned;
  if (planned.about === 'held' && sha256 !== undefined && ready.original.sha256 !== sha256)
    return { reason: 'photo-changed' };
  const { engine } = hold.context;
  if (!engine.verify) return identify(ready, asked);
  const said = await verify(planned, ready, asked);
  if (said.verified !== 'other' || !engine.identify) return said;
  return { ...said, ...(await identify(ready, asked)) };
}

/** Any photo does: whom it shows is not asked, and that of somebody who must not be found need not be sent once more. */
async function askForTemplate(planned: PlannedSubject, hold: Hold): Promise<Said> {
  const ready = await hold.context.standIn();
  if (!ready) return askWithOwnPhoto(planned, hold);
  return verify(planned, ready, { ...hold, listed: planned, address: '', seq: planned.seq });
}

const askedPhoto = (planned: PlannedSubject, hold: Hold): AskedPhoto | undefined =>
  planned.photo === undefined
    ? undefined
    : { ...hold, listed: planned, address: planned.photo, seq: planned.seq };

async function verify({ templateId }: PlannedSubject, ready: ReadyPhoto, asked: AskedPhoto): Promise<Said> {
  const photo = toBeAsked(ready, asked);
  const found = await askWithRetries<VerifiedReply>(photo, asked.context, (one) =>
    compareWithTemplate(one, templateId),
  );
  const verifications = photo.tries.calls;
  if (found.kind !== 'verified') return { ...noAnswer(found), verifications };
  const { result: verified, similarity, transactionId } = found;
  return {
    verified,
    ...(similarity !== undefined && { similarity }),
    ...(transactionId !== undefined && { transactionId }),
    verifications,
  };
}

async function identify(ready: ReadyPhoto, asked: AskedPhoto): Promise<Said> {
  const photo = toBeAsked(ready, asked);
  const found = await askWithRetries(photo, asked.context, identifyPhoto);
  const identifications = photo.tries.calls;
  if (found.kind !== 'identified') return { ...noAnswer(found), identifications };
  const { match: best = null, transactionId } = found;
  return { best, ...(transactionId !== undefined && { transactionId }), identifications };
}

function noAnswer(found: Unanswered | RejectedReply): Said {
  if (found.kind === 'unanswered') return { reason: 'no-answer', error: found.error };
  const { code, message, httpStatus, transactionId } = found;
  return {
    reason: 'refused',
    error: { kind: 'rejected', code, message, httpStatus },
    ...(transactionId !== undefined && { transactionId }),
  };
}
