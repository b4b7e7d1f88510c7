import { z } from 'zod';
import { commandMoneySchema } from '../money.ts';
import { auditReasons, auditStatuses } from './audit-line.ts';

const count = z.number().int().nonnegative();

/** How many are missing at most, of all that the ledger says the engine holds. */
const boundSchema = z.object({
  /** A share, from 0 to 1. */
  atMost: z.number(),
  confidence: z.literal(0.95),
  /** Subjects of the sample that were judged, and those of them that count as missing: missing, changed and shadowed. */
  judged: count,
  missing: count,
  /** Subjects that the sample stands for. */
  of: count,
  /** The same share if all that could not be judged are missing; absent where all were judged. */
  atMostWithUnknown: z.number().optional(),
});

/** `summary.json` of an audit. */
export const auditSummarySchema = z.object({
  schema: z.literal('rollcall.audit-summary/1'),
  audit: z.string(),
  engine: z.string(),
  engineUrl: z.string(),
  account: z.string(),
  /** `2000`, `5%` or `all`. */
  sample: z.string(),
  seed: z.number().int(),
  threshold: z.number(),
  createdAt: z.string(),
  finishedAt: z.string(),
  /** Lines. */
  total: count,
  byStatus: z.partialRecord(z.enum(auditStatuses), count),
  byReason: z.partialRecord(z.enum(auditReasons), count),
  /** Lines that somebody has to look at. */
  findings: count,
  /** By kind of call. */
  verifications: count,
  identifications: count,
  population: z.object({
    /** Subjects that the engine holds by the ledger, and how many of them were chosen. */
    held: count,
    heldChosen: count,
    /** Subjects whose template an undoing deleted, and how many of them were chosen; absent: nobody. */
    undone: count.optional(),
    undoneChosen: count.optional(),
    /** Subjects on the forget list whom this state can still name, and how many of them were chosen. */
    forgotten: count,
    forgottenChosen: count,
    /** Subjects of whom the ledger does not know what the engine holds: nobody was asked about them. */
    unclear: count,
  }),
  /** Absent where nobody was judged. */
  bound: boundSchema.optional(),
  /** What its calls cost, without those of its repairs; absent: they have no price. */
  money: commandMoneySchema.optional(),
  /** Runs that enroll anew what was missing or changed. */
  repairs: z.array(z.object({ run: z.string(), photos: count })).optional(),
});
export type AuditSummary = z.infer<typeof auditSummarySchema>;

/** Subjects that are asked about. */
export const chosenOf = ({
  heldChosen,
  undoneChosen = 0,
  forgottenChosen,
}: AuditSummary['population']): number => heldChosen + undoneChosen + forgottenChosen;
