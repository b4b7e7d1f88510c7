import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { segment } from './jpeg-files.ts';
import { pngChunk } from './png-files.ts';

/** A change of one of the pieces that a file consists of: the segments of a JPEG's head, the chunks of a PNG. */
export interface Change {
  readonly kind: 'set' | 'drop' | 'double' | 'move' | 'add' | 'cut';
  /** Which piece, and where in it; both go round. */
  readonly piece: number;
  readonly at: number;
  /** The byte, or which piece is added. */
  readonly value: number;
}

const byte = fc.oneof(fc.constantFrom(0, 1, 2, 3, 4, 6, 8, 16, 0x11, 0xff), fc.nat({ max: 255 }));

export const changes = fc.array(
  fc.record<Change>({
    kind: fc.constantFrom('set', 'set', 'set', 'set', 'drop', 'double', 'move', 'add', 'add', 'cut'),
    piece: fc.nat({ max: 20 }),
    at: fc.oneof(fc.nat({ max: 30 }), fc.nat({ max: 2_000 })),
    value: byte,
  }),
  { maxLength: 4 },
);

const exif = (order: 'II' | 'MM', entries: readonly (readonly number[])[]) => {
  const isLittle = order === 'II';
  const tiff = Buffer.alloc(14 + entries.length * 12);
  const write = (value: number, at: number, size: number) =>
    isLittle ? tiff.writeUIntLE(value, at, size) : tiff.writeUIntBE(value, at, size);
  tiff.write(order, 0, 'latin1');
  write(42, 2, 2);
  write(8, 4, 4);
  write(entries.length, 8, 2);
  entries.forEach(([tag = 0, type = 0, count = 0, value = 0], index) => {
    const at = 10 + 12 * index;
    write(tag, at, 2);
    write(type, at + 2, 2);
    write(count, at + 4, 4);
    write(value, at + 8, type === 3 ? 2 : 4);
  });
  return Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
};

const orientation = 0x112;
const make = [0x10f, 2, 4, 0x41414100] as const;

const addedToJpeg = [
  segment(0xe1, exif('II', [[orientation, 3, 1, 6]])),
  segment(0xe1, exif('MM', [make, [orientation, 3, 1, 3], [0x11a, 5, 1, 8]])),
  segment(
    0xe1,
    exif('II', [
      [orientation, 3, 1, 8],
      [orientation, 3, 1, 1],
    ]),
  ),
  segment(0xe1, exif('II', [[orientation, 4, 1, 6]])),
  segment(0xe1, exif('II', [[orientation, 3, 2, 6]])),
  segment(0xe1, exif('II', [[orientation, 1, 1, 6]])),
  segment(0xe1, exif('MM', [[orientation, 3, 1, 9]])),
  segment(0xe1, exif('MM', [make])),
  // A sub-directory that is the first one again.
  segment(
    0xe1,
    exif('II', [
      [0x8769, 4, 1, 8],
      [orientation, 3, 1, 5],
    ]),
  ),
  segment(0xe1, 'Exif'),
  segment(0xe1, 'Exif\0\0'),
  segment(0xe1, 'http://ns.adobe.com/xap/1.0/\0<x/>'),
  segment(0xe2, 'MPF\0MM\0*\0\0\0\x08'),
  segment(0xe2, 'ICC_PROFILE\0\x01\x01not one'),
  segment(0xed, 'Photoshop 3.0\x008BIM'),
  segment(0xee, 'Adobe\0\x64\0\0\0\0\x02'),
  segment(0xee, 'Adobe\0\x64\0\0\0\0\0'),
  segment(0xe0, 'JFIF\0\x02\x01\x01\0\x48\0\x48\0\0'),
  segment(0xfe, 'a comment'),
  segment(0xdd, '\0\x04'),
  segment(0xc4, ''),
  segment(0xdb, ''),
  segment(0xcc, '\0\x10'),
  Buffer.from([0xff, 0xff, 0xff]),
  Buffer.from([0xff, 0x01]),
  Buffer.from([0xff, 0xd0]),
  Buffer.from('extraneous'),
];

