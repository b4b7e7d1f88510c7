import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import sharp from 'sharp';
import { type ByteShare, createByteBudget } from '../byte-budget.ts';
import type { InspectedPhoto, PhotoFormat, TiffPicture } from '../photo.ts';

/** Photos that claim more pixels are refused by their header: decoded, they would take 300 MB and more each. */
export const maxPixels = 100_000_000;

/** Decoders that run at once. More than processors only take memory; beyond eight, reading files would suffer. */
const maxDecoders = Math.min(8, Math.max(2, availableParallelism()));

/** Memory for all decoded pictures, about; one that needs more is decoded alone. */
const decodingBudgetInBytes = 500_000_000;

/** Peak memory per pixel, about (measured for JPEG and HEIC); a JPEG that is rotated is in memory as a whole. */
const bytesPerPixel: Readonly<Record<PhotoFormat, number>> = {
  jpeg: 7,
  png: 8,
  webp: 8,
  avif: 9,
  heic: 20,
  tiff: 8,
  gif: 8,
  bmp: 8,
  jp2: 24,
};

sharp.concurrency(1); // one thread a picture
sharp.cache(false); // no picture is decoded twice

const decoders = pLimit(maxDecoders);
const decodingBudget = createByteBudget(decodingBudgetInBytes);

/**
 * Runs as many decoders at once as there are processors and memory for their pictures. `memory`: of the photo itself; while
 * its picture is decoded that holds the picture, too, so that fewer other photos are read.
 */
export function limitDecoders<Result>(
  { format, width, height }: Pick<InspectedPhoto, 'format' | 'width' | 'height'>,
  decode: () => Promise<Result>,
  memory?: ByteShare,
): Promise<Result> {
  return decoders(async () => {
    const sizeInBytes = width * height * bytesPerPixel[format];
    const share = decodingBudget.open();
    await share.take(sizeInBytes);
    const giveBack = memory?.add(sizeInBytes);
    try {
      return await decode();
    } finally {
      giveBack?.();
      share.release();
    }
  });
}

export { sharp };

/** What sharp is told to use one of several pictures. */
export const ofPicture = (picture: TiffPicture | undefined) =>
  picture && { page: picture.page, tiff: { subifd: picture.subifd } };

/** The first line of what the image library says, cut short. */
export function decoderMessage(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n', 1);
  return line.slice(0, 160);
}
