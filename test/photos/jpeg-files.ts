import sharp from 'sharp';

/** A segment of a JPEG. */
export function segment(marker: number, content: Buffer | string): Buffer {
  const bytes = Buffer.from(content as string, 'latin1');
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(bytes.length + 2, 2);
  return Buffer.concat([head, bytes]);
}

/** With segments behind its first bytes, and something behind its end. */
export function withSegments(jpeg: Buffer, segments: readonly Buffer[], behind = Buffer.alloc(0)): Buffer {
  return Buffer.concat([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2), behind]);
}

/** With an EXIF that says nothing but this. */
export function withExif(jpeg: Buffer, orientation: number): Buffer {
  const exif = Buffer.from('Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\0\0\0\0\0\0\0\0', 'latin1');
  exif.writeUInt16LE(orientation, 24);
  return withSegments(jpeg, [segment(0xe1, exif)]);
}

/** With as many bytes 0xff before each marker that begins a segment; that is allowed. */
export function withFillBytes(jpeg: Buffer): Buffer {
  const pieces: Buffer[] = [jpeg.subarray(0, 2)];
  let at = 2;
  while (jpeg[at + 1] !== 0xda) {
    const end = at + 2 + jpeg.readUInt16BE(at + 2);
    pieces.push(Buffer.from([0xff, 0xff]), jpeg.subarray(at, end));
    at = end;
  }
  return Buffer.concat([...pieces, jpeg.subarray(at)]);
}

/** Two blocks, black and white, with a restart marker between them, which no encoder at hand writes. */
export async function makeRestarting(): Promise<Buffer> {
  const block = (background: string) =>
    sharp({ create: { width: 8, height: 8, channels: 3, background } })
      .greyscale()
      .toColourspace('b-w')
      .jpeg({ optimiseCoding: false, progressive: false })
      .toBuffer();
  const [one, other] = [await block('#000000'), await block('#ffffff')];
  const dataOf = (jpeg: Buffer) => {
    const scan = jpeg.indexOf(Buffer.from([0xff, 0xda]));
    return jpeg.subarray(scan + 2 + jpeg.readUInt16BE(scan + 2), jpeg.length - 2);
  };
  const head = Buffer.from(one.subarray(0, one.length - 2 - dataOf(one).length));
  const frame = head.indexOf(Buffer.from([0xff, 0xc0]));
  head.writeUInt16BE(16, frame + 7); // its width
  const everyBlock = segment(0xdd, '\0\x01');
  const scan = head.indexOf(Buffer.from([0xff, 0xda]));
  return Buffer.concat([
    head.subarray(0, scan),
    everyBlock,
    head.subarray(scan),
    dataOf(one),
    Buffer.from([0xff, 0xd0]),
    dataOf(other),
    Buffer.from([0xff, 0xd9]),
  ]);
}
