/** A picture of one colour in a TIFF that a test makes. */
export interface TiffShape {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue. */
  readonly colour: readonly [number, number, number];
  /** NewSubfileType: 1 reduced, 4 a mask. */
  readonly kind?: number;
  readonly orientation?: number;
  readonly photometric?: number;
  readonly dng?: true;
  /** Pictures of its own (SubIFDs). */
  readonly sub?: readonly TiffShape[];
}

const [short, long, byte] = [3, 4, 1];

/** An uncompressed TIFF with a directory for each picture; `loops`: the last one names the first as the next. */
export function makeTiff(
  shapes: readonly TiffShape[],
  { bigEndian = false, loops = false }: { bigEndian?: boolean; loops?: boolean } = {},
): Buffer {
  const pieces: Buffer[] = [Buffer.alloc(8)];
  let size = 8;
  const number = (value: number, width: 2 | 4) => {
    const bytes = Buffer.alloc(width);
    if (bigEndian) bytes.writeUIntBE(value, 0, width);
    else bytes.writeUIntLE(value, 0, width);
    return bytes;
  };
  const put = (...added: Buffer[]) => {
    const at = size;
    for (const bytes of added) {
      pieces.push(bytes);
      size += bytes.length;
    }
    if (size % 2 === 1) put(Buffer.alloc(1));
    return at;
  };
  const field = (tag: number, type: number, values: readonly number[]) => {
    const width = type === long ? 4 : 2;
    const content =
      type === byte ? Buffer.from(values) : Buffer.concat(values.map((one) => number(one, width)));
    const place =
      content.length > 4
        ? number(put(content), 4)
        : Buffer.concat([content, Buffer.alloc(4 - content.length)]);
    return Buffer.concat([number(tag, 2), number(type, 2), number(values.length, 4), place]);
  };
  /** Gives where it is, and where it names the next one. */
  const putPicture = (shape: TiffShape): { at: number; nextAt: number } => {
    const { width, height, colour, kind, orientation, photometric = 2, dng, sub = [] } = shape;
    const subs = sub.map((one) => putPicture(one).at);
    const data = put(Buffer.alloc(width * height * 3, Buffer.from(colour)));
    const entries = [
      ...(kind === undefined ? [] : [field(254, long, [kind])]),
      field(256, long, [width]),
      field(257, long, [height]),
      field(258, short, [8, 8, 8]),
      field(259, short, [1]),
      field(262, short, [photometric]),
      field(273, long, [data]),
      ...(orientation === undefined ? [] : [field(274, short, [orientation])]),
      field(277, short, [3]),
      field(278, long, [height]),
      field(279, long, [width * height * 3]),
      ...(subs.length > 0 ? [field(330, long, subs)] : []),
      ...(dng ? [field(50706, byte, [1, 4, 0, 0])] : []),
    ];
    const at = put(number(entries.length, 2), ...entries, Buffer.alloc(4));
    return { at, nextAt: at + 2 + entries.length * 12 };
  };
  const places = shapes.map(putPicture);
  const file = Buffer.concat(pieces);
  file.write(bigEndian ? 'MM\0*' : 'II*\0', 'latin1');
  for (const [index, { at }] of places.entries())
    number(at, 4).copy(file, index === 0 ? 4 : (places[index - 1]?.nextAt ?? 0));
  if (loops) number(places[0]?.at ?? 0, 4).copy(file, places.at(-1)?.nextAt ?? 0);
  return file;
}
