import type { PhotoFormat } from '../photo.ts';

/** A photo's format by its first bytes; undefined for a format that rollcall does not know. */
export function detectPhotoFormat(bytes: Buffer): PhotoFormat | undefined {
  const text = bytes.toString('latin1', 0, 16);
  if (text.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'webp';
  if (text.startsWith('GIF87a') || text.startsWith('GIF89a')) return 'gif';
  if (/^(?:II[*+]\0|MM\0[*+])/u.test(text)) return 'tiff';
  if (text.startsWith('\0\0\0\x0cjP  \r\n\x87\n') || text.startsWith('\xff\x4f\xff\x51')) return 'jp2';
  if (text.startsWith('BM') && bytes.length >= 26) return 'bmp';
  return text.slice(4, 8) === 'ftyp' ? detectBrand(bytes) : undefined;
}

const brands: Readonly<Record<string, PhotoFormat>> = {
  avif: 'avif',
  avis: 'avif',
  heic: 'heic',
  heix: 'heic',
  heim: 'heic',
  heis: 'heic',
  hevc: 'heic',
  hevx: 'heic',
};

/** The family of formats around HEIF names its brands in its first box (ISO 14496-12): the main one, then the others. */
function detectBrand(bytes: Buffer): PhotoFormat | undefined {
  const end = Math.min(bytes.readUInt32BE(0), bytes.length, 256);
  const names = [bytes.toString('latin1', 8, 12)];
  for (let at = 16; at + 4 <= end; at += 4) names.push(bytes.toString('latin1', at, at + 4));
  const known = names.find((name) => Object.hasOwn(brands, name));
  if (known !== undefined) return brands[known];
  return names.includes('mif1') || names.includes('msf1') ? 'heic' : undefined;
}
