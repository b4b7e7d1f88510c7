import { openTiff } from './tiff-directories.ts';

const head = 'Exif\0\0';
/** Tag and type (TIFF 6.0, section 8). */
const orientationTag = 0x0112;
const short = 3;

/**
 * The orientation, 1 to 8, in an APP1 segment that begins with "Exif"; 1 where it names none. Undefined where readers may
 * differ: another type, another number, the tag twice, a directory that breaks off.
 */
export function readExifOrientation(exif: Buffer): number | undefined {
  const file =
    exif.toString('latin1', 0, head.length) === head ? openTiff(exif.subarray(head.length)) : undefined;
  const count = file?.number(file.first, 2);
  if (!file || count === undefined || file.first + 2 + count * 12 > file.sizeInBytes) return undefined;
  let orientation: number | undefined;
  for (let entry = file.first + 2; entry < file.first + 2 + count * 12; entry += 12) {
    if (file.number(entry, 2) !== orientationTag) continue;
    const isUsual = file.number(entry + 2, 2) === short && file.number(entry + 4, 4) === 1;
    const value = file.number(entry + 8, 2) ?? 0;
    if (!isUsual || value < 1 || value > 8 || orientation !== undefined) return undefined;
    orientation = value;
  }
  return orientation ?? 1;
}
