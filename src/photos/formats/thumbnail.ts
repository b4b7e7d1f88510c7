import type { ByteShare } from '../byte-budget.ts';
import { inspectPhoto } from '../inspect-photo.ts';
import { limitDecoders, maxPixels, ofPicture, sharp } from './image-decoder.ts';
import { readable } from './rewrite-photo.ts';

/** Who looks at it does not wait longer. */
const timeoutInSeconds = 15;

/**
 * A small JPEG of a photo, upright, without metadata, its longer side at most so many pixels. One that is cut off is drawn as
 * far as it goes. `memory`: what is held for the photo. Undefined for what is no picture, or more than is decoded.
 */
export async function makeThumbnail(
  photo: Buffer,
  { sideInPixels, memory }: { sideInPixels: number; memory?: ByteShare },
): Promise<Buffer | undefined> {
  const inspected = await inspectPhoto(photo);
  if ('problem' in inspected) return undefined;
  const size = {
    width: sideInPixels,
    height: sideInPixels,
    fit: 'inside',
    withoutEnlargement: true,
  } as const;
  const make = async () => {
    const { picture } = await readable({ photo, inspected });
    return sharp(picture, { failOn: 'none', limitInputPixels: maxPixels, ...ofPicture(inspected.picture) })
      .timeout({ seconds: timeoutInSeconds })
      .autoOrient()
      .resize(size)
      .toColourspace('srgb')
      .flatten({ background: '#ffffff' })
      .jpeg({ quality: 80 })
      .toBuffer();
  };
  return limitDecoders(inspected, make, memory).catch(() => undefined);
}
