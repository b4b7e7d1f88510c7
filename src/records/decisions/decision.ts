import { z } from 'zod';
import { parseAs } from '../../util/json-text.ts';

/** What is to become of a dead letter. Those that send a photo, then the others. */
export const enrollingActions = ['retry', 'retry-file', 'edit', 'enroll-anyway'] as const;
export const decisionActions = [...enrollingActions, 'leave-out', 'hand-on', 'undecided'] as const;
export type DecisionAction = (typeof decisionActions)[number];

export const isEnrolling = (action: DecisionAction): boolean =>
  (enrollingActions as readonly string[]).includes(action);

const share = z.number().min(0).max(1);
/** A sum of two decimal shares may miss 1 by this much. */
const roundingError = 1e-6;
const cropSchema = z
  .object({ left: share, top: share, width: share.positive(), height: share.positive() })
  .refine(
    ({ left, top, width, height }) => left + width <= 1 + roundingError && top + height <= 1 + roundingError,
    'leaves the picture',
  );

/**
 * How a picture is changed by hand: turned upright as its EXIF says, then clockwise by `rotate` degrees, then cropped to
 * `crop`, in shares of the picture as it is after that, from its top left corner.
 */
export const editSchema = z.object({
  rotate: z.union([z.literal(0), z.literal(90), z.literal(180), z.literal(270)]),
  crop: cropSchema.optional(),
});
export type PhotoEdit = z.infer<typeof editSchema>;

/** Of a file below `uploads/`; nothing that leads anywhere else. */
export const uploadNameSchema = z.string().regex(/^[\w-]{1,64}$/);

/** What was decided of a photo that is sent, in the manifest of the run that sends it. */
export const decidedSchema = z.object({
  /** A file of the run's own `uploads/` that is sent in place of the photo. */
  upload: uploadNameSchema.optional(),
  /** Of the photo or of that file. */
  edit: editSchema.optional(),
  /** It is enrolled even if the person is there under another template. */
  enrollAnyway: z.literal(true).optional(),
});
export type Decided = z.infer<typeof decidedSchema>;

/** A line of `decisions/<writer>-<n>.jsonl`. */
export const decisionSchema = z.object({
  schema: z.literal('rollcall.decision/1'),
  /** Of the run's report line. */
  seq: z.number().int().positive(),
  /** `undecided` takes an earlier decision back. */
  action: z.enum(decisionActions),
  /** Free text. */
  reason: z.string().min(1).max(1_000).optional(),
  /** Of `retry-file`: the file that is sent instead. */
  upload: uploadNameSchema.optional(),
  /** Of `edit`. */
  edit: editSchema.optional(),
  /** Who decided it. */
  by: z.string().min(1).max(100),
  /** ISO time. */
  at: z.iso.datetime(),
});
export type Decision = z.infer<typeof decisionSchema>;

/** Why a decision cannot be one, whatever photo it is about; undefined: it can. */
export function flawOf({
  action,
  reason,
  upload,
  edit,
}: Pick<Decision, 'action' | 'reason' | 'upload' | 'edit'>) {
  if ((upload !== undefined) !== (action === 'retry-file'))
    return action === 'retry-file' ? 'retry-file needs a file' : `${action} takes no file`;
  if ((edit !== undefined) !== (action === 'edit'))
    return action === 'edit' ? 'edit needs rotate or crop' : `${action} takes no rotate or crop`;
  if (edit && edit.rotate === 0 && edit.crop === undefined) return 'edit needs rotate or crop';
  if (action === 'leave-out' && reason === undefined) return 'leave-out needs a reason';
  return undefined;
}

/** What is decided last of a photo counts; of two in the same millisecond all readers take the same one. */
export function mergeDecisions(lines: Iterable<Decision>): Map<number, Decision> {
  const newest = new Map<number, Decision>();
  for (const line of lines) {
    const other = newest.get(line.seq);
    if (!other || compareDecisions(line, other) > 0) newest.set(line.seq, line);
  }
  return newest;
}

function compareDecisions(a: Decision, b: Decision): number {
  return Date.parse(a.at) - Date.parse(b.at) || (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
}

/** A line of another version, or a damaged one, is passed over. */
export const parseDecision = (text: string): Decision | undefined => parseAs(decisionSchema, text);
