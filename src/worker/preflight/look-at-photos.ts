import { inspectPhoto } from '../../photos/inspect-photo.ts';
import type { PhotoRules, PreparationSettings } from '../../photos/photo.ts';
import { preparePhoto } from '../../photos/prepare-photo.ts';
import type { PhotoReader } from '../../photos/read-photo.ts';
import type { Outcome } from '../../records/report/report-line.ts';
import type { ListedPhoto } from '../../sources/source.ts';
import { inOrder } from '../../util/in-order.ts';
import type { Warning } from '../../util/warning.ts';
import type { Preflight } from './preflight.ts';

/** What is foreseen of one photo. */
export interface PhotoLook {
  readonly photo: ListedPhoto;
  /** Absent where the photo was not decoded. */
  readonly faces?: number;
  /** Why it would not be enrolled: kind `preflight`, `photo` or `manifest`. */
  readonly error?: NonNullable<Outcome['error']>;
  readonly warnings: readonly Warning[];
}

export interface LookOptions {
  readonly reader: Pick<PhotoReader, 'read'>;
  readonly preflight: Preflight;
  readonly rules: PhotoRules;
  readonly settings: PreparationSettings;
  readonly signal: AbortSignal;
}

/** Photos that are read and prepared while others are looked at. */
const photosAtOnce = 8;

/** Reads, prepares and looks as a worker does before its call; the looks come in the order of the photos. */
export function lookAtPhotos(
  photos: AsyncIterable<ListedPhoto>,
  options: LookOptions,
): AsyncGenerator<PhotoLook> {
  return inOrder(photos, photosAtOnce, (photo) => lookAtPhoto(photo, options));
}

async function lookAtPhoto(photo: ListedPhoto, options: LookOptions): Promise<PhotoLook> {
  const { reader, preflight, rules, settings, signal } = options;
  const failed = (kind: 'photo' | 'manifest', message: string): PhotoLook => ({
    photo,
    error: { kind, message },
    warnings: [],
  });
  if (photo.problem !== undefined || photo.photo === undefined)
    return failed('manifest', photo.problem ?? 'the row names no photo');
  const read = await reader.read(photo.photo, signal);
  if ('problem' in read) return failed('photo', read.problem);
  const inspected = await inspectPhoto(read.bytes);
  if ('problem' in inspected) return failed('photo', inspected.problem);
  const prepared = await preparePhoto({ photo: read.bytes, inspected, rules, settings });
  if ('problem' in prepared) return failed('photo', prepared.problem);
  const { faces, warnings, rejection } = await preflight(prepared.bytes, signal);
  return {
    photo,
    faces,
    ...(rejection?.error && { error: rejection.error }),
    warnings: [...prepared.warnings, ...warnings],
  };
}
