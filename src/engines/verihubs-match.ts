import { z } from 'zod';
import type { HttpResponse } from '../util/http/http-exchange.ts';
import { saysFailure } from './denial.ts';
import type { IdentifiedReply, IdentifyReply, Match, VerifiedReply, VerifyReply } from './engine.ts';
import { isDone, type ReplyOptions } from './judgement.ts';
import type { VerihubsBody } from './verihubs-body.ts';
import { judgeVerihubsReply, otherIdOf } from './verihubs-reply.ts';

/** What was asked, as far as the reply depends on it. */
export interface VerihubsComparison {
  /** 0 to 100. */
  readonly threshold: number;
}

/**
 * Judges a reply of `POST /v1/face/search`. Documented: the best matches from the threshold on, each with its subject id and
 * similarity. Assumed, from clients' code: they stand in `matches`, which is empty where nobody was found. A body without it,
 * or with a match that cannot be read, is no answer: taken for "nobody", it would enroll a person twice.
 */
export function readVerihubsSearchReply(
  response: HttpResponse,
  { threshold }: VerihubsComparison,
  options: ReplyOptions,
): IdentifyReply {
  return judgeVerihubsReply<IdentifiedReply>(response, options, (status, body) => {
    if (!isAnswer(status, body)) return undefined;
    const matches = matchesSchema.safeParse(body.matches).data;
    // An id is reported as it is: one that holds a credential is none.
    if (!matches || matches.some(({ subject_id: id }) => options.holdsKey?.(id))) return undefined;
    const [best] = matches
      .map(({ subject_id: templateId, ...found }): Match => {
        return { templateId, similarity: similarityIn(found, threshold) ?? threshold };
      })
      .sort((a, b) => b.similarity - a.similarity);
    return {
      kind: 'identified',
      httpStatus: status,
      ...transactionOf(body, options),
      ...(best && { match: best }),
    };
  });
}

/**
 * Judges a reply of `POST /v1/face/verify`. Documented: FAIL_ON_16 to 31 where the similarity fails, and
 * INVALID_PAYLOAD_SUBJECT_ID where nobody is enrolled under the id. Assumed: the names of the similarity and of its
 * verdict; a body with neither is no answer, nor one that names somebody else than was asked about.
 */
export function readVerihubsVerifyReply(
  response: HttpResponse,
  { threshold, templateId }: VerihubsComparison & { readonly templateId: string },
  options: ReplyOptions,
): VerifyReply {
  return judgeVerihubsReply<VerifiedReply>(response, options, (status, body) => {
    const verified = (result: VerifiedReply['result'], similarity?: number): VerifiedReply => ({
      kind: 'verified',
      httpStatus: status,
      ...transactionOf(body, options),
      result,
      ...(similarity !== undefined && { similarity }),
    });
    if (otherIdOf(body, { templateId }) !== undefined) return undefined;
    if (body.code === 'INVALID_PAYLOAD_SUBJECT_ID') return verified('no-template');
    const found = similaritySchema.parse(body.comparison);
    const similarity = similarityIn(found, threshold);
    if (isDone(status) && failsOnSimilarity(body.code)) return verified('other', similarity);
    if (!isAnswer(status, body)) return undefined;
    const isSame = similarity === undefined ? found.status : similarity >= threshold;
    return isSame === undefined ? undefined : verified(isSame ? 'same' : 'other', similarity);
  });
}

/** Nothing in it speaks of a failure but that nobody was found. */
function isAnswer(status: number, body: VerihubsBody): boolean {
  if (!isDone(status) || body.code !== undefined || body.denial) return false;
  return !saysFailure((body.message ?? '').replace(nobodyFound, ' '));
}

const nobodyFound =
  /\b(no|not|zero|0|without)( \w+){0,3} (match(es|ed|ing)?|found|faces?|subjects?|similar)\b/gi;

/** A sum with 16; the others are not asked for here. */
function failsOnSimilarity(code = ''): boolean {
  const mask = Number(/^FAIL_ON_(\d\d)$/.exec(code)?.[1] ?? 0);
  return mask >= 16 && mask <= 31;
}

/**
 * In the scale from 0 to 100. A number up to 1 is a share, since no page says which of the two is sent; beside a verdict
 * that it is somebody else it is what it says: nearly nothing. Undefined: there is none that could be read.
 */
function similarityIn({ number, status }: ComparedWith, threshold: number): number | undefined {
  if (number === undefined) return undefined;
  return number <= 1 && threshold > 1 && status !== false ? number * 100 : number;
}

function transactionOf({ sessionId }: VerihubsBody, { clean }: ReplyOptions) {
  const transactionId = sessionId === undefined ? '' : clean(sessionId);
  return transactionId === '' ? {} : { transactionId };
}

interface ComparedWith {
  readonly number?: number | undefined;
  readonly status?: boolean | undefined;
}

const numberNames = ['similarity', 'similarity_score', 'score', 'confidence', 'similarity_value'];
const statusNames = ['similarity_status', 'similarity', 'is_match', 'match', 'verified'];

const similaritySchema = z.record(z.string(), z.unknown()).transform((fields): ComparedWith => {
  const values = (names: readonly string[]) => names.map((name) => fields[name]);
  const number = values(numberNames)
    .map((value) => (typeof value === 'string' && value.trim() !== '' ? Number(value) : value))
    .find((value) => typeof value === 'number' && value >= 0 && value <= 100) as number | undefined;
  const status = values(statusNames).find((value) => typeof value === 'boolean') as boolean | undefined;
  return { number, status };
});

const idSchema = z.union([z.string().regex(/^[^\p{Cc}]{1,1024}$/u), z.number().int()]).transform(String);

const matchesSchema = z
  .array(
    z
      .looseObject({ subject_id: idSchema })
      .transform(({ subject_id, ...fields }) => ({ subject_id, ...similaritySchema.parse(fields) })),
  )
  .nullable()
  .transform((matches) => matches ?? []);
