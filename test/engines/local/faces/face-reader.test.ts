import { createRequire } from 'node:module';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FaceReader, PhotoReading, ReadFaces } from '../../../../src/engines/local/faces/face-reader.ts';
import { similarityOf } from '../../../../src/engines/local/faces/similarity.ts';
import { type CompiledSource, compileSource } from '../../../helpers/compiled-source.ts';
import { facelessPhoto, facePhoto, groupPhoto, tinyFacePhoto } from '../../../helpers/face-photos.ts';

type ReaderModule = typeof import('../../../../src/engines/local/faces/create-face-reader.ts');

let compiled: CompiledSource;
let reader: FaceReader;
const never = new AbortController().signal;

beforeAll(async () => {
  compiled = await compileSource();
  const file = compiled.pathOf('src/engines/local/faces/create-face-reader.ts');
  const { createFaceReader } = (await import(file)) as ReaderModule;
  reader = await createFaceReader({ threads: 2 });
});

afterAll(async () => {
  await reader?.close();
});

async function facesOf(photo: Buffer): Promise<ReadFaces> {
  const reading = await reader.read(photo, never);
  if (reading.kind !== 'read') throw new Error(reading.message);
  return reading;
}

async function descriptorOf(photo: Buffer): Promise<Float32Array> {
  const { faces } = await facesOf(photo);
  expect(faces).toHaveLength(1);
  const descriptor = faces[0]?.descriptor;
  if (!descriptor) throw new Error('the face has no descriptor');
  return descriptor;
}

describe('faces', () => {
  it('finds each face of a group, with five points inside its box', async () => {
    const { width, height, faces } = await facesOf(await groupPhoto(4));
    expect({ width, height }).toEqual({ width: 1920, height: 1448 });
    expect(faces).toHaveLength(4);
    for (const { box, landmarks, descriptor, quality } of faces) {
      expect(descriptor).toHaveLength(128);
      expect(landmarks).toHaveLength(5);
      for (const [x, y] of landmarks) {
        expect(x > box.x - 20 && x < box.x + box.w + 20).toBe(true);
        expect(y > box.y - 20 && y < box.y + box.h + 20).toBe(true);
      }
      expect(Math.abs(quality.roll)).toBeLessThan(60);
      expect(quality.blur.fine).toBe(true);
    }
  });

  it('tells one person from another, and knows the same one in a changed photo', async () => {
    const photo = await facePhoto(16);
    const [own, other] = [await descriptorOf(photo), await descriptorOf(await facePhoto(6))];
    expect(similarityOf(own, await descriptorOf(photo))).toBe(1);
    const darker = await sharp(photo)
      .modulate({ brightness: 0.7 })
      .resize(300)
      .jpeg({ quality: 60 })
      .toBuffer();
    expect(similarityOf(own, await descriptorOf(darker))).toBeGreaterThan(0.85);
    expect(similarityOf(own, other)).toBeLessThan(0.75);
  });

  it('turns a photo that lies on its side, and says where the face is in the photo as it is', async () => {
    const photo = await facePhoto(16);
    const upright = await facesOf(photo);
    const sideways = await facesOf(await sharp(photo).rotate(90).toBuffer());
    const [a, b] = [upright.faces[0], sideways.faces[0]];
    if (!a?.descriptor || !b?.descriptor) throw new Error('a face is missing');
    expect(similarityOf(a.descriptor, b.descriptor)).toBeGreaterThan(0.9);
    expect(Math.abs(b.box.x - (upright.height - a.box.y - a.box.h))).toBeLessThan(12);
    expect(Math.abs(b.box.y - a.box.x)).toBeLessThan(12);
    expect(Math.abs(b.quality.roll - (a.quality.roll + 90))).toBeLessThan(8);
  });

  it('heeds the orientation that a photo names', async () => {
    const photo = await sharp(await facePhoto(16))
      .rotate(270)
      .withMetadata({ orientation: 6 })
      .toBuffer();
    const { faces } = await facesOf(photo);
    expect(faces).toHaveLength(1);
    expect(Math.abs(faces[0]?.quality.roll ?? 180)).toBeLessThan(30);
  });

  it('finds none where there is none, and describes none that is too small', async () => {
    expect((await facesOf(await facelessPhoto())).faces).toEqual([]);
    const { faces } = await facesOf(await tinyFacePhoto());
    expect(faces).toHaveLength(1);
    expect(faces[0]).not.toHaveProperty('descriptor');
  });

  it('sees that a photo is blurred', async () => {
    const blurred = await sharp(await facePhoto(16))
      .blur(4)
      .toBuffer();
    expect((await facesOf(blurred)).faces[0]?.quality.blur.fine).toBe(false);
  });
});

