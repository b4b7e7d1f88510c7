import { decoderMessage, maxPixels, sharp } from '../../../photos/formats/image-decoder.ts';
import { detectPhotoFormat } from '../../../photos/formats/photo-format.ts';
import type { PhotoFormat } from '../../../photos/photo.ts';

/** RGB, a byte each, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

export interface UndecodablePhoto {
  readonly kind: 'undecodable';
  /** By its first bytes; absent: none that is known. Only JPEG and PNG are decoded here. */
  readonly format?: PhotoFormat;
  readonly message: string;
}

/** A photo, upright, and made smaller where it is large. */
export interface DecodedPhoto {
  readonly format: PhotoFormat;
  /** In pixels of the upright photo. */
  readonly width: number;
  readonly height: number;
  /** For finding faces. */
  readonly picture: Picture;
  /** Decodes it once more, for faces that are small in the picture; the same picture where it has no more to show. */
  decodeFiner(): Promise<Picture>;
}

/**
 * Longer sides are scaled down while decoding. The detector sees 512 pixels whatever the photo has; the smallest face
 * that it finds then still has some 80 pixels in the finer picture.
 */
const maxSideInPixels = 2048;
/** For finding faces in a photo beyond that. */
const quickSidesInPixels = { least: 512, most: 1024 };
/** A larger photo takes some hundred megabytes to decode: it is decoded once, and alone. */
export const largeInPixels = 30_000_000;

/**
 * Decodes a JPEG or a PNG; anything else is undecodable, whatever its name says. One that is cut off is undecodable; one
 * with wrong bits inside is decoded as far as possible.
 */
export async function decodePhoto(photo: Buffer): Promise<DecodedPhoto | UndecodablePhoto> {
  const format = detectPhotoFormat(photo);
  if (format === undefined) return undecodable('is no image that is known');
  if (format !== 'jpeg' && format !== 'png') return undecodable(`is ${format}, not jpeg or png`, format);
  try {
    const { width, height, orientation = 1 } = await sharp(photo, input).metadata();
    const longerSide = Math.max(width, height);
    const side = width * height > largeInPixels ? maxSideInPixels : quickSide(longerSide);
    const fineSide = Math.min(longerSide, maxSideInPixels);
    const picture = await decode(photo, side);
    const isTurned = orientation >= 5;
    return {
      format,
      width: isTurned ? height : width,
      height: isTurned ? width : height,
      picture,
      decodeFiner: async () => (fineSide > side ? decode(photo, fineSide) : picture),
    };
  } catch (error) {
    return undecodable(decoderMessage(error), format);
  }
}

/**
 * A JPEG's half, quarter and eighth are decoded in a fraction of the time; sharp starts from them where a side is to
 * become at least 3, 5 and 9 times smaller.
 */
function quickSide(side: number): number {
  if (side <= maxSideInPixels) return side;
  const { least, most } = quickSidesInPixels;
  const quick = [3, 5, 9].map((times) => Math.floor(side / times));
  return quick.find((one) => one >= least && one <= most) ?? most;
}

const input = { failOn: 'error', limitInputPixels: maxPixels } as const;

async function decode(photo: Buffer, side: number): Promise<Picture> {
  const { data, info } = await sharp(photo, input)
    .autoOrient()
    .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true })
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .removeAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}

const undecodable = (message: string, format?: PhotoFormat): UndecodablePhoto => ({
  kind: 'undecodable',
  message,
  ...(format !== undefined && { format }),
});
