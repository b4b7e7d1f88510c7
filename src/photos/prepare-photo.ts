import type { Warning } from '../util/warning.ts';
import type { ByteShare } from './byte-budget.ts';
import { completeJpeg } from './formats/complete-jpeg.ts';
import { rewritePhoto } from './formats/rewrite-photo.ts';
import { stripMetadata } from './formats/strip-metadata.ts';
import type { InspectedPhoto, PhotoFormat, PhotoProblem, PhotoRules, PreparationSettings } from './photo.ts';

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
  /** What is held for the photo: its picture is, too, while it is decoded. */
  readonly memory?: ByteShare;
}

/**
 * Makes a photo one that the engine takes. Untouched where its format, orientation, colours, end and size are fine, or
 * where nothing is to be prepared. Without decoding, its end marker is added where only that is missing, and its metadata
 * are removed with `stripMetadata`, or where it is too large with them. Otherwise it is decoded and re-encoded, without
 * metadata. The warnings say what was done.
 */
export async function preparePhoto(preparation: Preparation): Promise<PreparedPhoto | PhotoProblem> {
  const { inspected, rules, settings, memory } = preparation;
  const { format, orientation, animated, picture, hasUnusualColours } = inspected;
  if (settings.prepare === 'never') return { bytes: preparation.photo, format, warnings: [] };
  const { photo, warnings: ofItsEnd } =
    format === 'jpeg'
      ? await completeJpeg(preparation.photo, inspected)
      : { photo: preparation.photo, warnings: [] };
  const isTaken = rules.formats.includes(format) && (format === 'jpeg' || format === 'png');
  const isFine = isTaken && orientation === 1 && !hasUnusualColours;
  const asItIs = isFine && withoutDecoding(photo, { format, rules, settings });
  if (asItIs) return { ...asItIs, warnings: [...ofItsEnd, ...asItIs.warnings] };
  const warnings: Warning[] = [...ofItsEnd];
  if (orientation !== 1) warnings.push('exif-rotated');
  if (!isTaken) warnings.push(`converted-from-${format}`);
  if (hasUnusualColours) warnings.push('converted-to-srgb');
  if (picture) warnings.push('largest-picture-only');
  else if (animated) warnings.push('first-picture-only');
  // A re-encoded photo has lost its metadata anyway; the warning is given where that was the only reason.
  if (isFine && settings.stripMetadata) warnings.push('metadata-stripped', 'recompressed');
  return rewritePhoto({ photo, inspected, rules, warnings, memory });
}

/** Undefined where it is too large, or its metadata are to be removed and cannot be without re-encoding. */
function withoutDecoding(
  photo: Buffer,
  { format, rules, settings }: { format: 'jpeg' | 'png' } & Pick<Preparation, 'rules' | 'settings'>,
): PreparedPhoto | undefined {
  const fits = (bytes: Buffer) => bytes.length <= (rules.maxSizeInBytes ?? Number.POSITIVE_INFINITY);
  if (!settings.stripMetadata && fits(photo)) return { bytes: photo, format, warnings: [] };
  const bytes = stripMetadata(photo, format);
  if (!bytes || !fits(bytes)) return undefined;
  return { bytes, format, warnings: bytes.equals(photo) ? [] : ['metadata-stripped'] };
}
