import { hash } from 'node:crypto';
import { z } from 'zod';
import { subjectKey } from '../util/subject-id.ts';

export const forgetSchemaName = 'rollcall.forgotten/1';
export const erasureSchemaName = 'rollcall.erasure/1';

const mark = z.string().regex(/^[0-9a-f]{64}$/);

/** A line of the forget list. What holds of a subject is its newest entry; of two of one time, `forget`. */
const forgetEntrySchema = z.looseObject({
  schema: z.literal(forgetSchemaName),
  kind: z.enum(['forget', 'allow']),
  /** See `subjectMark`. */
  subject: mark,
  at: z.iso.datetime(),
});
export type ForgetEntry = z.infer<typeof forgetEntrySchema>;

/** A line of the erasure log: a subject whose templates are gone, all that were known of. */
const erasureSchema = z.looseObject({
  schema: z.literal(erasureSchemaName),
  at: z.iso.datetime(),
  subject: mark,
  engine: z.string(),
  templates: z.array(
    z.looseObject({
      /**
       * Whether the engine still had it. False too where an earlier try had deleted it; null where a call of this one
       * was left without an answer before the engine said that there is none.
       */
      existed: z.boolean().nullable(),
      /** The engine's own name for the call. */
      transaction: z.string().optional(),
      at: z.iso.datetime(),
    }),
  ),
});
export type Erasure = z.infer<typeof erasureSchema>;

/** Undefined where the line is no entry that this version can read. */
export const parseForgetEntry = (text: string): ForgetEntry | undefined => parse(forgetEntrySchema, text);

export const parseErasure = (text: string): Erasure | undefined => parse(erasureSchema, text);

function parse<Value>(schema: z.ZodType<Value>, text: string): Value | undefined {
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Stands for a subject in the forget list and the erasure log: SHA-256 (64 hex digits) of the account and the id in
 * Unicode's NFC. Another account's mark of the same subject is another one. It is no secret: whoever can guess an id can
 * find out whether it was forgotten.
 */
export const subjectMark = (account: string, subjectId: string): string =>
  hash('sha256', `rollcall.forgotten\n${account}\n${subjectKey(subjectId)}`, 'hex');
