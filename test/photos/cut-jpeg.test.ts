import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { inspectPhoto } from '../../src/photos/inspect-photo.ts';
import { preparePhoto } from '../../src/photos/prepare-photo.ts';
import { orLong } from '../helpers/long.ts';
import { segment, withExif, withSegments } from './jpeg-files.ts';
import { makeQuarters, nameQuarters, quartersOf } from './quarters.ts';

async function prepare(photo: Buffer) {
  const inspected = await inspectPhoto(photo);
  if ('problem' in inspected) throw new Error(inspected.problem);
  const settings = { prepare: 'auto', stripMetadata: false } as const;
  return preparePhoto({ photo, inspected, rules: { formats: ['jpeg', 'png'] }, settings });
}

async function prepareWell(photo: Buffer) {
  const prepared = await prepare(photo);
  if ('problem' in prepared) throw new Error(prepared.problem);
  return prepared;
}

const makers = {
  baseline: () => makeQuarters().jpeg({ quality: 95 }).toBuffer(),
  progressive: () => makeQuarters().jpeg({ quality: 95, progressive: true }).toBuffer(),
  'of printers': () => makeQuarters().toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer(),
  grey: () => makeQuarters().toColourspace('b-w').jpeg({ quality: 95 }).toBuffer(),
  'with a comment': async () => withSegments(await makers.baseline(), [segment(0xfe, 'no end')]),
};
const kinds = Object.entries(makers);
const pixelsOf = (photo: Buffer) => sharp(photo, { failOn: 'none' }).raw().toBuffer();

describe('a JPEG that only lacks its end marker', () => {
  test.each(kinds)('is sent with one: %s', async (kind, make) => {
    const whole = await make();
    for (const lost of [2, 1]) {
      const { bytes, warnings } = await prepareWell(whole.subarray(0, whole.length - lost));
      expect(warnings[0]).toBe('end-marker-added');
      if (kind !== 'of printers') expect(bytes).toEqual(whole);
    }
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('is turned upright: EXIF orientation %i', async (orientation) => {
    for (const [kind, make] of kinds) {
      const { bytes, warnings } = await prepareWell(withExif(await make(), orientation).subarray(0, -2));
      expect(warnings).toEqual([
        'end-marker-added',
        ...(orientation === 1 ? [] : ['exif-rotated']),
        ...(kind === 'of printers' ? ['converted-to-srgb'] : []),
      ]);
      // Blue and green of printers are others.
      const [seen, expected = ''] = [await nameQuarters(bytes, 90), quartersOf[orientation]];
      if (kind === 'of printers') expect(seen, kind).toBe(expected.replace(/[bg]/g, '?'));
      else if (kind !== 'grey') expect(seen, kind).toBe(expected);
    }
  });

  test('is left as it is with --prepare never', async () => {
    const photo = withExif(await makers.baseline(), 6).subarray(0, -2);
    const inspected = await inspectPhoto(photo);
    if ('problem' in inspected) throw new Error(inspected.problem);
    const settings = { prepare: 'never', stripMetadata: false } as const;
    const prepared = await preparePhoto({ photo, inspected, rules: { formats: ['jpeg'] }, settings });
    expect(prepared).toEqual({ bytes: photo, format: 'jpeg', warnings: [] });
  });
});

describe('a JPEG that is cut off', () => {
  test.each(kinds)('is never taken for whole, wherever it is cut: %s', async (_, make) => {
    const whole = await make();
    const turned = withExif(whole, 6);
    const pixels = await pixelsOf(whole);
    const data = whole.length - whole.indexOf(Buffer.from([0xff, 0xda])) - 40;
    const step = orLong(Math.ceil(data / 5), 1);
    const cuts = [
      3,
      4,
      5,
      6,
      8,
      10,
      20,
      ...Array.from({ length: Math.floor(data / step) }, (_, n) => n * step),
    ];
    let refused = 0;
    for (const lost of cuts.filter((cut) => cut > 2)) {
      const photo = whole.subarray(0, whole.length - lost);
      const { bytes, warnings } = await prepareWell(photo).catch(() => ({
        bytes: photo,
        warnings: ['refused'],
      }));
      if (warnings[0] === 'end-marker-added') {
        if (!warnings.includes('converted-to-srgb')) expect(await pixelsOf(bytes), `${lost}`).toEqual(pixels);
      } else {
        refused += 1;
        expect(bytes, `${lost}`).toBe(photo);
        const other = await prepare(turned.subarray(0, turned.length - lost));
        expect(other, `${lost}`).toHaveProperty('problem', expect.stringContaining('cannot be decoded'));
      }
    }
    expect(refused).toBeGreaterThan(5);
  });

  test('between two scans of a progressive picture, which no decoder complains of', async () => {
    const whole = await makers.progressive();
    const starts: number[] = [];
    for (let at = whole.indexOf(Buffer.from([0xff, 0xda])); at !== -1; ) {
      starts.push(at);
      at = whole.indexOf(Buffer.from([0xff, 0xda]), at + 1);
    }
    expect(starts.length).toBeGreaterThan(3);
    for (const start of starts.slice(1)) {
      // Its table comes before it.
      const table = whole.lastIndexOf(Buffer.from([0xff, 0xc4]), start);
      const photo = whole.subarray(0, table > (starts[0] ?? 0) ? table : start);
      expect((await prepareWell(photo)).warnings).toEqual(['cut-off']);
    }
  });

  test('and filled up with zeros, as a copy that broke off', async () => {
    const whole = await makers.baseline();
    const scan = whole.lastIndexOf(Buffer.from([0xff, 0xda]));
    const half = Math.floor((scan + whole.length) / 2);
    const photo = Buffer.concat([whole.subarray(0, half), Buffer.alloc(whole.length - half)]);
    expect(await prepareWell(photo)).toEqual({ bytes: photo, format: 'jpeg', warnings: ['cut-off'] });
  });
});
