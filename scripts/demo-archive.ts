import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import sharp from 'sharp';

/** A face in one of the group photos: which photo, and the square around it in pixels. */
type Face = readonly [photo: number, left: number, top: number, side: number];

/** Picked by eye from the six group photos of `@vladmandic/face-api` (MIT): one person in each square. */
const faces: readonly Face[] = [
  [1, 380, 270, 340],
  [1, 780, 320, 340],
  [1, 1420, 160, 340],
  [2, 360, 30, 420],
  [2, 840, 70, 360],
  [2, 1390, 30, 400],
  [3, 530, 230, 360],
  [3, 1030, 130, 350],
  [3, 1440, 230, 340],
  [4, 220, 120, 300],
  [4, 630, 20, 300],
  [4, 960, 110, 300],
  [4, 1260, 90, 300],
  [5, 350, 790, 400],
  [5, 510, 330, 330],
  [5, 710, 30, 290],
  [5, 1080, 150, 300],
  [5, 1370, 270, 400],
  [6, 180, 380, 400],
  [6, 630, 210, 380],
  [6, 1100, 170, 350],
  [6, 1440, 160, 380],
];

export interface DemoArchive {
  readonly folder: string;
  readonly photos: number;
  /** SHA-256 of the group photos: the demo's engine is told to refuse them. */
  readonly groups: readonly string[];
  /** SHA-256 of photos at which the demo's engine is told to stumble. */
  readonly unlucky: readonly string[];
}

/** Fills a folder with real photos: single faces, six groups, and the odd ones that every archive has. */
export async function makeDemoArchive(folder: string): Promise<DemoArchive> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'groups'), { recursive: true });
  const singles = await Promise.all(faces.map(cutFace));
  await Promise.all(singles.map((photo, index) => writeFile(join(folder, nameOf(index)), photo)));
  const groups = await Promise.all([1, 2, 3, 4, 5, 6].map((number) => readFile(groupPhoto(number))));
  await Promise.all(
    groups.map((photo, index) => writeFile(join(folder, 'groups', `party-${index + 1}.jpg`), photo)),
  );
  const oddOnes = await makeOddOnes(folder, singles);
  return {
    folder,
    photos: singles.length + groups.length + oddOnes,
    groups: groups.map(sha256),
    unlucky: singles.slice(3, 5).map(sha256),
  };
}

function nameOf(index: number): string {
  return `emp-${String(index + 1).padStart(4, '0')}.jpg`;
}

/** As a camera would have taken it that was held sideways, in a format that OOTO does not take, and no photo at all. */
async function makeOddOnes(folder: string, [first, second]: readonly Buffer[]): Promise<number> {
  const sideways = await sharp(first).rotate(270).withMetadata({ orientation: 6 }).jpeg().toBuffer();
  await writeFile(join(folder, 'emp-0101-sideways.jpg'), sideways);
  await writeFile(join(folder, 'emp-0102.webp'), await sharp(second).webp().toBuffer());
  await writeFile(join(folder, 'emp-0103.jpg'), 'Photo to follow. Ask HR.\n');
  return 3;
}

function cutFace([photo, left, top, side]: Face): Promise<Buffer> {
  return sharp(groupPhoto(photo))
    .extract({ left, top, width: side, height: side })
    .jpeg({ quality: 90 })
    .toBuffer();
}

function groupPhoto(number: number): string {
  const manifest = createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json');
  return join(dirname(manifest), 'demo', `sample${number}.jpg`);
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
