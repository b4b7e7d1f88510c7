import type { Decision } from '../../conductor/decide.ts';
import type { Settings } from '../../engines/settings.ts';
import type { PhotoLook } from '../../worker/preflight/look-at-photos.ts';

export type ForecastCounts = Readonly<Counts>;
export type Counts = ReturnType<typeof emptyCounts>;

export const emptyCounts = () => ({
  photos: 0,
  calls: 0,
  /** Photos that the preflight would refuse: none of the calls. */
  savedCalls: 0,
  /** Among the calls: those of `--dedupe`, `--undoable` and `--verify`. */
  identifications: 0,
  repeated: 0,
  forgotten: 0,
  failed: 0,
  unchanged: 0,
  rejectedBefore: 0,
  /** Among the calls: photos whose bytes may turn out to be known when they are read. */
  toCompare: 0,
  /** Among the calls: photos whose id was enrolled from another folder; those with another content are set aside. */
  otherFolder: 0,
  sizeInBytes: 0,
  unknownSizes: 0,
});

/** Where a photo counts that needs no call. */
export function countOf({ reason }: Extract<Decision, { kind: 'settle' }>['outcome']) {
  return reason === undefined ? 'failed' : reason === 'rejected-before' ? 'rejectedBefore' : reason;
}

/** What the preflight would refuse, or nobody can read, is no call. */
export async function subtractRefused(looks: AsyncIterable<PhotoLook>, counts: Counts): Promise<void> {
  for await (const { error } of looks) {
    if (error === undefined) continue;
    counts.calls -= 1;
    if (error.kind === 'preflight') counts.savedCalls += 1;
    else counts.failed += 1;
  }
}

/** A photo that turns out to be a duplicate saves its enroll call: these are the most that there can be. */
export function addIdentifications(
  counts: Counts,
  { dedupe, undoable, verify }: Pick<Settings, 'dedupe' | 'undoable' | 'verify'>,
): void {
  const enrollments = counts.calls;
  const share = verify && 'share' in verify ? verify.share : 0;
  const verified = verify && 'count' in verify ? verify.count : Math.round(enrollments * share);
  counts.identifications =
    (dedupe ? enrollments : 0) + (undoable ? enrollments : 0) + Math.min(enrollments, verified);
  counts.calls += counts.identifications;
}
