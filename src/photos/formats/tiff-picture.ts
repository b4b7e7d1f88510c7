import type { TiffPicture } from '../photo.ts';
import { readTiffDirectories, type TiffDirectory } from './tiff-directories.ts';

/** Tags (TIFF 6.0; DNG 1.4). */
const newSubfileType = 254;
const imageWidth = 256;
const imageLength = 257;
const photometric = 262;
const dngVersion = 50706;

const reducedBit = 1;
const maskBit = 4;
/** Colour filter array and linear raw: the data of a camera's sensor, no picture yet. */
const rawPhotometrics = [32803, 34892];

/**
 * The largest full picture of a TIFF, the first of several alike: cameras and scanners write thumbnails before it. Where
 * all are marked as reduced, the largest. Undefined where the directories cannot be read: then it is the first.
 * `raw`: a camera's raw file, of which only a preview could be read.
 */
export function chooseTiffPicture(bytes: Buffer): TiffPicture | 'raw' | undefined {
  const directories = readTiffDirectories(bytes);
  const all = directories.flatMap(({ main, sub }, page) =>
    [main, ...sub].map((directory, index) => describe(directory, { page, subifd: index - 1 })),
  );
  if (all.some(({ isRaw }) => isRaw)) return 'raw';
  const pictures = all.filter(({ isMask, pixels }) => !isMask && pixels > 0);
  const full = pictures.filter(({ isReduced }) => !isReduced);
  const [largest] = (full.length > 0 ? full : pictures).sort((a, b) => b.pixels - a.pixels);
  return largest?.picture;
}

function describe(directory: TiffDirectory, picture: TiffPicture) {
  const numberOf = (tag: number) => directory.numbers(tag)[0] ?? 0;
  return {
    picture,
    pixels: numberOf(imageWidth) * numberOf(imageLength),
    isReduced: (numberOf(newSubfileType) & reducedBit) !== 0,
    isMask: (numberOf(newSubfileType) & maskBit) !== 0,
    isRaw: rawPhotometrics.includes(numberOf(photometric)) || directory.numbers(dngVersion).length > 0,
  };
}
