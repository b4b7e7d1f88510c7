import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { stripMetadata } from '../../src/photos/formats/strip-metadata.ts';
import { inspectPhoto } from '../../src/photos/inspect-photo.ts';
import { preparePhoto } from '../../src/photos/prepare-photo.ts';
import { randomInputs } from '../helpers/long.ts';
import { makeRestarting, segment, withFillBytes, withSegments } from './jpeg-files.ts';
import { makeAnimatedPng, pngChunk, withChunks } from './png-files.ts';
import { makeQuarters, nameQuarters } from './quarters.ts';
import { expectNoMetadata, readMetadata } from './read-metadata.ts';
import { readSample } from './sample-images.ts';

const canary = 'CANARY-52.52N-13.40E';

/** The pixels, exactly; undefined where they cannot be decoded. */
const pixelsOf = (photo: Buffer) =>
  sharp(photo, { failOn: 'none' })
    .raw()
    .toBuffer()
    .catch(() => undefined);

/** What comes out has the same pixels and no metadata. */
async function strip(photo: Buffer, format: 'jpeg' | 'png'): Promise<Buffer> {
  const stripped = stripMetadata(photo, format);
  if (stripped === undefined) throw new Error('its structure was not understood');
  expect(stripped.includes('CANARY')).toBe(false);
  await expectNoMetadata(stripped);
  const [before, after] = [await pixelsOf(photo), await pixelsOf(stripped)];
  expect(after).toBeDefined();
  expect(after?.equals(before ?? Buffer.alloc(0))).toBe(true);
  expect(stripMetadata(stripped, format)?.equals(stripped)).toBe(true);
  return stripped;
}

/** From the first scan to the end. */
const scansOf = (jpeg: Buffer) => jpeg.subarray(jpeg.indexOf(Buffer.from([0xff, 0xda])));

const exif = { IFD0: { Make: canary }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '52/1 31/1 12/1' } };

describe('a JPEG', () => {
  test.each([1, 2, 3, 4, 5, 6])('of a camera, with its position: sample%i.jpg', async (number) => {
    const photo = await readSample(`sample${number}.jpg`);
    expect(await readMetadata(photo)).toBeDefined();
    const stripped = await strip(photo, 'jpeg');
    expect(photo.includes(scansOf(stripped))).toBe(true);
  });

  test('with all that programs put into it, and a film behind it', async () => {
    const plain = await makeQuarters().jpeg({ quality: 90 }).toBuffer();
    const segments = [
      segment(0xe1, `http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>${canary}</x:xmpmeta>`),
      segment(0xe0, `JFXX\0\x10${canary}`),
      segment(0xe2, `MPF\0${canary}`),
      segment(0xe5, canary),
      segment(0xeb, `JP${canary}`),
      segment(0xed, `Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x19\x1c\x02\x5a\0\x14${canary}`),
      segment(0xfe, canary),
    ];
    const film = Buffer.from(`\0\0\0\x18ftypmp42${canary}`, 'latin1');
    expect((await strip(withSegments(plain, segments, film), 'jpeg')).equals(plain)).toBe(true);
  });

  test('a thumbnail in JFIF goes, its density stays', async () => {
    const jfif = (thumbnail: string) => segment(0xe0, `JFIF\0\x01\x01\x01\0\x48\0\x48${thumbnail}`);
    const bare = await makeQuarters().jpeg().toBuffer();
    const plain = withSegments(bare, [jfif('\0\0')]);
    const photo = withSegments(bare, [jfif('\x02\x01CANARY')]);
    expect((await strip(photo, 'jpeg')).equals(plain)).toBe(true);
  });

  test.each([
    ['progressive', () => makeQuarters().jpeg({ progressive: true })],
    ['with a colour profile', () => makeQuarters().withIccProfile('p3').jpeg()],
    ['in CMYK', () => makeQuarters().toColourspace('cmyk').jpeg()],
    ['grey', () => makeQuarters().greyscale().toColourspace('b-w').jpeg()],
  ] as const)('%s', async (_, make) => {
    const photo = await make().withExif(exif).toBuffer();
    const stripped = await strip(photo, 'jpeg');
    expect(stripped.length).toBeLessThan(photo.length);
    expect(photo.includes(scansOf(stripped))).toBe(true);
    const [before, after] = [await sharp(photo).metadata(), await sharp(stripped).metadata()];
    const { space, isProgressive, channels, icc } = before;
    expect(after).toMatchObject({ space, isProgressive, channels });
    expect(after.icc?.equals(icc ?? Buffer.alloc(0))).toBe(icc === undefined ? undefined : true);
  });

  test('with restart markers, and with fill bytes', async () => {
    const photo = await makeRestarting();
    const pixels = await sharp(photo).toColourspace('b-w').raw().toBuffer();
    expect([pixels[0], pixels[15]]).toEqual([0, 255]);
    const stripped = await strip(withSegments(photo, [segment(0xfe, canary)]), 'jpeg');
    expect(stripped.equals(photo)).toBe(true);
    const filled = withFillBytes(withSegments(photo, [segment(0xfe, canary)]));
    expect((await strip(filled, 'jpeg')).equals(photo)).toBe(true);
  });

  test('that breaks off in its picture stays one', async () => {
    const photo = await readSample();
    const stripped = stripMetadata(photo.subarray(0, 60_000), 'jpeg');
    expect(photo.subarray(0, 60_000).includes(scansOf(stripped ?? photo))).toBe(true);
    expect(await readMetadata(stripped ?? photo)).toBeUndefined();
  });

  test.each([
    ['a length that leads out of the file', [Buffer.from([0xff, 0xe1, 0xff, 0xff])]],
    ['a length of 1', [Buffer.from([0xff, 0xe1, 0, 1])]],
    ['bytes between segments', [Buffer.from('CANARY')]],
    ['a second beginning', [Buffer.from([0xff, 0xd8])]],
    ['a marker that nobody knows', [segment(0x02, 'CANARY')]],
    ['an early end', [Buffer.from([0xff, 0xd9])]],
  ])('with %s is not understood', async (_, segments) => {
    expect(stripMetadata(withSegments(await makeQuarters().jpeg().toBuffer(), segments), 'jpeg')).toBe(
      undefined,
    );
  });
});

