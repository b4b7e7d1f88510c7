import { crc32 } from 'node:zlib';

const scriptPrefix = 'rollcall-test:';
const personPrefix = 'rollcall-person:';

/** The photo with a script for the engine server in it: as a JPEG comment or a PNG text, so that it stays an image. */
export function tagPhoto(photo: Buffer, script: string): Buffer {
  return insertText(photo, `${scriptPrefix}${script};`);
}

/** The photo with a name in it: to the engine server, photos of one name show one person. */
export function tagPerson(photo: Buffer, person: string): Buffer {
  return insertText(photo, `${personPrefix}${person};`);
}

function insertText(photo: Buffer, words: string): Buffer {
  const text = Buffer.from(words, 'latin1');
  if (photo.subarray(0, 2).equals(jpegStart)) {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(text.length + 2);
    return Buffer.concat([jpegStart, Buffer.from([0xff, 0xfe]), length, text, photo.subarray(2)]);
  }
  if (!photo.subarray(0, 8).equals(pngStart)) throw new Error('only JPEG and PNG can carry a script');
  const endOfHeader = 8 + 12 + photo.readUInt32BE(8);
  const chunk = pngChunk('tEXt', Buffer.concat([Buffer.from('Comment\0', 'latin1'), text]));
  return Buffer.concat([photo.subarray(0, endOfHeader), chunk, photo.subarray(endOfHeader)]);
}

/** The script in a photo, wherever in its bytes. */
export function readTag(photo: Buffer): string | undefined {
  return readText(photo, scriptPrefix);
}

export function readPerson(photo: Buffer): string | undefined {
  return readText(photo, personPrefix);
}

function readText(photo: Buffer, prefix: string): string | undefined {
  const start = photo.indexOf(prefix, 0, 'latin1');
  if (start < 0) return undefined;
  const end = photo.indexOf(';', start, 'latin1');
  return end < 0 ? undefined : photo.toString('latin1', start + prefix.length, end);
}

/** Whether the bytes begin as the image that the type names. */
export function looksLike(photo: Buffer, mimeType: string): boolean {
  return mimeType === 'image/png'
    ? photo.subarray(0, 8).equals(pngStart)
    : photo.subarray(0, 2).equals(jpegStart);
}

const jpegStart = Buffer.from([0xff, 0xd8]);
const pngStart = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function pngChunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(content.length, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}