const addedToPng = [
  pngChunk('eXIf', exif('II', [[orientation, 3, 1, 6]]).subarray(6)),
  pngChunk('tEXt', 'Comment\0text'),
  pngChunk('tEXt', 'Raw profile type exif\0\nexif\n4\n45786966'),
  pngChunk('tRNS', '\0\0\0\0\0\0'),
  pngChunk('PLTE', '\0\0\0'),
  pngChunk('acTL', '\0\0\0\x02\0\0\0\0'),
  pngChunk('gAMA', '\0\0\xb1\x8f'),
  pngChunk('gAMA', ''),
  pngChunk('sRGB', '\0'),
  pngChunk('cHRM', '\0'.repeat(32)),
  pngChunk('iCCP', 'p\0\0not one'),
  pngChunk('sBIT', '\x08\x08\x08'),
  pngChunk('bKGD', '\0\x01\0\x01\0\x01'),
  pngChunk('pHYs', '\0\0\x0b\x13\0\0\x0b\x13\x01'),
  pngChunk('tIME', '\x07\xe6\x0b\x16\0\0\0'),
  pngChunk('cICP', '\x09\x10\0\x01'),
  pngChunk('IDAT', ''),
  pngChunk('CgBI', '\x50\0\x20\x06'),
];

const signatureSize = 8;

/** The file with the changes. `isSealed`: the checksums of a PNG are made right again. */
export function mutate(
  file: Buffer,
  { changes, isSealed }: { changes: readonly Change[]; isSealed: boolean },
): Buffer {
  const isPng = file[0] === 0x89;
  const added = isPng ? addedToPng : addedToJpeg;
  const pieces = (isPng ? chunksOf(file) : segmentsOf(file)).map((piece) => Buffer.from(piece));
  let cutAt: number | undefined;
  for (const { kind, piece: number, at, value } of changes) {
    const index = 1 + (number % Math.max(1, pieces.length - 1));
    const piece = pieces[index] ?? Buffer.alloc(0);
    const place = piece.length === 0 ? 0 : at % piece.length;
    if (kind === 'set') piece[place] = value;
    if (kind === 'drop') pieces.splice(index, 1);
    if (kind === 'double') pieces.splice(index, 0, Buffer.from(piece));
    if (kind === 'move') pieces.splice(1, 0, ...pieces.splice(index, 1));
    if (kind === 'add') pieces.splice(index, 0, Buffer.from(added[value % added.length] ?? ''));
    if (kind === 'cut') cutAt = Buffer.concat(pieces.slice(0, index)).length + place;
  }
  if (isPng && isSealed) for (const piece of pieces.slice(1)) seal(piece);
  return Buffer.concat(pieces).subarray(0, cutAt);
}

function seal(chunk: Buffer): void {
  if (chunk.length >= 12) chunk.writeUInt32BE(crc32(chunk.subarray(4, -4)), chunk.length - 4);
}

/** The beginning, the segments up to the first scan with it, and the rest. */
function segmentsOf(jpeg: Buffer): Buffer[] {
  const pieces = [jpeg.subarray(0, 2)];
  let at = 2;
  for (let isScan = false; !isScan && at + 4 < jpeg.length; ) {
    isScan = jpeg[at + 1] === 0xda;
    const end = at + 2 + jpeg.readUInt16BE(at + 2);
    pieces.push(jpeg.subarray(at, end));
    at = end;
  }
  return [...pieces, jpeg.subarray(at)];
}

function chunksOf(png: Buffer): Buffer[] {
  const pieces = [png.subarray(0, signatureSize)];
  for (let at = signatureSize; at + 12 <= png.length; ) {
    const end = at + 12 + png.readUInt32BE(at);
    pieces.push(png.subarray(at, end));
    at = end;
  }
  return pieces;
}