describe('a PNG', () => {
  const ancillary = [
    pngChunk('tEXt', `Comment\0${canary}`),
    pngChunk('zTXt', `Comment\0\0${canary}`),
    pngChunk('iTXt', `XML:com.adobe.xmp\0\0\0\0\0${canary}`),
    pngChunk('tIME', '\x07\xe6\x0b\x16\0\0\0'),
    pngChunk('caBX', canary),
  ];

  test('with all that programs put into it, before and behind its picture, and behind its end', async () => {
    const photo = await makeQuarters().withExif(exif).png().toBuffer();
    const plain = await makeQuarters().png().toBuffer();
    const tagged = Buffer.concat([withChunks(photo, ancillary, ancillary), Buffer.from(canary)]);
    expect((await strip(tagged, 'png')).equals(await strip(plain, 'png'))).toBe(true);
  });

  test('keeps what its picture and colours need', async () => {
    const palette = await makeQuarters().png({ palette: true }).toBuffer();
    const seeThrough = await sharp({ create: { width: 5, height: 5, channels: 4, background: '#f008' } })
      .png({ palette: true })
      .toBuffer();
    const deep = await makeQuarters().toColourspace('rgb16').withIccProfile('p3').png().toBuffer();
    for (const photo of [palette, seeThrough, deep]) {
      const stripped = await strip(withChunks(photo, ancillary, []), 'png');
      for (const type of ['PLTE', 'tRNS', 'iCCP']) expect(stripped.includes(type)).toBe(photo.includes(type));
    }
    expect(seeThrough.includes('tRNS') && deep.includes('iCCP')).toBe(true);
  });

  test('that moves: its first picture', async () => {
    const stripped = await strip(makeAnimatedPng(await makeQuarters().png().toBuffer()), 'png');
    expect(stripped.includes('acTL') || stripped.includes('fdAT')).toBe(false);
  });

  test('that breaks off in its picture stays one', async () => {
    const noise = await sharp(await readSample('sample2.jpg'))
      .resize(300)
      .png()
      .toBuffer();
    const photo = withChunks(noise, ancillary, []);
    const stripped = stripMetadata(photo.subarray(0, photo.length / 2), 'png');
    expect(stripped?.includes('CANARY')).toBe(false);
    expect(photo.subarray(0, photo.length / 2).includes(stripped?.subarray(-1000) ?? '')).toBe(true);
  });

  test.each([
    ['no header', (png: Buffer) => Buffer.concat([png.subarray(0, 8), png.subarray(33)])],
    ['two headers', (png: Buffer) => withChunks(png, [png.subarray(8, 33)], [])],
    ['a critical chunk that nobody knows', (png: Buffer) => withChunks(png, [pngChunk('CgBI', '')], [])],
    ['a type that is none', (png: Buffer) => withChunks(png, [pngChunk('t1ME', '')], [])],
    ['no picture', (png: Buffer) => png.subarray(0, 33)],
  ])('with %s is not understood', async (_, spoil) => {
    expect(stripMetadata(spoil(await makeQuarters().png().toBuffer()), 'png')).toBe(undefined);
  });
});

