import { z } from 'zod';
import { statuses } from '../../records/report/report-line.ts';
import { runParams } from './runs.ts';

export const inboxParams = z.object({ name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/) });

const about = {
  /** The user's own id of the person. */
  subjectId: z.string().min(1).max(1_000),
  /** The engine's id for the template; default: made from the subject's id. */
  templateId: z.string().min(1).max(1_000).exactOptional(),
  /** Changes when the photo changes. */
  version: z.string().max(1_000).exactOptional(),
  metadata: z.record(z.string(), z.string()).exactOptional(),
};

/** A photo by its place: an absolute path below `--allow-root`, or an object of `--allow-bucket`. */
export const inboxPhotoSchema = z.strictObject({ ...about, photo: z.string().min(1).max(8_192) });

/** The fields of a form, beside the file `picture`. */
export const inboxFormSchema = z.strictObject(about);

const mostAtOnce = 1_000;

export const inboxPhotosSchema = z.array(inboxPhotoSchema).min(1).max(mostAtOnce);

/** JSON; absent where a form is sent. */
export const inboxBody = z.union([inboxPhotoSchema, inboxPhotosSchema]).nullish();

export const inboxHeaders = z.looseObject({
  /** The same key again is the same photo, also after roll-overs, for seven days. Default: subject, version and picture. */
  'idempotency-key': z.string().min(1).max(255).optional(),
});

const takenSchema = z.object({
  /** The run whose report gets the photo's line. */
  run: z.string(),
  /** The number of that line. */
  seq: z.number(),
  /** It was there already, by its key. */
  repeated: z.boolean(),
});

/** In the order of what was sent. */
export const takenAnswer = z.union([takenSchema, z.array(takenSchema)]);

export const inboxViewSchema = z
  .object({
    name: z.string(),
    open: z.boolean(),
    /** The run whose list is open; null: the inbox is closed. */
    run: z.string().nullable(),
    /** Photos without an outcome. */
    waiting: z.number(),
    /** Photos that came in the last 24 hours. */
    today: z.number(),
    /** Absent: nobody is told of outcomes. */
    webhook: z
      .object({
        /** Outcomes that it was not told of yet. */
        waiting: z.number(),
        /** Those that it has not taken for three days, and is not told of any more. */
        givenUp: z.number(),
        /** It wants no more (410). */
        stopped: z.boolean(),
      })
      .exactOptional(),
  })
  .meta({ id: 'Inbox' });

export const inboxListSchema = z.object({ inboxes: z.array(inboxViewSchema) });

export const inboxPhotoParams = inboxParams.extend({ seq: z.coerce.number().int().positive() });
export const inboxPhotoQuery = z.strictObject({
  /** As the answer to the photo named it; default: the run whose list is open. */
  run: runParams.shape.id.optional(),
});

export const inboxOutcomeSchema = z.object({
  run: z.string(),
  seq: z.number(),
  state: z.enum(['waiting', 'done']),
  /** As the report has it (`rollcall.report/1`); null while it waits. */
  line: z.looseObject({ seq: z.number(), status: z.enum(statuses) }).nullable(),
});
