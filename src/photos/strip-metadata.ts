import { stripJpeg } from './strip-jpeg.ts';
import { stripPng } from './strip-png.ts';

/**
 * A JPEG or PNG without what it says besides its picture: EXIF with places and times, XMP, IPTC, comments, previews, and
 * whatever lies behind the picture's end (phones append films). Nothing is encoded anew: data of the picture, and of its
 * colours, are the same bytes. Undefined where the file's structure is such that one cannot know what is what.
 */
export function stripMetadata(photo: Buffer, format: 'jpeg' | 'png'): Buffer | undefined {
  return format === 'jpeg' ? stripJpeg(photo) : stripPng(photo);
}
