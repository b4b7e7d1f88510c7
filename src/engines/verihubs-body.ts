import { z } from 'zod';
import { parseJson } from '../util/json-text.ts';
import { type Denial, denialIn, wordsIn } from './denial.ts';

/**
 * The parts of a Verihubs body that are read, tolerantly: what has another type than expected counts as absent.
 * Documented: `message` and `error_code`. What a success holds is assumed from clients' code; it is not documented.
 * undefined: no JSON object at all.
 */
export function readVerihubsBody(text: string): VerihubsBody | undefined {
  const object = objectOrNothing.parse(parseJson(text));
  if (object === undefined) return undefined;
  const body = bodySchema.parse(object);
  // The message is judged by whoever knows which id it may repeat, and a code stands for itself.
  const { message: _, ...rest } = object;
  const others = body.error_code === undefined ? rest : { ...rest, error_code: null };
  return {
    denial: denialIn(others, text),
    words: wordsIn(object),
    message: body.message,
    code: body.error_code,
    sessionId: body.session_id,
    subjectId: readSubjectId(object.subject_id),
    matches: object.matches,
    comparison: object,
    liveness: body.liveness,
    quality: body.image_quality,
    face: {
      box: body.bounding_box,
      landmarks: body.face_landmark,
      rotation: body.rotation,
      faces: body.nface,
      attributes: body.attributes,
    },
  };
}

export interface VerihubsBody {
  /** What speaks against a success, besides message and code. */
  readonly denial: Denial | undefined;
  /** Those for people, see `wordsIn`. */
  readonly words: string;
  readonly message: string | undefined;
  readonly code: string | undefined;
  readonly sessionId: string | undefined;
  readonly subjectId: string | undefined;
  /** Unchecked: what a search found. */
  readonly matches: unknown;
  /** Unchecked: in which a verification says how like the two are. */
  readonly comparison: Readonly<Record<string, unknown>>;
  readonly liveness: { readonly score: number | null; readonly fine: boolean | null } | undefined;
  /** Unchecked, like `face`: to be copied with `copyForeignRecord`. */
  readonly quality: unknown;
  readonly face: Readonly<Record<string, unknown>>;
}

/** What stands for a subject, of whatever type; undefined: nothing does. */
function readSubjectId(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '(no text)';
}

const objectOrNothing = z.record(z.string(), z.unknown()).optional().catch(undefined);
const textOrNothing = z.string().min(1).optional().catch(undefined);

/** Assumed: `{status, probability}`, or the verdict alone. */
const livenessSchema = z
  .union([
    z.boolean().transform((fine) => ({ score: null, fine })),
    z
      .object({ probability: z.number().nullable().catch(null), status: z.boolean().nullable().catch(null) })
      .transform(({ probability, status }) => ({ score: probability, fine: status })),
  ])
  .optional()
  .catch(undefined);

const bodySchema = z.object({
  message: textOrNothing,
  error_code: z
    .union([z.string().min(1), z.number().refine((code) => code !== 0)])
    .transform(String)
    .optional()
    .catch(undefined),
  session_id: textOrNothing,
  liveness: livenessSchema,
  image_quality: z.unknown().optional(),
  attributes: z.unknown().optional(),
  bounding_box: z.unknown().optional(),
  face_landmark: z.unknown().optional(),
  rotation: z.unknown().optional(),
  nface: z.unknown().optional(),
});
