/** A directory of a TIFF (TIFF 6.0, section 2), or of an EXIF, which is written like one. */
export interface TiffDirectory {
  /** The whole numbers of an entry; none where it is absent or of another type. */
  numbers(tag: number): readonly number[];
}

const mostDirectories = 1_000;
const mostNumbers = 1_000;
/** Of BYTE, SHORT, LONG and IFD. */
const sizeOfType: Readonly<Record<number, 1 | 2 | 4>> = { 1: 1, 3: 2, 4: 4, 13: 4 };
const subDirectories = 330;

/** In the order of the file, each with those that it names (SubIFDs). Empty for a BigTIFF and for what is no TIFF. */
export function readTiffDirectories(
  bytes: Buffer,
): { readonly main: TiffDirectory; readonly sub: readonly TiffDirectory[] }[] {
  const file = openTiff(bytes);
  const found: { main: TiffDirectory; sub: TiffDirectory[] }[] = [];
  const seen = new Set<number>();
  for (let at = file?.first ?? 0; file && at !== 0 && !seen.has(at) && seen.size < mostDirectories; ) {
    seen.add(at);
    const read = readDirectory(file, at);
    if (!read) break;
    const sub = read.directory.numbers(subDirectories).map((place) => readDirectory(file, place)?.directory);
    found.push({ main: read.directory, sub: sub.filter((one) => one !== undefined) });
    at = read.next;
  }
  return found;
}

interface TiffFile {
  /** Where the first directory begins. */
  readonly first: number;
  readonly sizeInBytes: number;
  /** Undefined beyond the file's end. */
  number(at: number, size: 1 | 2 | 4): number | undefined;
}

/** Undefined for a BigTIFF and for what is no TIFF. */
export function openTiff(bytes: Buffer): TiffFile | undefined {
  const isLittle = bytes.toString('latin1', 0, 4) === 'II*\0';
  if (!isLittle && bytes.toString('latin1', 0, 4) !== 'MM\0*') return undefined;
  const number = (at: number, size: 1 | 2 | 4) => {
    if (at + size > bytes.length) return undefined;
    return isLittle ? bytes.readUIntLE(at, size) : bytes.readUIntBE(at, size);
  };
  return { first: number(4, 4) ?? 0, sizeInBytes: bytes.length, number };
}

function readDirectory(file: TiffFile, at: number): { directory: TiffDirectory; next: number } | undefined {
  const count = file.number(at, 2);
  const end = at + 2 + (count ?? 0) * 12;
  if (count === undefined || end > file.sizeInBytes) return undefined;
  const numbers = (tag: number) => {
    for (let entry = at + 2; entry < end; entry += 12)
      if (file.number(entry, 2) === tag) return readNumbers(file, entry);
    return [];
  };
  return { directory: { numbers }, next: file.number(end, 4) ?? 0 };
}

function readNumbers(file: TiffFile, entry: number): number[] {
  const size = sizeOfType[file.number(entry + 2, 2) ?? 0];
  const count = file.number(entry + 4, 4) ?? 0;
  if (size === undefined || count > mostNumbers) return [];
  const place = count * size <= 4 ? entry + 8 : (file.number(entry + 8, 4) ?? 0);
  const all = Array.from({ length: count }, (_, index) => file.number(place + index * size, size));
  return all.filter((number) => number !== undefined);
}
