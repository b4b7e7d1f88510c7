import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeFiles } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { makeBmp } from '../photos/bmp-files.ts';
import { readHeic, turn, withProperties } from '../photos/heic-files.ts';
import { pngChunk, withChunks } from '../photos/png-files.ts';
import { makeQuarters, nameQuarters } from '../photos/quarters.ts';
import { expectNoMetadata, readMetadata } from '../photos/read-metadata.ts';
import { readSample } from '../photos/sample-images.ts';

const exif = { IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '52/1 31/1 12/1' } };
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

let redis: TestRedis;
let scene: Scene;
let files: Record<string, Buffer>;

beforeAll(async () => {
  const turned = makeQuarters().withExif(exif).withMetadata({ orientation: 6 });
  const text = pngChunk('tEXt', 'Comment\0CANARY');
  files = {
    'phone.heic': withProperties(await readHeic('photo'), [turn(3)]),
    'old.bmp': makeBmp({ bits: 24 }),
    'web.webp': await makeQuarters().webp().toBuffer(),
    'web.avif': await makeQuarters().avif().toBuffer(),
    'scan.tiff': await makeQuarters().tiff().toBuffer(),
    'web.gif': await makeQuarters().gif().toBuffer(),
    'turned.jpg': await turned.jpeg({ quality: 95 }).toBuffer(),
    'text.png': withChunks(await makeQuarters().png().toBuffer(), [text], []),
    'camera.jpg': await readSample(),
    'plain.jpg': await makeQuarters().jpeg({ quality: 95 }).toBuffer(),
  };
  redis = await startTestRedis();
  scene = await openScene({ queue: redis.url });
  await writeFiles(join(scene.folder, 'archive'), files);
});
afterAll(async () => {
  await scene.close();
  await redis.close();
});

/** The report's lines by their photo's name, with the bytes that reached the engine. */
async function enroll(flags: readonly string[]) {
  const photos = scene.engine.keepPhotos();
  const callsBefore = scene.engine.calls.length;
  const end = await scene.run(['run', './archive', '--new', '--id-from', '{id}', ...flags]);
  const runId = (await scene.runIds()).at(-1) ?? '';
  const calls = scene.engine.calls.slice(callsBefore);
  const lines = (await scene.report(runId)).map((line) => {
    const call = calls.find(({ templateId }) => templateId === line.templateId);
    return [line.subjectId ?? '', { line, call, bytes: photos.get(call?.photoSha256 ?? '') }] as const;
  });
  return { end, sent: new Map(lines) };
}

it('--strip-metadata: every format arrives as JPEG or PNG, upright, and no place with it', async () => {
  const { end, sent } = await enroll(['--strip-metadata']);
  expect(end).toMatchObject({ exitCode: 0 });
  const told = Object.fromEntries([...sent].map(([name, { line }]) => [name, line.warnings ?? []]));
  expect(told).toEqual({
    'phone.heic': ['converted-from-heic'],
    'old.bmp': ['converted-from-bmp'],
    'web.webp': ['converted-from-webp'],
    'web.avif': ['converted-from-avif'],
    'scan.tiff': ['converted-from-tiff'],
    'web.gif': ['converted-from-gif'],
    'turned.jpg': ['exif-rotated'],
    'text.png': ['metadata-stripped'],
    'camera.jpg': ['metadata-stripped'],
    'plain.jpg': [],
  });
  expect(files['phone.heic']?.includes('Canary')).toBe(true); // its EXIF; the parser does not read that HEIC
  for (const name of ['turned.jpg', 'camera.jpg'])
    expect((await readMetadata(files[name] ?? Buffer.alloc(0)))?.GPSLatitude).toBeDefined();
  for (const [name, original] of Object.entries(files)) {
    const { line, bytes = Buffer.alloc(0), call } = sent.get(name) ?? {};
    expect(line).toMatchObject({
      status: 'enrolled',
      sha256: sha256(original),
      sizeInBytes: original.length,
    });
    expect(call?.photoMimeType).toBe(name === 'text.png' ? 'image/png' : 'image/jpeg');
    await expectNoMetadata(bytes);
    if (name === 'camera.jpg') {
      const pixels = await sharp(bytes).raw().toBuffer();
      expect(pixels.equals(await sharp(original).raw().toBuffer())).toBe(true);
    } else {
      const isTurned = name === 'phone.heic' || name === 'turned.jpg';
      expect(await nameQuarters(bytes, 20), name).toBe(isTurned ? 'gryb' : 'rbgy');
    }
  }
});

it('--prepare never: bytes arrive as they are, and the engine says what it does not take', async () => {
  const { end, sent } = await enroll(['--prepare', 'never']);
  expect(end.exitCode).toBe(1);
  for (const [name, { line }] of sent) {
    const isTaken = /jpg|png/.test(name);
    expect(line, name).toMatchObject(
      isTaken ? { status: 'enrolled' } : { status: 'rejected', error: { code: '2' } },
    );
    expect(line.warnings).toBeUndefined();
  }
  const arrived = new Set(scene.engine.calls.map(({ photoSha256 }) => photoSha256));
  for (const original of Object.values(files)) expect(arrived).toContain(sha256(original));
  expect(scene.engine.calls.map(({ photoMimeType }) => photoMimeType)).toContain('image/heic');
  expect((await readFile(join(scene.folder, 'archive', 'camera.jpg'))).equals(await readSample())).toBe(true);
});

it('the two contradict each other: exit code 2', async () => {
  const end = await scene.run(['run', './archive', '--prepare', 'never', '--strip-metadata']);
  expect(end).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('leave one of them out') });
});
