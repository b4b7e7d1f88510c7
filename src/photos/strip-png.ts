const signatureSize = 8;

/** What a decoder needs (PNG, third edition, 11.2 and 11.3), and what says how colours and sizes are meant. */
const needed = ['IHDR', 'PLTE', 'IDAT', 'IEND'];
const ofThePicture = ['tRNS', 'gAMA', 'cHRM', 'sRGB', 'iCCP', 'cICP', 'mDCV', 'cLLI', 'sBIT', 'bKGD', 'pHYs'];
const kept = new Set([...needed, ...ofThePicture]);

/**
 * Keeps the chunks that make the picture and its colours. All others go (EXIF, texts, time, frames of an animation,
 * whatever is not known), and what lies behind the end. A photo that breaks off within its picture stays one that
 * breaks off. Undefined where the structure is not a PNG's.
 */
export function stripPng(photo: Buffer): Buffer | undefined {
  const chunks: Buffer[] = [photo.subarray(0, signatureSize)];
  let hasPicture = false;
  for (let at = signatureSize; at < photo.length; ) {
    if (hasPicture && at + 8 > photo.length) break;
    const type = photo.toString('latin1', at + 4, at + 8);
    const isCritical = type.charAt(0) < 'a';
    const isFirst = at === signatureSize;
    if (!/^[A-Za-z]{4}$/u.test(type) || isFirst !== (type === 'IHDR')) return undefined;
    if (isCritical && !kept.has(type)) return undefined;
    const end = at + 12 + photo.readUInt32BE(at);
    if (end > photo.length && type !== 'IDAT' && type !== 'IEND') {
      if (isCritical || !hasPicture) return undefined;
      break;
    }
    hasPicture ||= type === 'IDAT';
    if (kept.has(type)) chunks.push(photo.subarray(at, end));
    if (type === 'IEND') break;
    at = end;
  }
  return hasPicture ? Buffer.concat(chunks) : undefined;
}
