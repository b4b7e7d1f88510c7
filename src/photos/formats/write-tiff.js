/**
 * A picture that was decoded: 8 bits a channel, red, green, blue and perhaps alpha, upright.
 * @typedef {object} DecodedPicture
 * @property {number} width
 * @property {number} height
 * @property {3 | 4} channels
 * @property {(y: number) => Uint8Array} row the pixels of a row, from the top; good until the next call
 * @property {Uint8Array} [profile] an ICC profile
 * @property {boolean} [isDisplayP3] its colours are of Display P3, without an ICC profile that says so
 */

const rowsPerStrip = 64;
const short = 3;
const long = 4;
const undefinedBytes = 7;

/**
 * Writes pixels as an uncompressed TIFF: the simplest format that libvips reads and that can carry a colour profile. Rows
 * are copied once, into the memory that is returned.
 * @param {DecodedPicture} picture
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function writeTiff({ width, height, channels, row, profile }) {
  const rowSize = width * channels;
  const strips = Math.ceil(height / rowsPerStrip);
  const dataAt = 8;
  const endOfData = dataAt + rowSize * height;
  const tablesAt = endOfData + (endOfData % 2);
  const bitsAt = tablesAt + strips * 8;
  const profileAt = bitsAt + 8;
  const profileSize = profile?.length ?? 0;
  const directoryAt = profileAt + profileSize + (profileSize % 2);
  /** @type {(readonly [tag: number, type: number, count: number, value: number])[]} */
  const entries = [
    [256, long, 1, width],
    [257, long, 1, height],
    [258, short, channels, bitsAt],
    [259, short, 1, 1], // not compressed
    [262, short, 1, 2], // RGB
    [273, long, strips, strips === 1 ? dataAt : tablesAt],
    [277, short, 1, channels],
    [278, long, 1, rowsPerStrip],
    [279, long, strips, strips === 1 ? rowSize * height : tablesAt + strips * 4],
    ...(channels === 4 ? [/** @type {const} */ ([338, short, 1, 2])] : []), // alpha, not multiplied in
    ...(profile ? [/** @type {const} */ ([34675, undefinedBytes, profileSize, profileAt])] : []),
  ];
  const bytes = new Uint8Array(directoryAt + 2 + entries.length * 12 + 4);
  const view = new DataView(bytes.buffer);
  bytes.set(Buffer.from('II*\0', 'latin1'));
  view.setUint32(4, directoryAt, true);
  for (let y = 0; y < height; y += 1) bytes.set(row(y), dataAt + y * rowSize);
  for (let strip = 0; strip < strips; strip += 1) {
    const firstRow = strip * rowsPerStrip;
    view.setUint32(tablesAt + strip * 4, dataAt + firstRow * rowSize, true);
    const rows = Math.min(rowsPerStrip, height - firstRow);
    view.setUint32(tablesAt + (strips + strip) * 4, rows * rowSize, true);
  }
  for (let channel = 0; channel < channels; channel += 1) view.setUint16(bitsAt + channel * 2, 8, true);
  if (profile) bytes.set(profile, profileAt);
  view.setUint16(directoryAt, entries.length, true);
  for (const [place, [tag, type, count, value]] of entries.entries()) {
    const at = directoryAt + 2 + place * 12;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, type, true);
    view.setUint32(at + 4, count, true);
    view.setUint32(at + 8, value, true);
  }
  return bytes;
}
