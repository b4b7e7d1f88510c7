import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { crc32, deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';

const samples = new URL('../../node_modules/@vladmandic/face-api/demo/', import.meta.url);

/** A real group photo, a JPEG. */
export function readSample(name = 'sample1.jpg'): Promise<Buffer> {
  return readFile(fileURLToPath(new URL(name, samples)));
}

/** A picture of noise, which no encoder makes small. */
export function makeNoise(width: number, height: number): Sharp {
  const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
  return sharp({ create: { width, height, channels: 3, background: '#808080', noise } });
}

/** Red on the left, blue on the right, so that a rotation can be seen. */
export function makeTwoColours(): Sharp {
  const half = { create: { width: 40, height: 40, channels: 3, background: '#0000ff' } } as const;
  return sharp({ create: { width: 80, height: 40, channels: 3, background: '#ff0000' } }).composite([
    { input: half, left: 40, top: 0 },
  ]);
}

/** A moving picture: one frame of each colour. */
export async function makeAnimation(colours: readonly string[]): Promise<Buffer> {
  const frame = (background: string) =>
    sharp({ create: { width: 9, height: 5, channels: 4, background } })
      .png()
      .toBuffer();
  const frames = await Promise.all(colours.map(frame));
  return sharp(frames, { join: { animated: true } })
    .webp({ lossless: true })
    .toBuffer();
}

/** A small PNG whose header claims a size that its data do not have. */
export function makePngThatClaims(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  header[9] = 2;
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data = deflateSync(Buffer.alloc(1000));
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const content = Buffer.concat([Buffer.from(type), data]);
  const [size, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  size.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(content));
  return Buffer.concat([size, content, checksum]);
}

/** A BMP of 24 bits a pixel, without its pixels. */
export function makeBmpHeader(width: number, height: number): Buffer {
  const bytes = Buffer.alloc(54);
  bytes.write('BM');
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(width, 18);
  bytes.writeInt32LE(height, 22);
  return bytes;
}

/** The first boxes of a HEIC: brands, and sizes of a thumbnail and of the picture. */
export function makeHeicHeader(width: number, height: number): Buffer {
  const brands = Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1');
  const size = (one: number, other: number) => {
    const bytes = Buffer.alloc(20);
    bytes.writeUInt32BE(20, 0);
    bytes.write('ispe', 4);
    bytes.writeUInt32BE(one, 12);
    bytes.writeUInt32BE(other, 16);
    return bytes;
  };
  return Buffer.concat([brands, size(320, 240), size(width, height)]);
}
