import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import sharp from 'sharp';

/** A face in one of the group photos: which photo, and the square around it in pixels. */
type Face = readonly [photo: number, left: number, top: number, side: number];

/** One person in each square, cut out of the six group photos of `@vladmandic/face-api` (MIT). */
const faces: readonly Face[] = [
  [1, 300, 270, 410],
  [1, 740, 330, 390],
  [1, 1370, 110, 410],
  [2, 780, 140, 390],
  [2, 1340, 70, 410],
  [3, 450, 230, 460],
  [3, 930, 110, 500],
  [3, 1360, 190, 480],
  [4, 530, 0, 450],
  [4, 880, 100, 390],
  [5, 160, 710, 600],
  [5, 470, 330, 420],
  [5, 650, 0, 430],
  [5, 990, 120, 400],
  [5, 1220, 250, 540],
  [6, 110, 360, 500],
  [6, 500, 210, 520],
  [6, 1040, 210, 470],
  [6, 1340, 150, 510],
];

export const facePhotoCount = faces.length;

/** A photo of one person, 390 to 600 pixels wide; the same number is the same photo, another one another person. */
export async function facePhoto(index: number): Promise<Buffer> {
  const face = faces[index];
  if (face === undefined) throw new Error(`there are ${faces.length} faces`);
  const [photo, left, top, side] = face;
  return sharp(await groupPhoto(photo))
    .extract({ left, top, width: side, height: side })
    .jpeg({ quality: 90 })
    .toBuffer();
}

/** The photos of three to five people each: 1 to 6. */
export function groupPhoto(number: number): Promise<Buffer> {
  const manifest = createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json');
  return readFile(join(dirname(manifest), 'demo', `sample${number}.jpg`));
}

/** A table, flowers, a wall: a piece of a photo without a face. */
export async function facelessPhoto(): Promise<Buffer> {
  return sharp(await groupPhoto(1))
    .extract({ left: 0, top: 900, width: 360, height: 360 })
    .jpeg()
    .toBuffer();
}

/** The face of photo 0, too small to be told from others. */
export async function tinyFacePhoto(): Promise<Buffer> {
  const small = await sharp(await facePhoto(0))
    .resize(60)
    .toBuffer();
  return sharp({ create: { width: 300, height: 300, channels: 3, background: '#888' } })
    .composite([{ input: small, left: 120, top: 120 }])
    .jpeg({ quality: 95 })
    .toBuffer();
}
