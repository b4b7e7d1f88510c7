import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { nextStep } from '../../src/photos/formats/rewrite-photo.ts';
import { inspectPhoto } from '../../src/photos/inspect-photo.ts';
import type { PhotoRules, PreparationSettings } from '../../src/photos/photo.ts';
import { preparePhoto } from '../../src/photos/prepare-photo.ts';
import {
  makeAnimation,
  makeBmpHeader,
  makeHeicHeader,
  makeNoise,
  makeTwoColours,
  readSample,
} from './sample-images.ts';

const jpegAndPng: PhotoRules = { formats: ['jpeg', 'png'] };

const usual: PreparationSettings = { prepare: 'auto', stripMetadata: false };

async function prepare(photo: Buffer, rules = jpegAndPng, settings = usual) {
  const inspected = await inspectPhoto(photo);
  if ('problem' in inspected) throw new Error(inspected.problem);
  return preparePhoto({ photo, inspected, rules, settings });
}

async function prepareWell(photo: Buffer, rules = jpegAndPng, settings = usual) {
  const prepared = await prepare(photo, rules, settings);
  if ('problem' in prepared) throw new Error(prepared.problem);
  return prepared;
}

describe('byte for byte', () => {
  test.each(['jpeg', 'png'] as const)('a %s that is fine', async (format) => {
    const photo = await makeTwoColours().withMetadata({ orientation: 1 }).toFormat(format).toBuffer();
    const prepared = await prepareWell(photo);
    expect(prepared).toEqual({ bytes: photo, format, warnings: [] });
    expect(prepared.bytes).toBe(photo);
  });

  test('whatever it is, where nothing is to be prepared', async () => {
    const photo = await makeTwoColours().withMetadata({ orientation: 6 }).webp().toBuffer();
    const rules = { ...jpegAndPng, maxSizeInBytes: 10 };
    const prepared = await prepareWell(photo, rules, { ...usual, prepare: 'never' });
    expect(prepared).toEqual({ bytes: photo, format: 'webp', warnings: [] });
    expect(prepared.bytes).toBe(photo);
  });

  test('a photo that breaks off', async () => {
    const photo = (await readSample()).subarray(0, 20_000);
    expect((await prepareWell(photo)).bytes).toBe(photo);
  });
});

test.each(['webp', 'avif', 'tiff', 'gif'] as const)('%s is converted', async (format) => {
  const photo = await makeTwoColours().toFormat(format).toBuffer();
  const prepared = await prepareWell(photo);
  expect(prepared).toMatchObject({ format: 'jpeg', warnings: [`converted-from-${format}`] });
  const { width, height, chromaSubsampling, space } = await sharp(prepared.bytes).metadata();
  expect({ width, height, chromaSubsampling, space }).toEqual({
    width: 80,
    height: 40,
    chromaSubsampling: '4:4:4',
    space: 'srgb',
  });
});

test('PNG where the engine takes nothing else, JPEG where it takes no PNG', async () => {
  const png = await makeTwoColours().png().toBuffer();
  expect(await prepareWell(png, { formats: ['jpeg'] })).toMatchObject({
    format: 'jpeg',
    warnings: ['converted-from-png'],
  });
  const jpeg = await makeTwoColours().jpeg().toBuffer();
  expect(await prepareWell(jpeg, { formats: ['png'] })).toMatchObject({
    format: 'png',
    warnings: ['converted-from-jpeg'],
  });
});

test('what can be seen through is laid on white, and of several pictures the first is taken', async () => {
  const prepared = await prepareWell(await makeAnimation(['#00000000', '#0000ff']));
  expect(prepared.warnings).toEqual(['converted-from-webp', 'first-picture-only']);
  const pixels = await sharp(prepared.bytes).raw().toBuffer();
  expect(pixels.length).toBe(9 * 5 * 3);
  expect(Math.min(...pixels)).toBeGreaterThan(250);
});

