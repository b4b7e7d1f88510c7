import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { tagPhoto } from './engine-server-tag.ts';

/** A small real photo, another one each time. `script`: what the engine server is to answer to it. */
export async function makePhoto(
  options: {
    format?: 'jpeg' | 'png' | 'webp';
    /** EXIF's orientation. */
    orientation?: number;
    script?: string;
  } = {},
): Promise<Buffer> {
  const { format = 'jpeg', orientation, script } = options;
  const [width, height] = [96, 128];
  const pixels = randomBytes((width / 8) * (height / 8) * 3);
  const image = sharp(pixels, { raw: { width: width / 8, height: height / 8, channels: 3 } })
    .resize(width, height)
    .toFormat(format);
  if (orientation !== undefined) image.withMetadata({ orientation });
  const photo = await image.toBuffer();
  return script === undefined ? photo : tagPhoto(photo, script);
}

/** A few hundred bytes that claim 60,000 x 60,000 pixels. */
export async function makeImageBomb(): Promise<Buffer> {
  const png = await makePhoto({ format: 'png' });
  const side = Buffer.alloc(8);
  side.writeUInt32BE(60_000, 0);
  side.writeUInt32BE(60_000, 4);
  const header = Buffer.concat([Buffer.from('IHDR'), side, png.subarray(24, 29)]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(header));
  return Buffer.concat([png.subarray(0, 12), header, checksum, png.subarray(33)]);
}

/** Writes files below a folder; a name may have folders in it. */
export async function writeFiles(
  folder: string,
  files: Readonly<Record<string, Buffer | string>>,
): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
}

/** As many ordinary photos: `p001.jpg` and so on. */
export async function writePhotos(
  folder: string,
  { count, script }: { count: number; script?: string },
): Promise<void> {
  for (let number = 1; number <= count; number += 1) {
    const name = `p${String(number).padStart(3, '0')}.jpg`;
    await writeFiles(folder, { [name]: await makePhoto(script === undefined ? {} : { script }) });
  }
}
