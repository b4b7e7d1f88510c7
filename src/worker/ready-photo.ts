import { anyTemplate, contentFingerprint, noTemplate, templateMark } from '../ledger/fingerprint.ts';
import type { ByteShare } from '../photos/byte-budget.ts';
import type { PhotoProblem } from '../photos/photo.ts';
import { fetchableAddress } from '../photos/places/fetchable-address.ts';
import type { PhotoJobData } from '../records/photo-job-data.ts';
import type { Outcome } from '../records/report/report-line.ts';
import type { S3Connection } from '../storage/s3/s3-connection.ts';
import type { Span } from '../util/span.ts';
import type { Warning } from '../util/warning.ts';
import { fetchPhoto, type ReadyPhoto, type RecognisedPhoto } from './fetch-photo.ts';
import type { AttemptState } from './judge-reply.ts';
import { judgeOtherFolder } from './other-folder.ts';
import type { WorkContext } from './photo-task.ts';
import type { Preflight } from './preflight/preflight.ts';

/**
 * Makes a photo ready for its call: read, prepared and, with `--preflight`, looked at; or, where the engine fetches it
 * itself, its address. Some need no call, and some cannot be read.
 */
export async function readyPhoto(options: {
  data: PhotoJobData;
  templateId: string;
  tries: AttemptState;
  context: WorkContext;
  /** The memory of this photo, until it was sent. */
  share: ByteShare;
  /** Aborted when the job is taken away. */
  signal: AbortSignal;
  /** Aborted then, and when the process drains. */
  leaving: AbortSignal;
  span?: Span | undefined;
}): Promise<ReadyPhoto | RecognisedPhoto | PhotoProblem> {
  const { data, templateId, tries, context, share, signal, leaving, span } = options;
  const { engine, settings, preflight, readPhoto, s3, source } = context;
  const address = await context.addressOf(data);
  const { upload, edit } = data.decided ?? {};
  const isChangedHere = upload !== undefined || edit !== undefined;
  if (!isChangedHere && engine.sendsAddressesBy?.(settings) !== undefined) {
    const judged = judgeOtherFolder(data, undefined);
    if (judged && 'collision' in judged) return { recognised: judged.collision, original: {} };
    const found = await photoByUrl({ data, address, s3 });
    if (!('problem' in found)) source.noteRead();
    return withWarning(found, judged?.warning);
  }
  let warning: Warning | undefined;
  const recognise = (sha256: string) => {
    const known = skipByContentHash({ data, sha256, engine: engine.name, templateId });
    const judged = known ? undefined : judgeOtherFolder(data, sha256);
    if (judged && 'collision' in judged) return judged.collision;
    warning = judged?.warning;
    return known;
  };
  const read = await fetchPhoto({
    ...{ data, address, settings, share, signal, span, recognise },
    readPhoto:
      upload === undefined ? readPhoto : (_, __, limitInBytes) => context.readUpload(data, limitInBytes),
    rules: engine.accepts,
  });
  if (!('problem' in read) && upload === undefined) source.noteRead(address);
  const fetched = withWarning(read, warning);
  if (!preflight || !('bytes' in fetched) || tries.enrolled) return fetched;
  const stored = tries.storedUnknown ? 'unknown' : 'no';
  return preflightPhoto(fetched, { preflight, stored, signal: leaving });
}

function withWarning<Fetched extends ReadyPhoto | RecognisedPhoto | PhotoProblem>(
  fetched: Fetched,
  warning: Warning | undefined,
): Fetched {
  if (warning === undefined || !('original' in fetched)) return fetched;
  const warnings = [...(fetched.original.warnings ?? []), warning];
  return { ...fetched, original: { ...fetched.original, warnings } };
}

/**
 * A photo that the engine fetches itself: no byte of it comes here, so that it has no hash, is not looked at and not
 * prepared. A photo may wait long for its call: its address is made anew for each.
 */
async function photoByUrl({
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
    original: {
      ...(version !== undefined && { version }),
      ...(sizeInBytes !== undefined && { sizeInBytes }),
    },
  };
}

/**
 * The outcome of a photo whose bytes are, by their SHA-256, what was enrolled or rejected before: it needs no call. A
 * photo that was called in this run is not skipped any more: what its calls have stored may be something else.
 */
function skipByContentHash(options: {
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
async function preflightPhoto(
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
  const all = [...(ready.original.warnings ?? []), ...warnings];
  const original = { ...ready.original, ...(all.length > 0 && { warnings: all }) };
  return rejection ? { recognised: { ...rejection, stored }, original } : { ...ready, original };
}