describe('--strip-metadata', () => {
  const prepare = async (photo: Buffer, maxSizeInBytes?: number) => {
    const inspected = await inspectPhoto(photo);
    if ('problem' in inspected) return inspected;
    const rules = { formats: ['jpeg', 'png'] as const, ...(maxSizeInBytes && { maxSizeInBytes }) };
    return preparePhoto({ photo, inspected, rules, settings: { prepare: 'auto', stripMetadata: true } });
  };

  test('says what it took out, and nothing where there was nothing', async () => {
    const plain = await makeQuarters().jpeg().toBuffer();
    expect(await prepare(plain)).toEqual({ bytes: plain, format: 'jpeg', warnings: [] });
    const photo = await makeQuarters().withExif(exif).jpeg().toBuffer();
    expect(await prepare(photo)).toMatchObject({ format: 'jpeg', warnings: ['metadata-stripped'] });
  });

  test('a photo that fits without its film is not encoded anew', async () => {
    const plain = await makeQuarters().jpeg().toBuffer();
    const photo = Buffer.concat([plain, Buffer.alloc(100_000)]);
    expect(await prepare(photo, 50_000)).toEqual({
      bytes: plain,
      format: 'jpeg',
      warnings: ['metadata-stripped'],
    });
  });

  test('a photo whose structure is not understood is encoded anew, or a problem', async () => {
    const photo = withSegments(await makeQuarters().jpeg().toBuffer(), [
      segment(0xfe, canary),
      Buffer.from(canary),
    ]);
    const prepared = await prepare(photo);
    if ('problem' in prepared) throw new Error(prepared.problem);
    expect(prepared.warnings).toEqual(['metadata-stripped', 'recompressed']);
    expect(prepared.bytes.includes(canary)).toBe(false);
    expect(await nameQuarters(prepared.bytes, 20)).toBe('rbgy');
    const unknown = withSegments(await makeQuarters().jpeg().toBuffer(), [segment(0x02, canary)]);
    expect(await prepare(unknown)).toMatchObject({ problem: expect.stringContaining('cannot be') });
  });
});

test('no bytes make it throw, and what comes out is the same picture', async () => {
  const jpeg = withSegments(await makeQuarters().withExif(exif).jpeg().toBuffer(), [segment(0xfe, canary)]);
  const png = withChunks(await makeQuarters().png().toBuffer(), [pngChunk('tEXt', canary)], []);
  const change = fc.record({ at: fc.nat(), to: fc.nat({ max: 255 }), isCut: fc.nat({ max: 20 }) });
  const spoilt = fc.tuple(
    fc.constantFrom('jpeg' as const, 'png' as const),
    fc.array(change, { maxLength: 4 }),
  );
  await fc.assert(
    fc.asyncProperty(spoilt, async ([format, changes]) => {
      let photo = Buffer.from(format === 'jpeg' ? jpeg : png);
      for (const { at, to, isCut } of changes) {
        photo[at % photo.length] = to;
        if (isCut === 0) photo = photo.subarray(0, at % photo.length);
      }
      const stripped = stripMetadata(photo, format);
      if (stripped === undefined) return;
      const [before, after] = [await pixelsOf(photo), await pixelsOf(stripped)];
      if (before !== undefined) expect(after?.equals(before)).toBe(true);
    }),
    { numRuns: randomInputs(200) },
  );
  const anything = fc.tuple(
    fc.constantFrom('', '\xff\xd8', '\x89PNG\r\n\x1a\n'),
    fc.uint8Array({ maxLength: 60 }),
  );
  fc.assert(
    fc.property(anything, ([beginning, rest]) => {
      const bytes = Buffer.concat([Buffer.from(beginning, 'latin1'), rest]);
      for (const format of ['jpeg', 'png'] as const) stripMetadata(bytes, format);
    }),
    { numRuns: randomInputs(800) },
  );
});
