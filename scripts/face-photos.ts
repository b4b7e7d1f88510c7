import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { facePhoto, facePhotoCount } from '../test/helpers/face-photos.ts';

/** A real photo out of a package, and how many faces a person counts in it. */
export interface FacePhoto {
  readonly name: string;
  readonly kind: 'one face' | 'one sharp face' | 'a group' | 'no face';
  readonly faces: number;
  readonly bytes: Buffer;
}

const { resolve } = createRequire(import.meta.url);
const tabler = join(dirname(resolve('tabler-ui/package.json')), 'dist', 'demo');
const faceApi = join(dirname(resolve('@vladmandic/face-api/package.json')), 'demo');

/** Photos of one face, 128 pixels a side, as large as a photo for a badge would be; one of them is a toy's head. */
export async function singlePhotos(): Promise<FacePhoto[]> {
  const photos: FacePhoto[] = [];
  for (const folder of ['female', 'male']) {
    for (const name of await imagesIn(join(tabler, 'faces', folder))) {
      const small = await readFile(join(tabler, 'faces', folder, name));
      const bytes = await sharp(small).resize(512, 512).jpeg({ quality: 95 }).toBuffer();
      const faces = `${folder}/${name}` === 'male/18.jpg' ? 0 : 1;
      photos.push({ name: `${folder}/${name}`, kind: 'one face', faces, bytes });
    }
  }
  return photos;
}

/** A face each, cut out of the groups and as large as a camera makes it: 9 megapixels. */
export async function sharpPhotos(): Promise<FacePhoto[]> {
  const indexes = Array.from({ length: facePhotoCount }, (_, index) => index);
  return Promise.all(
    indexes.map(async (index) => {
      const bytes = await sharp(await facePhoto(index))
        .resize(3000, 3000)
        .jpeg({ quality: 90 })
        .toBuffer();
      return { name: `face ${index}`, kind: 'one sharp face' as const, faces: 1, bytes };
    }),
  );
}

export async function groupPhotos(): Promise<FacePhoto[]> {
  const counts = [3, 3, 3, 4, 5, 4];
  return Promise.all(
    counts.map(async (faces, index) => {
      const name = `sample${index + 1}.jpg`;
      return { name, kind: 'a group' as const, faces, bytes: await readFile(join(faceApi, name)) };
    }),
  );
}

/** Landscapes, animals, people from behind and from afar. */
export async function emptyPhotos(): Promise<FacePhoto[]> {
  const names = (await imagesIn(join(tabler, 'photos'))).filter((name) => name.endsWith('-1500.jpg'));
  return Promise.all(
    names.map(async (name) => {
      const bytes = await readFile(join(tabler, 'photos', name));
      return { name, kind: 'no face' as const, faces: 0, bytes };
    }),
  );
}

async function imagesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names.filter((name) => name.endsWith('.jpg')).sort();
}

/** What happens to a photo between two takes, as far as it can be made up: the person, pose and day stay the same. */
export const changes: Readonly<Record<string, (image: Sharp) => Sharp>> = {
  darker: (image) => image.modulate({ brightness: 0.6 }),
  'half the size': (image) => image.resize(256, 256),
  'JPEG quality 30': (image) => image.jpeg({ quality: 30 }),
  'leaning by 12 degrees': (image) => image.rotate(12, { background: '#808080' }),
  'on its side (90 degrees)': (image) => image.rotate(90),
  mirrored: (image) => image.flop(),
  cropped: (image) => image.extract({ left: 30, top: 20, width: 452, height: 452 }),
  grey: (image) => image.greyscale(),
};

export async function changePhoto(photo: FacePhoto, change: (image: Sharp) => Sharp): Promise<Buffer> {
  const image = change(sharp(photo.bytes));
  return image.jpeg({ quality: 92, force: false }).toBuffer();
}
