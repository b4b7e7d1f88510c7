import { decoderMessage, maxPixels, sharp } from '../../../photos/image-decoder.ts';
import type { PhotoFormat } from '../../../photos/photo.ts';
import { detectPhotoFormat } from '../../../photos/photo-format.ts';

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
  readonly picture: Picture;
}

/**
 * Longer sides are scaled down while decoding. The detector sees 512 pixels whatever the photo has; the smallest face
 * that it finds then still has some 80 pixels here.
 */
const maxSideInPixels = 2048;

/**
 * Decodes a JPEG or a PNG; anything else is undecodable, whatever its name says. One that is cut off is undecodable; one
 * with wrong bits inside is decoded as far as possible.
 */
export async function decodePhoto(photo: Buffer): Promise<DecodedPhoto | UndecodablePhoto> {
  const format = detectPhotoFormat(photo);
  if (format === undefined) return undecodable('is no image that is known');
  if (format !== 'jpeg' && format !== 'png') return undecodable(`is ${format}, not jpeg or png`, format);
  try {
    const input = { failOn: 'error', limitInputPixels: maxPixels } as const;
    const { width, height, orientation = 1 } = await sharp(photo, input).metadata();
    const { data, info } = await sharp(photo, input)
      .autoOrient()
      .resize({ width: maxSideInPixels, height: maxSideInPixels, fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .removeAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const isTurned = orientation >= 5;
    return {
      format,
      width: isTurned ? height : width,
      height: isTurned ? width : height,
      picture: { width: info.width, height: info.height, data },
    };
  } catch (error) {
    return undecodable(decoderMessage(error), format);
  }
}

const undecodable = (message: string, format?: PhotoFormat): UndecodablePhoto => ({
  kind: 'undecodable',
  message,
  ...(format !== undefined && { format }),
});
