import { z } from 'zod';

/** Whole numbers are taken as text. */
const text = z.union([z.string().min(1), z.int()]);

const fields = {
  templateId: text.optional(),
  template_id: text.optional(),
  version: text.optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
};

/** A line of a JSONL list as users write it (`sources/manifest/jsonl-row.ts` reads it): what is not named here is metadata, too. */
export const manifestRowSchema = z.union(
  (['subjectId', 'subject_id', 'id'] as const).map((id) =>
    z.looseObject({ [id]: text, photo: z.string().min(1), ...fields }),
  ),
);
