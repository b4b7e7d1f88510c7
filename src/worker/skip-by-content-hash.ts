import { anyTemplate, contentFingerprint, noTemplate, templateMark } from '../ledger/fingerprint.ts';
import type { PhotoJobData } from '../records/photo-job-data.ts';
import type { Outcome } from '../records/report-line.ts';

/**
 * The outcome of a photo whose bytes are, by their SHA-256, what was enrolled or rejected before: it needs no call. A
 * photo that was called in this run is not skipped any more: what its calls have stored may be something else.
 */
export function skipByContentHash(options: {
  data: PhotoJobData;
  sha256: string;
  engine: string;
  /** The id it would be enrolled under. */
  templateId: string;
}): Omit<Outcome, 'finishedAt'> | undefined {
  const { data, sha256, engine, templateId } = options;
  const { known, tries, subjectId } = data;
  if (!known || tries.calls > 0) return undefined;
  const template = templateMark({ engine, subjectId, templateId: data.templateId });
  const isEnrolled = (mark: string) => known.enrolled === contentFingerprint(sha256, mark);
  const unchanged = { status: 'skipped', reason: 'unchanged', stored: 'yes' } as const;
  const since = known.enrolledAt === undefined ? {} : { enrolledAt: known.enrolledAt };
  if (isEnrolled(template)) return { ...unchanged, templateId, ...since };
  // Which id the engine gave it then is not known here: without a time the ledger learns nothing from this line.
  if (isEnrolled(anyTemplate)) return unchanged;
  if (known.rejected === contentFingerprint(sha256, noTemplate))
    return { status: 'skipped', reason: 'rejected-before' };
  return undefined;
}
