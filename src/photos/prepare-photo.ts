import type { Warning } from '../util/warning.ts';
import type { InspectedPhoto, PhotoFormat, PhotoProblem, PhotoRules, PreparationSettings } from './photo.ts';
import { rewritePhoto } from './rewrite-photo.ts';
import { stripMetadata } from './strip-metadata.ts';

/** A photo as it is sent. `warnings` say what was done to it; none: it is sent byte for byte. */
export interface PreparedPhoto {
  readonly bytes: Buffer;
  /** JPEG or PNG, unless nothing is to be prepared. */
  readonly format: PhotoFormat;
  readonly warnings: readonly Warning[];
}

interface Preparation {
  readonly photo: Buffer;
  readonly inspected: InspectedPhoto;
  readonly rules: PhotoRules;
  readonly settings: PreparationSettings;
}

/**
 * Makes a photo one that the engine takes. Untouched where its format, orientation and size are fine, or where nothing
 * is to be prepared; with `stripMetadata` only its metadata is removed. Otherwise it is decoded and re-encoded, without
 * metadata. Warnings: `exif-rotated`, `converted-from-<format>`, `first-picture-only`, `recompressed`,
 * `scaled-down`, `metadata-stripped`.
 */
export async function preparePhoto(preparation: Preparation): Promise<PreparedPhoto | PhotoProblem> {
  const { photo, inspected, rules, settings } = preparation;
  const { format, orientation, animated } = inspected;
  if (settings.prepare === 'never') return { bytes: photo, format, warnings: [] };
  const isTaken = rules.formats.includes(format) && (format === 'jpeg' || format === 'png');
  if (isTaken && orientation === 1) {
    const asItIs = withoutDecoding(photo, format, settings);
    if (asItIs && asItIs.bytes.length <= (rules.maxSizeInBytes ?? Number.POSITIVE_INFINITY)) return asItIs;
  }
  // A re-encoded photo has lost its metadata anyway; the warning is given where that was the only reason.
  const isOnlyStripped = isTaken && orientation === 1 && settings.stripMetadata;
  const warnings: Warning[] = [];
  if (orientation !== 1) warnings.push('exif-rotated');
  if (!isTaken) warnings.push(`converted-from-${format}`);
  if (animated) warnings.push('first-picture-only');
  if (isOnlyStripped) warnings.push('metadata-stripped', 'recompressed');
  return rewritePhoto({ photo, inspected, rules, warnings });
}

/** Undefined where its metadata cannot be removed without re-encoding. */
function withoutDecoding(
  photo: Buffer,
  format: 'jpeg' | 'png',
  settings: PreparationSettings,
): PreparedPhoto | undefined {
  if (!settings.stripMetadata) return { bytes: photo, format, warnings: [] };
  const bytes = stripMetadata(photo, format);
  return bytes && { bytes, format, warnings: bytes.equals(photo) ? [] : ['metadata-stripped'] };
}