describe('bad photos', () => {
  it('reads what can be read', async () => {
    const photo = await facePhoto(16);
    const own = await descriptorOf(photo);
    const png = await sharp(photo).toColourspace('rgb16').png().toBuffer();
    expect((await sharp(png).metadata()).depth).toBe('ushort');
    expect(similarityOf(own, await descriptorOf(png))).toBeGreaterThan(0.95);
    const cmyk = await sharp(photo).toColourspace('cmyk').jpeg().toBuffer();
    expect((await sharp(cmyk).metadata()).space).toBe('cmyk');
    expect(similarityOf(own, await descriptorOf(cmyk))).toBeGreaterThan(0.75);
    const one = await sharp({ create: { width: 1, height: 1, channels: 3, background: '#123' } })
      .png()
      .toBuffer();
    expect(await facesOf(one)).toMatchObject({ width: 1, height: 1, faces: [] });
    const flipped = Buffer.from(photo);
    for (const share of [0.5, 0.6, 0.7]) {
      const at = Math.floor(photo.length * share);
      // No byte of the image data becomes the beginning of a marker.
      flipped[at] = ((flipped[at] ?? 0) ^ 0x04) & 0xfe;
    }
    expect((await reader.read(flipped, never)).kind).toBe('read');
  });

  it('says of the others that they cannot be decoded, and what they are', async () => {
    const photo = await facePhoto(16);
    const frames = await sharp(photo).resize(64).toBuffer();
    const webp = await sharp([frames, frames], { join: { animated: true } })
      .webp()
      .toBuffer();
    const huge = await sharp({ create: { width: 10_100, height: 10_000, channels: 3, background: '#fff' } })
      .png({ compressionLevel: 1 })
      .toBuffer();
    const readings: readonly [string, Buffer, Partial<PhotoReading>][] = [
      ['truncated', photo.subarray(0, photo.length / 2), { format: 'jpeg' }],
      ['an animation', webp, { format: 'webp' }],
      ['101 megapixels', huge, { format: 'png' }],
      ['empty', Buffer.alloc(0), {}],
      ['text', Buffer.from('no photo'), {}],
    ];
    for (const [name, bytes, expected] of readings)
      expect(await reader.read(bytes, never), name).toMatchObject({ kind: 'undecodable', ...expected });
  });
});

it('lets go of a photo when its signal aborts, and goes on with the next', async () => {
  const abort = new AbortController();
  const given = [1, 2, 3, 4].map(async () => reader.read(await groupPhoto(1), abort.signal));
  const rejected = Promise.allSettled(given);
  abort.abort(new Error('enough'));
  for (const result of await rejected)
    expect(result).toMatchObject({ status: 'rejected', reason: { message: 'enough' } });
  expect((await facesOf(await facelessPhoto())).faces).toEqual([]);
});

it('is one for all who share it, until the last of them has closed it', async () => {
  const file = compiled.pathOf('src/engines/local/faces/create-face-reader.ts');
  const { shareFaceReader } = (await import(file)) as ReaderModule;
  const [one, other] = await Promise.all([shareFaceReader(), shareFaceReader()]);
  expect(one.read).toBe(other.read);
  await one.close();
  expect(await other.read(Buffer.from('no photo'), never)).toMatchObject({ kind: 'undecodable' });
  await other.close();
  await expect(one.read(Buffer.alloc(0), never)).rejects.toThrow('closed');
});

it('leaves no tensor behind', async () => {
  const models = await import(compiled.pathOf('src/engines/local/faces/load-models.ts'));
  const { decodePhoto } = await import(compiled.pathOf('src/engines/local/faces/decode-photo.ts'));
  const { findFaces } = await import(compiled.pathOf('src/engines/local/faces/find-faces.ts'));
  const loaded = await models.loadModels();
  // The same instance as that of the models.
  const tf: typeof import('@tensorflow/tfjs-core') = createRequire(import.meta.url)('@tensorflow/tfjs-core');
  const before = tf.memory().numTensors;
  expect(before).toBeGreaterThan(100);
  for (const photo of [await facePhoto(0), await facelessPhoto(), await facePhoto(1)])
    await findFaces(loaded, await decodePhoto(photo));
  expect(tf.memory().numTensors).toBe(before);
});
