import { hash } from 'node:crypto';
import { z } from 'zod';
import { parseAs } from '../util/json-text.ts';
import { subjectKey } from '../util/subject-id.ts';

const mark = z.string().regex(/^[\da-f]{64}$/);

const entryFields = {
  kind: z.enum(['forget', 'allow']),
  /** See `ForgetKey`; of the former schema, `formerSubjectMark`. */
  subject: mark,
  at: z.iso.datetime(),
};

/** A line of the forget list. What holds of a subject is its newest entry; of two of one time, `forget`. */
const forgetEntrySchema = z.union([
  z.looseObject({ schema: z.literal('rollcall.forgotten/2'), key: z.string(), ...entryFields }),
  z.looseObject({ schema: z.literal('rollcall.forgotten/1'), key: z.undefined().optional(), ...entryFields }),
]);
export type ForgetEntry = z.infer<typeof forgetEntrySchema>;

const erasureFields = {
  at: z.iso.datetime(),
  subject: mark,
  engine: z.string(),
};
const templateFields = {
  /**
   * Whether the engine still had it. False too where an earlier try had deleted it; null where a call of this one
   * was left without an answer before the engine said that there is none.
   */
  existed: z.boolean().nullable(),
  /** The engine's own name for the call. */
  transaction: z.string().optional(),
  at: z.iso.datetime(),
};

/** A line of the erasure log: a subject whose templates are gone, all that were known of. */
const erasureSchema = z.union([
  z.looseObject({
    schema: z.literal('rollcall.erasure/2'),
    key: z.string(),
    /** The account that was called, however its address is spelled. */
    account: z.string(),
    ...erasureFields,
    templates: z.array(z.looseObject({ template: mark, ...templateFields })),
  }),
  z.looseObject({
    schema: z.literal('rollcall.erasure/1'),
    key: z.undefined().optional(),
    ...erasureFields,
    templates: z.array(z.looseObject({ template: z.undefined().optional(), ...templateFields })),
  }),
]);
export type Erasure = z.infer<typeof erasureSchema>;

/** Undefined where the line is no entry that this version can read. */
export const parseForgetEntry = (text: string): ForgetEntry | undefined => parseAs(forgetEntrySchema, text);

export const parseErasure = (text: string): Erasure | undefined => parseAs(erasureSchema, text);

/**
 * What stood for a subject in the lists of the former version: SHA-256 (64 hex digits) of the account's id and the
 * subject's. It is no secret: whoever can guess an id can find out whether it was forgotten.
 */
export const formerSubjectMark = (account: string, subjectId: string): string =>
  hash('sha256', `rollcall.forgotten\n${account}\n${subjectKey(subjectId)}`, 'hex');
