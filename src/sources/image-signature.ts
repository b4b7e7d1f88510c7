/** So many bytes show whether a file is an image. */
export const signatureSizeInBytes = 32;

const brands = new Set('avif avis heic heix heim heis hevc hevx mif1 msf1'.split(' '));

/** What kind of image begins with these bytes, as people call it; undefined: none. Only for names that do not say it. */
export function imageNameOf(bytes: Buffer): string | undefined {
  const text = bytes.toString('latin1', 0, signatureSizeInBytes);
  if (text.startsWith('\xff\xd8\xff')) return 'JPEG';
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'PNG';
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'WebP';
  if (/^GIF8[79]a/u.test(text)) return 'GIF';
  if (/^(?:II[*+]\0|MM\0[*+])/u.test(text)) return 'TIFF';
  if (text.startsWith('BM') && text.slice(6, 10) === '\0\0\0\0') return 'BMP';
  if (text.slice(4, 12) === 'jP  \r\n\x87\n' || text.startsWith('\xff\x4f\xff\x51')) return 'JPEG 2000';
  if (text.startsWith('\xff\x0a') || text.slice(4, 12) === 'JXL \r\n\x87\n') return 'JPEG XL';
  return text.slice(4, 8) === 'ftyp' && brands.has(text.slice(8, 12)) ? 'HEIF' : undefined;
}
