import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { tagPhoto } from '../helpers/engine-server-tag.ts';

/** The subject of photo number `index`. */
export const subjectOf = (index: number) => `person-${String(index).padStart(5, '0')}`;

/** Fills a folder with small real JPEGs, no two alike, one a subject; `scriptOf` says what the engine answers to each. */
export async function writePhotos(
  folder: string,
  { count, scriptOf = () => 'ok' }: { count: number; scriptOf?: (index: number) => string },
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const grey = { r: 128, g: 128, b: 128 };
  const photo = await sharp({ create: { width: 64, height: 64, channels: 3, background: grey } })
    .jpeg()
    .toBuffer();
  for (let index = 1; index <= count; index += 1) {
    const bytes = tagPhoto(photo, `${scriptOf(index)}#${index}`);
    await writeFile(join(folder, `${subjectOf(index)}.jpg`), bytes);
  }
}
