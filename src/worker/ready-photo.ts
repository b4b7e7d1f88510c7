import { anyTemplate, contentFingerprint, noTemplate, templateMark } from '../ledger/fingerprint.ts';
import { fetchableAddress } from '../photos/fetchable-address.ts';
import type { PhotoProblem } from '../photos/photo.ts';
import type { PhotoJobData } from '../records/photo-job-data.ts';
import type { Outcome } from '../records/report-line.ts';
import type { S3Connection } from '../storage/s3/s3-connection.ts';
import type { ReadyPhoto, RecognisedPhoto } from './fetch-photo.ts';
import type { Preflight } from './preflight/preflight.ts';

/**
 * A photo that the engine fetches itself: no byte of it comes here, so that it has no hash, is not looked at and not
 * prepared. A photo may wait long for its call: its address is made anew for each.
 */
export async function photoByUrl({
  data,
  address,
  s3,
}: {
  data: PhotoJobData;
  address: string;
  s3: S3Connection;
}): Promise<ReadyPhoto | PhotoProblem> {
  const first = await fetchableAddress(address, s3);
  if ('problem' in first) return first;
  const { version, sizeInBytes } = data;
  return {
    bytes: Buffer.alloc(0),
    format: 'jpeg',
    openAddress: () => fetchableAddress(address, s3),
    facts: { ...(version !== undefined && { version }), ...(sizeInBytes !== undefined && { sizeInBytes }) },
  };
}

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

/**
 * Looks at a photo before its call. One that the engine would refuse needs none; of any other it is noted what may make
 * it a poor one.
 */
export async function preflightPhoto(
  ready: ReadyPhoto,
  options: {
    preflight: Preflight;
    /** What the engine holds if there is no call. */
    stored: 'no' | 'unknown';
    signal: AbortSignal;
  },
): Promise<ReadyPhoto | RecognisedPhoto> {
  const { preflight, stored, signal } = options;
  const { rejection, warnings } = await preflight(ready.bytes, signal);
  const all = [...(ready.facts.warnings ?? []), ...warnings];
  const facts = { ...ready.facts, ...(all.length > 0 && { warnings: all }) };
  return rejection ? { recognised: { ...rejection, stored }, facts } : { ...ready, facts };
}
