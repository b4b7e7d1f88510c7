import { crc32 } from 'node:zlib';

/** A chunk of a PNG. */
export function pngChunk(type: string, content: Buffer | string): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), Buffer.from(content as string, 'latin1')]);
  const [size, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  size.writeUInt32BE(body.length - 4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([size, body, checksum]);
}

/** With chunks behind its header, and before its end. */
export function withChunks(png: Buffer, early: readonly Buffer[], late: readonly Buffer[]): Buffer {
  const endOfHeader = 8 + 12 + 13;
  const end = png.length - 12;
  return Buffer.concat([
    png.subarray(0, endOfHeader),
    ...early,
    png.subarray(endOfHeader, end),
    ...late,
    png.subarray(end),
  ]);
}

/** The picture, and a second frame that is black, 1 x 1. */
export function makeAnimatedPng(png: Buffer): Buffer {
  const frame = (number: number, width: number, height: number) => {
    const control = Buffer.alloc(26);
    for (const [place, value] of [number, width, height, 0, 0].entries())
      control.writeUInt32BE(value, place * 4);
    return pngChunk('fcTL', control);
  };
  const count = Buffer.alloc(8);
  count.writeUInt32BE(2);
  const data = Buffer.concat([Buffer.from([0, 0, 0, 2]), Buffer.from('CANARY')]);
  const early = [pngChunk('acTL', count), frame(0, png.readUInt32BE(16), png.readUInt32BE(20))];
  return withChunks(png, early, [frame(1, 1, 1), pngChunk('fdAT', data)]);
}
