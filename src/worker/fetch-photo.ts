import type { ByteShare } from '../photos/byte-budget.ts';
import { editPhoto } from '../photos/formats/edit-photo.ts';
import { inspectPhoto } from '../photos/inspect-photo.ts';
import type {
  PhotoBytes,
  PhotoFormat,
  PhotoProblem,
  PhotoRules,
  PreparationSettings,
} from '../photos/photo.ts';
import { preparePhoto } from '../photos/prepare-photo.ts';
import { copiesWhenSent, type ReadPhoto, readWithinBudget } from '../photos/read-within-budget.ts';
import type { PhotoJobData } from '../records/photo-job-data.ts';
import type { Outcome } from '../records/report/report-line.ts';
import { inSpan, type Span } from '../util/span.ts';
import type { Warning } from '../util/warning.ts';

/** A photo as it is sent, and what the report says of the original. */
export interface ReadyPhoto {
  /** None where the engine fetches the photo itself. */
  readonly bytes: Buffer;
  readonly format: PhotoFormat;
  /** Makes the address at which the engine fetches it; absent: the bytes are sent. */
  readonly openAddress?: () => Promise<{ readonly url: string } | PhotoProblem>;
  readonly original: Pick<Outcome, 'version' | 'sizeInBytes' | 'sha256' | 'warnings'>;
}

/** A photo that needs no call: what is to be said of it follows from its bytes alone. */
export interface RecognisedPhoto {
  readonly recognised: Omit<Outcome, 'finishedAt'>;
  readonly original: ReadyPhoto['original'];
}

/** Reads a photo once, looks at it, and prepares what the engine would refuse. */
export async function fetchPhoto(options: {
  data: PhotoJobData;
  address: string;
  readPhoto: ReadPhoto;
  rules: PhotoRules;
  settings: PreparationSettings;
  /** The memory of this photo, from before it is read until it was sent. */
  share: ByteShare;
  signal: AbortSignal;
  span?: Span | undefined;
  /** Whether these bytes, by their SHA-256, are such that they need no call. */
  recognise: (sha256: string) => Omit<Outcome, 'finishedAt'> | undefined;
}): Promise<ReadyPhoto | RecognisedPhoto | PhotoProblem> {
  const { data, address, readPhoto, rules, settings, share, signal, span } = options;
  const expectedSizeInBytes = data.sizeInBytes;
  const photo = await inSpan(span, 'fetch', () =>
    readWithinBudget({ address, readPhoto, share, expectedSizeInBytes, signal }),
  );
  if ('problem' in photo) return photo;
  const { version, changed } = compareVersions(data, photo);
  const original = {
    sizeInBytes: photo.bytes.length,
    sha256: photo.sha256,
    ...(version !== undefined && { version }),
  };
  const readWarnings: Warning[] = [
    ...(photo.warnings ?? []),
    ...(changed ? (['changed-since-listing'] as const) : []),
  ];
  const recognised = options.recognise(photo.sha256);
  if (recognised)
    return {
      recognised,
      original: { ...original, ...(readWarnings.length > 0 && { warnings: readWarnings }) },
    };
  const prepared = await inSpan(span, 'prepare', async () => {
    const decided = await asDecided(photo.bytes, data.decided, share);
    if ('problem' in decided) return decided;
    const inspected = await inspectPhoto(decided.bytes);
    if ('problem' in inspected) return inspected;
    const made = await preparePhoto({ photo: decided.bytes, inspected, rules, settings, memory: share });
    return 'problem' in made ? made : { ...made, warnings: [...decided.warnings, ...made.warnings] };
  });
  if ('problem' in prepared) return prepared;
  share.note(prepared.bytes.length * copiesWhenSent);
  const warnings = [...prepared.warnings, ...readWarnings];
  return {
    bytes: prepared.bytes,
    format: prepared.format,
    original: { ...original, ...(warnings.length > 0 && { warnings }) },
  };
}

/** The picture that a reviewer wants sent. */
async function asDecided(
  photo: Buffer,
  decided: PhotoJobData['decided'],
  memory: ByteShare,
): Promise<{ readonly bytes: Buffer; readonly warnings: readonly Warning[] } | PhotoProblem> {
  const ofFile = decided?.upload === undefined ? [] : (['file-replaced'] as const);
  if (!decided?.edit) return { bytes: photo, warnings: ofFile };
  const inspected = await inspectPhoto(photo);
  if ('problem' in inspected) return inspected;
  const bytes = await editPhoto({ photo, inspected, edit: decided.edit, memory });
  return 'problem' in bytes ? bytes : { bytes, warnings: [...ofFile, 'edited-by-hand'] };
}

/** What was really sent is reported. A manifest's version is the user's own word and compares with nothing. */
function compareVersions(
  data: PhotoJobData,
  photo: PhotoBytes,
): { version?: string | undefined; changed: boolean } {
  if (data.row !== undefined) return { version: data.version ?? photo.version, changed: false };
  const changed = data.version !== undefined && photo.version !== undefined && data.version !== photo.version;
  return { version: photo.version ?? data.version, changed };
}
