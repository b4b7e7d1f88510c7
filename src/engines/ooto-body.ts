import { z } from 'zod';
import { parseJson } from '../util/json-text.ts';
import { type Denial, denialIn, wordsIn } from './denial.ts';

/**
 * The parts of an OOTO body that decide, read tolerantly: what has another type than documented counts as absent.
 * Two shapes of success are documented, `result.templateId` and `result.enroll.templateId`.
 * undefined: no JSON object at all.
 */
export function readOotoBody(text: string): OotoBody | undefined {
  const body = objectOrNothing.parse(parseJson(text));
  if (body === undefined) return undefined;
  const { transactionId, result } = bodySchema.parse(body);
  const place = result?.enroll ?? result;
  const face = place?.face ?? result?.face;
  const denial = denialIn(body, text) ?? denialOfCode(result?.code) ?? denialOfIds(result);
  return {
    transactionId,
    isError: denial !== undefined,
    denial,
    get words() {
      return wordsIn(body);
    },
    code: result?.code,
    info: result?.info,
    templateId: [result?.templateId, result?.enroll?.templateId].find(isTemplateId),
    found: foundSchema.parse(body.result),
    liveness: face?.liveness ?? place?.liveness,
    deepfake: face?.deepfake ?? place?.deepfake,
    quality: face?.quality ?? place?.quality,
    box: face?.box,
    landmarks: face?.landmarks,
  };
}

export interface OotoBody {
  readonly transactionId: string | undefined;
  /** Whether anything in it speaks against a success. */
  readonly isError: boolean;
  readonly denial: Denial | undefined;
  /** Those for people, see `wordsIn`. */
  readonly words: string;
  readonly code: string | undefined;
  readonly info: string | undefined;
  readonly templateId: string | undefined;
  /** Of an identification. undefined: the body does not say what was found; null: nothing was found. */
  readonly found: { readonly templateId: string; readonly similarity: number } | null | undefined;
  readonly liveness: OotoCheck | undefined;
  readonly deepfake: OotoCheck | undefined;
  /** Unchecked, like box and landmarks: to be copied with `copyForeignRecord`. */
  readonly quality: unknown;
  readonly box: unknown;
  readonly landmarks: unknown;
}

const objectOrNothing = z.record(z.string(), z.unknown()).optional().catch(undefined);
const textOrNothing = z.string().optional().catch(undefined);

const checkSchema = z
  .object({ score: z.number().nullable().catch(null), fine: z.boolean().nullable().catch(null) })
  .optional()
  .catch(undefined);

type OotoCheck = NonNullable<z.infer<typeof checkSchema>>;

const placeShape = {
  templateId: textOrNothing,
  liveness: checkSchema,
  deepfake: checkSchema,
  quality: z.unknown().optional(),
  face: z
    .object({
      liveness: checkSchema,
      deepfake: checkSchema,
      quality: z.unknown().optional(),
      box: z.unknown().optional(),
      landmarks: z.unknown().optional(),
    })
    .optional()
    .catch(undefined),
};

const bodySchema = z.object({
  transactionId: textOrNothing,
  result: z
    .object({
      ...placeShape,
      status: textOrNothing,
      code: z
        .union([z.number(), z.string().min(1)])
        .transform(String)
        .optional()
        .catch(undefined),
      info: textOrNothing,
      enroll: z.object(placeShape).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
});

/**
 * Two shapes of a match are documented, `result.templateId` with `result.similarity`, and the same below `result.search`.
 * Assumed: neither is there when nothing matched. An id that cannot be read is neither a match nor "nothing".
 */
const foundSchema = z
  .object({ search: z.unknown(), templateId: z.unknown(), similarity: z.unknown() })
  .partial()
  .transform((result) => {
    const nested = foundPlaceSchema.safeParse(result.search).data;
    const { templateId = null, similarity } = nested?.templateId ? nested : result;
    if (templateId === null) return null;
    if ((result.templateId ?? templateId) !== templateId) return undefined;
    const isMatch = typeof templateId === 'string' && isTemplateId(templateId);
    return isMatch && Number.isFinite(similarity)
      ? { templateId, similarity: Number(similarity) }
      : undefined;
  })
  .optional()
  .catch(undefined);

const foundPlaceSchema = z.object({ templateId: z.unknown(), similarity: z.unknown() }).partial();

/** A code is documented for errors alone; a status of HTTP, or nothing, is none. */
function denialOfCode(code: string | undefined): Denial | undefined {
  const isNone = code === undefined || /^(0+|2\d\d|ok|success)$/i.test(code);
  return isNone ? undefined : { shown: `"code": ${JSON.stringify(code)}` };
}

function denialOfIds(
  result: { templateId?: string | undefined; enroll?: { templateId?: string | undefined } | undefined } = {},
): Denial | undefined {
  const [id, nested] = [result.templateId, result.enroll?.templateId];
  const areTwo = id !== undefined && nested !== undefined && id !== nested;
  return areTwo ? { shown: 'two template ids' } : undefined;
}

/** An id that could not be sent, stored or printed again is not accepted. */
function isTemplateId(id: string | undefined): id is string {
  return id !== undefined && /^[^\p{C}\p{Z}]{1,256}$/u.test(id);
}
