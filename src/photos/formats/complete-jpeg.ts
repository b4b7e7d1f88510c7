import type { Warning } from '../../util/warning.ts';
import type { InspectedPhoto } from '../photo.ts';
import { limitDecoders, maxPixels, sharp } from './image-decoder.ts';
import { type JpegStructure, readJpegStructure, startOfScan } from './jpeg-segments.ts';

const endMarker = Buffer.from([0xff, 0xd9]);
/** SOF2 (ITU-T T.81, table B.1). */
const progressiveFrame = 0xc2;
/** Fewer may be data. */
const fewestZeros = 4;
/** Any bits would do that are no marker. */
const otherData = Buffer.alloc(64, 0x5a);
/** Of a block of 8 x 8 pixels. */
const coefficients = 64;

/**
 * A JPEG with its end marker. Where nothing but that is missing (copies and cameras that broke off in the last moment) it
 * is added, and decoders read the picture to its last row; a picture that breaks off is left as it is. Warnings:
 * `end-marker-added`, `cut-off`.
 */
export async function completeJpeg(
  photo: Buffer,
  inspected: InspectedPhoto,
): Promise<{ readonly photo: Buffer; readonly warnings: readonly Warning[] }> {
  if (photo.subarray(-endMarker.length).equals(endMarker)) return { photo, warnings: [] };
  const structure = readJpegStructure(photo);
  if (!structure || structure.hasEnd) return { photo, warnings: [] };
  const data = withoutPadding(photo);
  const isWhole = hasAllScans(structure) && (await hasAllRows(data, inspected));
  if (!isWhole) return { photo, warnings: ['cut-off'] };
  return { photo: Buffer.concat([data, endMarker]), warnings: ['end-marker-added'] };
}

/** Without the first half of an end marker, and without the zeros that a copy which broke off is filled up with. */
function withoutPadding(photo: Buffer): Buffer {
  let end = photo.length;
  while (photo[end - 1] === 0) end -= 1;
  if (photo.length - end < fewestZeros) end = photo.length;
  return photo.subarray(0, photo[end - 1] === 0xff ? end - 1 : end);
}

/**
 * The decoder has nothing to complain of, and comes to the same picture whatever follows the data: of the last rows it does
 * not complain, but makes them up of what it finds. Not at a smaller size: then it leaves rows out.
 */
async function hasAllRows(data: Buffer, { format, width, height }: InspectedPhoto): Promise<boolean> {
  const read = async (rest: Buffer, failOn: 'warning' | 'none') => {
    const photo = Buffer.concat([data, rest, endMarker]);
    const { channels } = await sharp(photo, { failOn, limitInputPixels: maxPixels }).stats();
    return channels.map(({ sum, squaresSum }) => `${sum} ${squaresSum}`).join();
  };
  const readBoth = async () => (await read(Buffer.alloc(0), 'warning')) === (await read(otherData, 'none'));
  return limitDecoders({ format, width, height }, readBoth).catch(() => false);
}

/** Of a progressive JPEG whole scans may be missing: it would be a blurred picture, without a complaint. */
function hasAllScans({ segments }: JpegStructure): boolean {
  const frame = segments.find(({ marker }) => marker === progressiveFrame);
  if (!frame) return true;
  const components = Array.from(
    { length: frame.bytes[9] ?? 0 },
    (_, index) => frame.bytes[10 + 3 * index] ?? 0,
  );
  const exact = new Map(components.map((component) => [component, new Set<number>()]));
  for (const { marker, bytes } of segments) {
    if (marker !== startOfScan) continue;
    const count = bytes[4] ?? 0;
    const [first = 0, last = 0, bits = 0] = bytes.subarray(5 + 2 * count);
    if ((bits & 0x0f) !== 0) continue; // its lowest bits come in a later scan
    for (let index = 0; index < count; index += 1)
      for (let place = first; place <= last; place += 1) exact.get(bytes[5 + 2 * index] ?? 0)?.add(place);
  }
  return [...exact.values()].every((places) => places.size === coefficients);
}
