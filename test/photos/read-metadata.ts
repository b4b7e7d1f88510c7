import exifr from 'exifr';
import sharp from 'sharp';
import { expect } from 'vitest';

const everything = {
  tiff: true,
  exif: true,
  gps: true,
  xmp: true,
  iptc: true,
  jfif: false,
  ihdr: false,
} as const;

/** What a parser that the program does not use finds of EXIF, GPS, XMP and IPTC. */
export function readMetadata(photo: Buffer): Promise<Readonly<Record<string, unknown>> | undefined> {
  return exifr.parse(photo, { ...everything, icc: false, mergeOutput: true }).catch(() => undefined);
}

/** Neither that parser nor libvips finds anything, comments and texts included; a colour profile may be. */
export async function expectNoMetadata(photo: Buffer): Promise<void> {
  expect(await readMetadata(photo)).toBeUndefined();
  const { exif, xmp, iptc, comments = [], orientation } = await sharp(photo).metadata();
  expect({ exif, xmp, iptc, comments, orientation }).toEqual({ comments: [] });
}
