import pLimit from 'p-limit';
import sharp from 'sharp';

/** Photos that claim more pixels are refused by their header: decoded, they would take 300 MB and more each. */
export const maxPixels = 100_000_000;

/** Decoders at work at a time: they share libuv's threads with file reading, and hold decoded pictures in memory. */
const maxDecoders = 2;

sharp.concurrency(1); // one thread a picture
sharp.cache(false); // no picture is decoded twice

/** Lets at most two decoders work at a time. */
export const limitDecoders = pLimit(maxDecoders);

export { sharp };

/** The first line of what the image library says, cut short. */
export function decoderMessage(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n', 1);
  return line.slice(0, 160);
}
