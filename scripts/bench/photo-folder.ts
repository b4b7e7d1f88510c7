import { link, mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import sharp from 'sharp';

/** A file system allows a file so many names at least. */
const namesOfAFile = 1_000;

/**
 * Fills a folder with JPEG files of a size, named after it: nobody is in two of them. Many names share one file, so that they
 * take no room and are in memory.
 */
export async function fillFolder(
  folder: string,
  { photos, sizeInBytes }: { photos: number; sizeInBytes: number },
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const photo = withComments(await makePhoto(sizeInBytes), sizeInBytes);
  let first = '';
  for (let number = 0; number < photos; number += 1) {
    const path = join(folder, `${basename(folder)}-${String(number).padStart(7, '0')}.jpg`);
    if (number % namesOfAFile === 0) {
      first = path;
      await writeFile(path, photo);
    } else await link(first, path);
  }
}

/** Noise, as large as it may be without being larger than that in bytes. */
function makePhoto(sizeInBytes: number): Promise<Buffer> {
  const side = Math.max(16, Math.round(Math.sqrt(2 * sizeInBytes)));
  const noise = { type: 'gaussian', mean: 128, sigma: 12 } as const;
  return sharp({ create: { width: side, height: side, channels: 3, background: '#808080', noise } })
    .jpeg({ quality: 80 })
    .toBuffer();
}

/** Comments behind its first two bytes make it that large. */
function withComments(photo: Buffer, sizeInBytes: number): Buffer {
  const pieces = [photo.subarray(0, 2)];
  for (let left = sizeInBytes - photo.length; left > 4; left -= 60_000) {
    const length = Math.min(left, 60_000) - 2;
    const comment = Buffer.alloc(length + 2, ' ');
    comment.writeUInt16BE(0xfffe, 0);
    comment.writeUInt16BE(length, 2);
    pieces.push(comment);
  }
  return Buffer.concat([...pieces, photo.subarray(2)]);
}
