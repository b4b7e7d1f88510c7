import { type PixelSize, readBmpSize, readHeicSize } from './header-size.ts';
import { decoderMessage, maxPixels, sharp } from './image-decoder.ts';
import type { InspectedPhoto, PhotoFormat, PhotoProblem } from './photo.ts';
import { permanent } from './photo-bytes.ts';
import { detectPhotoFormat } from './photo-format.ts';

/**
 * Looks at a photo by its header, without decoding it: whether it is an image, which format, how large, which
 * orientation. One that breaks off after a good header passes: what it is worth is the engine's to say.
 */
export async function inspectPhoto(bytes: Buffer): Promise<InspectedPhoto | PhotoProblem> {
  if (bytes.length === 0) return permanent('photo is empty (0 bytes)');
  const format = detectPhotoFormat(bytes);
  if (format === undefined)
    return permanent(`photo is not an image that rollcall knows; it begins with ${begin(bytes)}`);
  const inspected = await readHeader(bytes, format);
  if ('problem' in inspected) return inspected;
  const { width, height } = inspected;
  if (width * height <= maxPixels) return inspected;
  const limit = maxPixels / 1_000_000;
  return permanent(
    `photo claims ${width} x ${height} pixels, more than the ${limit} million that are decoded`,
  );
}

async function readHeader(bytes: Buffer, format: PhotoFormat): Promise<InspectedPhoto | PhotoProblem> {
  if (format === 'bmp') return withoutDecoder(format, readBmpSize(bytes));
  if (format === 'heic') return withoutDecoder(format, readHeicSize(bytes));
  try {
    const header = await sharp(bytes, { limitInputPixels: false }).metadata();
    const { width, height, orientation = 1, pages = 1 } = header;
    return { format, width, height: header.pageHeight ?? height, orientation, animated: pages > 1 };
  } catch (error) {
    return permanent(
      `photo begins like a ${format} image, but its header cannot be read: ${decoderMessage(error)}`,
    );
  }
}

function withoutDecoder(format: PhotoFormat, size: PixelSize | undefined): InspectedPhoto | PhotoProblem {
  const isSized = size !== undefined && size.width > 0 && size.height > 0;
  if (!isSized) return permanent(`photo begins like a ${format} image, but its header cannot be read`);
  return { format, ...size, orientation: 1, animated: false };
}

/** Shows what is there instead: text as text, all else as hex. */
function begin(bytes: Buffer): string {
  const beginning = bytes.subarray(0, 16);
  const isText = beginning.every((byte) => byte >= 0x20 && byte < 0x7f);
  return isText ? JSON.stringify(beginning.toString('latin1')) : beginning.subarray(0, 8).toString('hex');
}
