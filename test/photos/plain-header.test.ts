import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readJpegHeader } from '../../src/photos/formats/jpeg-header.ts';
import { readPngHeader } from '../../src/photos/formats/png-header.ts';
import { readByDecoder } from '../../src/photos/inspect-photo.ts';
import { orLong } from '../helpers/long.ts';
import { makeRestarting, segment, withExif, withFillBytes, withSegments } from './jpeg-files.ts';
import { changes, mutate } from './mutated-files.ts';
import { makeAnimatedPng, pngChunk, withChunks } from './png-files.ts';
import { makeQuarters } from './quarters.ts';
import { readSample } from './sample-images.ts';

const jpeg = () => makeQuarters().jpeg().toBuffer();
const png = () => makeQuarters().png().toBuffer();
const grey = () => makeQuarters().toColourspace('b-w');

/** What the header of most photos says, and what libvips says of the same bytes. */
async function readBoth(photo: Buffer) {
  const format = photo[0] === 0x89 ? 'png' : 'jpeg';
  const plain = format === 'png' ? readPngHeader(photo) : readJpegHeader(photo);
  const byDecoder = await readByDecoder(photo, format);
  return { plain: plain && { format, ...plain, animated: false }, byDecoder };
}

const plainPhotos: readonly (readonly [string, () => Promise<Buffer>])[] = [
  ['baseline', jpeg],
  ['progressive', () => makeQuarters().jpeg({ progressive: true }).toBuffer()],
  ['4:4:4', () => makeQuarters().jpeg({ chromaSubsampling: '4:4:4' }).toBuffer()],
  ['grey', () => grey().jpeg().toBuffer()],
  ['with a colour profile', () => makeQuarters().withIccProfile('p3').jpeg().toBuffer()],
  [
    'with EXIF',
    () =>
      makeQuarters()
        .withExif({ IFD0: { Make: 'camera' } })
        .jpeg()
        .toBuffer(),
  ],
  ['with XMP', async () => withSegments(await jpeg(), [segment(0xe1, 'http://ns.adobe.com/xap/1.0/\0<x/>')])],
  ['with restart markers', makeRestarting],
  ['with fill bytes', async () => withFillBytes(await jpeg())],
  ['PNG', png],
  ['PNG, grey with alpha', () => grey().ensureAlpha().png().toBuffer()],
  ['PNG, interlaced', () => makeQuarters().png({ progressive: true }).toBuffer()],
  ['PNG with a colour profile', () => makeQuarters().withIccProfile('p3').png().toBuffer()],
  ...[1, 2, 3, 4, 5, 6].map(
    (number) => [`sample${number}.jpg`, () => readSample(`sample${number}.jpg`)] as const,
  ),
  ...[1, 2, 3, 4, 5, 6, 7, 8].map(
    (orientation) => [`orientation ${orientation}`, async () => withExif(await jpeg(), orientation)] as const,
  ),
];

const otherPhotos: readonly (readonly [string, () => Promise<Buffer>])[] = [
  ['CMYK', () => makeQuarters().toColourspace('cmyk').jpeg().toBuffer()],
  ['several pictures', async () => withSegments(await jpeg(), [segment(0xe2, 'MPF\0II*\0')])],
  ['two EXIF', async () => withExif(withExif(await jpeg(), 6), 3)],
  ['an orientation that there is not', async () => withExif(await jpeg(), 9)],
  ['no scan', async () => (await jpeg()).subarray(0, 200)],
  ['PNG with a palette', () => makeQuarters().png({ palette: true }).toBuffer()],
  ['PNG with 16 bits', () => makeQuarters().toColourspace('rgb16').png().toBuffer()],
  ['PNG with EXIF', () => makeQuarters().withMetadata({ orientation: 6 }).png().toBuffer()],
  ['PNG with text', async () => withChunks(await png(), [pngChunk('tEXt', 'Comment\0x')], [])],
  ['PNG that moves', async () => makeAnimatedPng(await png())],
  ['PNG that breaks off', async () => (await png()).subarray(0, -30)],
];

test.each(plainPhotos)('is read as libvips reads it: %s', async (_, make) => {
  const { plain, byDecoder } = await readBoth(await make());
  expect(plain).toBeDefined();
  expect(plain).toEqual(byDecoder);
});

test.each(otherPhotos)('is left to libvips: %s', async (_, make) => {
  expect((await readBoth(await make())).plain).toBe(undefined);
});

test('whatever is changed in a file, what is read of it is what libvips reads', async () => {
  const photos = new Map<string, Buffer>();
  for (const [name, make] of [...plainPhotos, ...otherPhotos]) photos.set(name, await make());
  const small = [...photos.keys()].filter((name) => (photos.get(name)?.length ?? 0) < 20_000);
  let plainOnes = 0;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...small), changes, fc.boolean(), async (name, changes, isSealed) => {
      const photo = mutate(photos.get(name) ?? Buffer.alloc(0), { changes, isSealed });
      const { plain, byDecoder } = await readBoth(photo);
      if (plain === undefined) return;
      plainOnes += 1;
      expect(plain).toEqual(byDecoder);
    }),
    { numRuns: orLong(2_000, 100_000) },
  );
  // Else it would say little.
  expect(plainOnes).toBeGreaterThan(orLong(400, 20_000));
});