test.each([
  [3, [80, 40], ['blue', 'red']],
  [6, [40, 80], ['red', 'blue']],
  [8, [40, 80], ['blue', 'red']],
] as const)('EXIF orientation %i is applied and taken out', async (orientation, size, colours) => {
  const photo = await makeTwoColours().withMetadata({ orientation }).jpeg().toBuffer();
  const prepared = await prepareWell(photo);
  expect(prepared.warnings).toEqual(['exif-rotated']);
  const { data, info } = await sharp(prepared.bytes).raw().toBuffer({ resolveWithObject: true });
  const colourAt = (pixel: number) => ((data[pixel * 3] ?? 0) > 128 ? 'red' : 'blue');
  expect([info.width, info.height]).toEqual(size);
  expect([colourAt(0), colourAt(info.width * info.height - 1)]).toEqual(colours);
  expect(await inspectPhoto(prepared.bytes)).toMatchObject({ orientation: 1 });
});

describe('a body that is too large', () => {
  test('fits after less quality, where that is enough', async () => {
    const photo = await makeNoise(400, 300).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer();
    const at92 = await sharp(photo).jpeg({ quality: 92, chromaSubsampling: '4:4:4' }).toBuffer();
    const prepared = await prepareWell(photo, { ...jpegAndPng, maxSizeInBytes: at92.length - 1000 });
    expect(prepared.warnings).toEqual(['recompressed']);
    expect(await inspectPhoto(prepared.bytes)).toMatchObject({ width: 400, height: 300 });
  });

  test.each([200_000, 50_000, 10_000])(
    'is scaled down until it fits into %i bytes',
    async (maxSizeInBytes) => {
      const prepared = await prepareWell(await readSample(), {
        ...jpegAndPng,
        maxSizeInBytes: maxSizeInBytes / 2,
      });
      expect(prepared.bytes.length).toBeLessThanOrEqual(maxSizeInBytes / 2);
      expect(prepared.bytes.length).toBeGreaterThan(maxSizeInBytes / 8);
    },
  );

  test('fits as PNG, too', async () => {
    const photo = await makeNoise(300, 300).png().toBuffer();
    const prepared = await prepareWell(photo, { formats: ['png'], maxSizeInBytes: 100_000 });
    expect(prepared).toMatchObject({ format: 'png', warnings: ['scaled-down'] });
    expect(prepared.bytes.length).toBeLessThanOrEqual(100_000);
  });

  test('is a problem where no face would be left of it', async () => {
    expect(await prepare(await readSample(), { ...jpegAndPng, maxSizeInBytes: 300 })).toEqual({
      problem: 'photo cannot be made smaller than the 300 bytes that the engine takes',
      retryable: false,
    });
  });
});

test('each step is smaller than the one before', () => {
  const size = fc.integer({ min: 1, max: 1e9 });
  const step = fc.record({
    quality: fc.constantFrom(92, 85),
    scale: fc.double({ min: 0.01, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(
      step,
      size,
      size,
      fc.constantFrom('jpeg' as const, 'png' as const),
      (before, one, other, format) => {
        fc.pre(one !== other);
        const sizes = { sizeInBytes: Math.max(one, other), maxSizeInBytes: Math.min(one, other) };
        const next = nextStep({ step: before, ...sizes, format });
        expect(
          next.scale < before.scale || (next.scale === before.scale && next.quality < before.quality),
        ).toBe(true);
      },
    ),
  );
});

describe('what cannot be prepared is a problem', () => {
  test('HEIC and BMP that are no more than a header', async () => {
    for (const [format, photo] of [
      ['heic', makeHeicHeader(4032, 3024)],
      ['bmp', makeBmpHeader(640, 480)],
    ] as const) {
      expect(await prepare(photo)).toEqual({
        problem: expect.stringMatching(`^photo is a ${format} image that cannot be decoded: .`),
        retryable: false,
      });
    }
  });

  test('a photo that breaks off and would have to be decoded', async () => {
    const photo = await makeNoise(300, 300).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    expect(await prepare(photo.subarray(0, photo.length / 2))).toEqual({
      problem: expect.stringContaining('is a jpeg image that cannot be decoded'),
      retryable: false,
    });
  });
});

test('many at a time end well', async () => {
  const photo = await makeNoise(600, 400).webp().toBuffer();
  const prepared = await Promise.all(Array.from({ length: 12 }, () => prepareWell(photo)));
  expect(new Set(prepared.map(({ bytes }) => bytes.length)).size).toBe(1);
});
