import { z } from 'zod';
import { coverageRecordSchema } from '../../records/audit/coverage-record.ts';

const { list, at, people, byStatus } = coverageRecordSchema.shape;

/** What `rollcall coverage` found last of a list of people, without names. */
export const coverageViewSchema = z
  .object({
    ...{ list, at, people, byStatus },
    /** Who should have a template and has none. */
    missing: z.number(),
  })
  .meta({ id: 'Coverage' });
export type CoverageView = z.infer<typeof coverageViewSchema>;
