import type { Match } from '../../engines/engine.ts';
import { thresholdOf } from '../../engines/similarity.ts';
import type { Outcome } from '../../records/report/report-line.ts';
import type { ListedPhoto } from '../../sources/source.ts';
import { redactAddress } from '../../util/redact-address.ts';
import { isSameTemplate } from '../../util/template-id.ts';
import type { Warning } from '../../util/warning.ts';
import type { ReadyPhoto } from '../../worker/fetch-photo.ts';
import { identifyPhoto } from '../../worker/identify-photo.ts';
import {
  type AskContext,
  type AskedPhoto,
  askWithRetries,
  fetchWithRetries,
  toBeAsked,
} from './ask-with-retries.ts';

/**
 * Who a photo shows, with retries and waits: fetched and prepared as for an enrollment. What is wrong with a photo is a
 * line with an error.
 * @throws AccountPausedError while the account is paused; a signal's reason when aborted
 */
export async function identifyOne(
  listed: ListedPhoto,
  seq: number,
  context: AskContext,
): Promise<Identification> {
  const shown = shownOf(listed, seq);
  const wrong = (error: NonNullable<Identification['error']>): Identification => ({
    ...shown,
    matched: false,
    error,
  });
  const { photo: address, problem } = listed;
  if (problem !== undefined || address === undefined)
    return wrong({ kind: 'manifest', message: problem ?? 'the row names no photo' });
  const share = context.memory.open(context.draining);
  try {
    const photo: AskedPhoto = { listed, address, seq, share, context };
    const ready = await fetchWithRetries(photo);
    if ('problem' in ready) return wrong({ kind: 'photo', message: ready.problem });
    return { ...shown, ...(await identify(listed, ready, photo)) };
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

async function identify(
  { subjectId, templateId }: ListedPhoto,
  ready: ReadyPhoto,
  asked: AskedPhoto,
): Promise<Omit<Identification, 'schema' | 'seq'>> {
  const { engine, settings } = asked.context;
  const photo = toBeAsked(ready, asked);
  const found = await askWithRetries(photo, asked.context, identifyPhoto);
  const { warnings } = ready.original;
  const cost = { calls: photo.tries.calls, ...(warnings && { warnings }) };
  if (found.kind === 'unanswered') return { matched: false, ...cost, error: found.error };
  const { transactionId } = found;
  const transaction = transactionId === undefined ? {} : { transactionId };
  if (found.kind === 'rejected') {
    const { code, message, httpStatus } = found;
    return {
      matched: false,
      ...transaction,
      ...cost,
      error: { kind: 'rejected', code, message, httpStatus },
    };
  }
  const { match: best } = found;
  const ownId = templateId ?? (subjectId === undefined ? undefined : engine.templateIdFor(subjectId));
  const isOwn = best && ownId !== undefined && isSameTemplate(best.templateId, ownId);
  return {
    matched: best !== undefined && best.similarity >= thresholdOf(engine, settings),
    ...(best && { best }),
    ...(isOwn !== undefined && { own: isOwn }),
    ...transaction,
    ...cost,
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
