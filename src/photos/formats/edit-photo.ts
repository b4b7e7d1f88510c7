import type { PhotoEdit } from '../../records/decisions/decision.ts';
import type { ByteShare } from '../byte-budget.ts';
import type { InspectedPhoto, PhotoProblem } from '../photo.ts';
import { permanent } from '../photo-bytes.ts';
import { decoderMessage, limitDecoders, maxPixels, ofPicture, sharp } from './image-decoder.ts';
import { decodingTimeoutInSeconds, readable } from './rewrite-photo.ts';

interface PhotoToEdit {
  readonly photo: Buffer;
  readonly inspected: InspectedPhoto;
  readonly edit: PhotoEdit;
  /** What is held for the photo: its picture is, too, while it is decoded. */
  readonly memory?: ByteShare | undefined;
}

/** A photo turned and cropped by hand: a JPEG in sRGB, without metadata. The given bytes stay as they are. */
export function editPhoto(photo: PhotoToEdit): Promise<Buffer | PhotoProblem> {
  return limitDecoders(photo.inspected, () => edited(photo), photo.memory);
}

async function edited({ photo, inspected, edit }: PhotoToEdit): Promise<Buffer | PhotoProblem> {
  try {
    const { picture } = await readable({ photo, inspected });
    const options = {
      failOn: 'error',
      limitInputPixels: maxPixels,
      ...ofPicture(inspected.picture),
    } as const;
    const { autoOrient } = await sharp(picture, options).metadata();
    const image = sharp(picture, options).timeout({ seconds: decodingTimeoutInSeconds }).autoOrient();
    if (edit.rotate !== 0) image.rotate(edit.rotate);
    const isTurned = edit.rotate % 180 !== 0;
    const width = isTurned ? autoOrient.height : autoOrient.width;
    const height = isTurned ? autoOrient.width : autoOrient.height;
    if (edit.crop) image.extract(regionOf(edit.crop, { width, height }));
    return await image
      .toColourspace('srgb')
      .flatten({ background: '#ffffff' })
      .jpeg({ quality: 95, chromaSubsampling: '4:4:4', optimiseCoding: false })
      .toBuffer();
  } catch (error) {
    return permanent(`photo is a ${inspected.format} image that cannot be decoded: ${decoderMessage(error)}`);
  }
}

/** Whole pixels of the picture, one at least. */
export function regionOf(
  crop: NonNullable<PhotoEdit['crop']>,
  { width, height }: { width: number; height: number },
): { left: number; top: number; width: number; height: number } {
  const left = Math.min(Math.round(crop.left * width), width - 1);
  const top = Math.min(Math.round(crop.top * height), height - 1);
  return {
    left,
    top,
    width: Math.max(1, Math.min(Math.round(crop.width * width), width - left)),
    height: Math.max(1, Math.min(Math.round(crop.height * height), height - top)),
  };
}
