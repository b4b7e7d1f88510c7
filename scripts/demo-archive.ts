import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import {
  facelessPhoto,
  facePhoto,
  facePhotoCount,
  groupPhoto,
  tinyFacePhoto,
} from '../test/helpers/face-photos.ts';

/** What the report must say of a photo. */
export interface Expected {
  readonly status: 'enrolled' | 'rejected' | 'failed';
  /** Of a rejection, the engine's. */
  readonly code?: string;
  readonly warning?: string;
}

export interface DemoArchive {
  readonly folder: string;
  readonly photos: number;
  /** By path below the folder. */
  readonly expected: ReadonlyMap<string, Expected>;
  /** SHA-256 of the group photos: an engine that does not look at faces is told to refuse them. */
  readonly groups: readonly string[];
  /** SHA-256 of photos at which such an engine is told to stumble. */
  readonly unlucky: readonly string[];
}

/** Somebody of the archive on another photo, named after who it is: seen in a mirror, smaller, in worse light. */
export async function makeVisitor(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const seen = sharp(await facePhoto(visitor))
    .flop()
    .resize(360)
    .modulate({ brightness: 0.8 });
  await seen.jpeg({ quality: 75 }).toFile(join(folder, nameOf(visitor)));
}

const visitor = 5;

/** Fills a folder with real photos: single faces, six groups, and the odd ones that every archive has. */
export async function makeDemoArchive(folder: string): Promise<DemoArchive> {
  await rm(folder, { recursive: true, force: true });
  const expected = new Map<string, Expected>();
  const put = async (path: string, bytes: Buffer, what: Expected) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
    expected.set(path, what);
    return createHash('sha256').update(bytes).digest('hex');
  };
  const singles: string[] = [];
  for (let index = 0; index < facePhotoCount; index += 1)
    singles.push(await put(nameOf(index), await facePhoto(index), { status: 'enrolled' }));
  const groups: string[] = [];
  for (const number of [1, 2, 3, 4, 5, 6]) {
    const refused = { status: 'rejected', code: '6' } as const;
    groups.push(await put(`groups/party-${number}.jpg`, await groupPhoto(number), refused));
  }
  for (const [path, bytes, what] of await oddOnes()) await put(path, bytes, what);
  return { folder, photos: expected.size, expected, groups, unlucky: singles.slice(3, 5) };
}

function nameOf(index: number): string {
  return `emp-${String(index + 1).padStart(4, '0')}.jpg`;
}

async function oddOnes(): Promise<(readonly [path: string, bytes: Buffer, what: Expected])[]> {
  const [first, second, third] = await Promise.all([0, 1, 2].map(facePhoto));
  const whole = sharp(first);
  const closer = await whole.clone().extract({ left: 40, top: 40, width: 340, height: 340 }).toBuffer();
  const darker = await sharp(closer).modulate({ brightness: 0.85 }).jpeg({ quality: 80 }).toBuffer();
  // As a camera would have taken it that was held sideways.
  const sideways = await sharp(second).rotate(270).withMetadata({ orientation: 6 }).jpeg().toBuffer();
  return [
    // One person twice: as on the first photo, closer, a little darker.
    ['emp-0101.jpg', darker, { status: 'enrolled' }],
    ['emp-0102-sideways.jpg', sideways, { status: 'enrolled', warning: 'exif-rotated' }],
    [
      'emp-0103.webp',
      await sharp(third).webp().toBuffer(),
      { status: 'enrolled', warning: 'converted-from-webp' },
    ],
    ['emp-0104-nobody.jpg', await facelessPhoto(), { status: 'rejected', code: '5' }],
    ['emp-0105-far-away.jpg', await tinyFacePhoto(), { status: 'rejected', code: '9' }],
    ['emp-0106-cut-off.jpg', await cutOff(third), { status: 'rejected', code: '4' }],
    ['emp-0107.jpg', Buffer.from('Photo to follow. Ask HR.\n'), { status: 'failed' }],
  ];
}

/** As an upload that broke off leaves it. */
async function cutOff(photo: Buffer | undefined): Promise<Buffer> {
  const bytes = await sharp(photo).jpeg().toBuffer();
  return bytes.subarray(0, bytes.length / 2);
}
