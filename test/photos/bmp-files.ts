/** How a BMP is written: bits a pixel, and what else differs. */
export interface BmpShape {
  readonly bits: 1 | 4 | 8 | 16 | 24 | 32;
  readonly runLengths?: boolean;
  readonly masks?: readonly number[];
  readonly topDown?: boolean;
  /** The header of OS/2, with 16 bits for sizes and 3 bytes a colour. */
  readonly core?: boolean;
}

type Colour = readonly [red: number, green: number, blue: number];

const palette: readonly Colour[] = [
  [255, 0, 0],
  [0, 0, 255],
  [0, 255, 0],
  [128, 128, 128],
];

/** The drawing of quarters, of any size; with one bit a pixel only its upper half has its colours. */
export function makeBmp(shape: BmpShape, [width, height]: readonly [number, number] = [33, 22]): Buffer {
  const { bits, runLengths = false, masks, topDown = false, core = false } = shape;
  const colourAt = (x: number, y: number) =>
    ((x * 2 < width ? 0 : 1) + (y * 2 < height ? 0 : 2)) % 2 ** Math.min(bits, 2);
  const rows = Array.from({ length: height }, (_, line) => {
    const y = topDown ? line : height - 1 - line;
    const colours = Array.from({ length: width }, (_, x) => colourAt(x, y));
    return runLengths ? encodeRuns(colours, bits) : encodeRow(colours, shape);
  });
  const data = Buffer.concat(runLengths ? [...rows, Buffer.from([0, 1])] : rows);
  const compression = masks ? 3 : runLengths ? (bits === 8 ? 1 : 2) : 0;
  const header = core
    ? coreHeader(width, height, bits)
    : infoHeader({ width, height: topDown ? -height : height, bits, compression });
  const tables = [
    ...(masks ?? []).map(uint32),
    ...(bits <= 8 ? paletteOf(bits).map(([r, g, b]) => Buffer.from(core ? [b, g, r] : [b, g, r, 0])) : []),
  ];
  const head = Buffer.concat([header, ...tables]);
  const file = Buffer.alloc(14);
  file.write('BM');
  file.writeUInt32LE(14 + head.length + data.length, 2);
  file.writeUInt32LE(14 + head.length, 10);
  return Buffer.concat([file, head, data]);
}

const paletteOf = (bits: number): Colour[] =>
  Array.from({ length: 2 ** bits }, (_, index) => palette[index] ?? [0, 0, 0]);

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

function coreHeader(width: number, height: number, bits: number): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt32LE(12, 0);
  for (const [place, value] of [width, height, 1, bits].entries()) header.writeUInt16LE(value, 4 + place * 2);
  return header;
}

function infoHeader(facts: { width: number; height: number; bits: number; compression: number }): Buffer {
  const header = Buffer.alloc(40);
  header.writeUInt32LE(40, 0);
  header.writeInt32LE(facts.width, 4);
  header.writeInt32LE(facts.height, 8);
  header.writeUInt16LE(1, 12);
  header.writeUInt16LE(facts.bits, 14);
  header.writeUInt32LE(facts.compression, 16);
  return header;
}

function encodeRow(colours: readonly number[], { bits, masks }: BmpShape): Buffer {
  const row = Buffer.alloc(Math.ceil((colours.length * bits) / 32) * 4);
  for (const [x, index] of colours.entries()) {
    const [red, green, blue] = palette[index] ?? [0, 0, 0];
    if (bits <= 8) {
      const at = Math.floor((x * bits) / 8);
      row[at] = (row[at] ?? 0) | (index << (8 - bits - ((x * bits) % 8)));
    } else if (bits === 24) row.set([blue, green, red], x * 3);
    else {
      const usual = bits === 16 ? [0x7c00, 0x03e0, 0x001f] : [0xff0000, 0xff00, 0xff];
      const value = pack([red, green, blue], masks ?? usual);
      if (bits === 16) row.writeUInt16LE(value, x * 2);
      else row.writeUInt32LE(value, x * 4);
    }
  }
  return row;
}

function pack(colour: Colour, masks: readonly number[]): number {
  let value = 0;
  for (const [channel, mask] of masks.entries()) {
    const lowest = mask & -mask;
    const part = Math.round(((colour[channel] ?? 255) / 255) * ((mask >>> 0) / (lowest >>> 0)));
    value += part * (lowest >>> 0);
  }
  return value >>> 0;
}

/** Runs, the last pixels of each row one by one, and the row's end. */
function encodeRuns(colours: readonly number[], bits: number): Buffer {
  const bytes: number[] = [];
  const single = colours.slice(-5);
  for (const index of colours.slice(0, -5)) {
    const same = bits === 8 ? index : index * 17;
    if (bytes.at(-1) === same && (bytes.at(-2) ?? 0) < 255) bytes.splice(-2, 1, (bytes.at(-2) ?? 0) + 1);
    else bytes.push(1, same);
  }
  bytes.push(0, single.length);
  if (bits === 8) bytes.push(...single, 0);
  else bytes.push(...[0, 2, 4].map((at) => ((single[at] ?? 0) << 4) | (single[at + 1] ?? 0)), 0);
  bytes.push(0, 0);
  return Buffer.from(bytes);
}
