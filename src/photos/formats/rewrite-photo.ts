import type { Warning } from '../../util/warning.ts';
import type { ByteShare } from '../byte-budget.ts';
import type { InspectedPhoto, PhotoProblem, PhotoRules, TiffPicture } from '../photo.ts';
import { permanent } from '../photo-bytes.ts';
import { decodeInThread } from './decode-in-thread.ts';
import { decoderMessage, limitDecoders, maxPixels, ofPicture, sharp } from './image-decoder.ts';

interface PhotoToRewrite {
  readonly photo: Buffer;
  readonly inspected: InspectedPhoto;
  readonly rules: PhotoRules;
  /** Why it is re-encoded. */
  readonly warnings: readonly Warning[];
  readonly memory?: ByteShare | undefined;
}

interface RewrittenPhoto {
  readonly bytes: Buffer;
  readonly format: 'jpeg' | 'png';
  readonly warnings: readonly Warning[];
}

/** A photo whose longer side is below this is not scaled down further: no face would be found in it. */
const minSideInPixels = 64;
const maxSteps = 12;
export const decodingTimeoutInSeconds = 60;

/**
 * Decodes a photo and re-encodes it: upright, in sRGB, on white, without metadata, in steps of quality and size until
 * the engine takes it. Adds to the warnings: `recompressed` or `scaled-down`.
 */
export function rewritePhoto(photo: PhotoToRewrite): Promise<RewrittenPhoto | PhotoProblem> {
  return limitDecoders(photo.inspected, () => rewrite(photo), photo.memory);
}

async function rewrite(preparation: PhotoToRewrite): Promise<RewrittenPhoto | PhotoProblem> {
  const { inspected, rules, warnings } = preparation;
  const maxSizeInBytes = rules.maxSizeInBytes ?? Number.POSITIVE_INFINITY;
  const format = rules.formats.includes('jpeg') ? 'jpeg' : 'png';
  const longerSide = Math.max(inspected.width, inspected.height);
  try {
    const { picture, warnings: ofDecoding } = await readable(preparation);
    let step: EncodingStep = { quality: 92, scale: 1 };
    for (let steps = 0; steps < maxSteps; steps += 1) {
      const bytes = await encode({ picture, chosen: inspected.picture, longerSide }, { ...step, format });
      if (bytes.length <= maxSizeInBytes)
        return { bytes, format, warnings: allOf([...warnings, ...ofDecoding, ...warningsOf(step)]) };
      step = nextStep({ step, sizeInBytes: bytes.length, maxSizeInBytes, format });
      if (longerSide * step.scale < minSideInPixels) break;
    }
    return permanent(`photo cannot be made smaller than the ${maxSizeInBytes} bytes that the engine takes`);
  } catch (error) {
    return permanent(`photo is a ${inspected.format} image that cannot be decoded: ${decoderMessage(error)}`);
  }
}

/** No photo is re-encoded without a word. */
const allOf = (warnings: readonly Warning[]): Warning[] =>
  warnings.length > 0 ? [...new Set(warnings)] : ['recompressed'];

/** The photo in a format that libvips reads. */
export async function readable({
  photo,
  inspected: { format },
}: Pick<PhotoToRewrite, 'photo' | 'inspected'>): Promise<ReadablePhoto> {
  if (format !== 'heic' && format !== 'bmp' && format !== 'jp2') return { picture: photo, warnings: [] };
  return decodeInThread(photo, { format, timeoutInMs: decodingTimeoutInSeconds * 1000 });
}

interface ReadablePhoto {
  readonly picture: Buffer;
  readonly warnings: readonly Warning[];
}

export interface EncodingStep {
  /** JPEG quality, 1 to 100. */
  readonly quality: number;
  /** Share of width and height that is kept. */
  readonly scale: number;
}

/** What to try after an encoding that was too large: less quality once, then fewer pixels, by how much it was too large. */
export function nextStep({
  step,
  sizeInBytes,
  maxSizeInBytes,
  format,
}: {
  step: EncodingStep;
  sizeInBytes: number;
  maxSizeInBytes: number;
  format: 'jpeg' | 'png';
}): EncodingStep {
  const share = maxSizeInBytes / sizeInBytes;
  if (format === 'jpeg' && step.quality > 85 && share > 0.5) return { ...step, quality: 85 };
  const shrink = Math.min(0.9, Math.sqrt(share) * 0.95);
  return { quality: Math.min(step.quality, 85), scale: step.scale * shrink };
}

function warningsOf({ quality, scale }: EncodingStep): Warning[] {
  if (scale < 1) return ['scaled-down'];
  return quality < 92 ? ['recompressed'] : [];
}

async function encode(
  { picture, chosen, longerSide }: { picture: Buffer; chosen: TiffPicture | undefined; longerSide: number },
  { quality, scale, format }: EncodingStep & { format: 'jpeg' | 'png' },
): Promise<Buffer> {
  const side = Math.max(1, Math.round(longerSide * scale));
  const image = sharp(picture, { failOn: 'error', limitInputPixels: maxPixels, ...ofPicture(chosen) })
    .timeout({ seconds: decodingTimeoutInSeconds })
    .autoOrient()
    .toColourspace('srgb');
  if (scale < 1) image.resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true });
  if (format === 'png') return image.png().toBuffer();
  // Optimised coding saves a twentieth of the bytes, for four times the memory and twice the time.
  const options = { quality, chromaSubsampling: '4:4:4', optimiseCoding: false };
  return image.flatten({ background: '#ffffff' }).jpeg(options).toBuffer();
}
