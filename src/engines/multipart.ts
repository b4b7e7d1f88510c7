import { randomBytes } from 'node:crypto';
import type { PhotoFormat } from '../photos/photo.ts';

export interface MultipartPhoto {
  /** The form's field. */
  readonly field: string;
  readonly format: PhotoFormat;
  readonly bytes: Buffer;
}

/**
 * A multipart/form-data body in one buffer: a photo, if any, then the text fields. Field names are the engine's, the
 * file's name is constant, and values are only in the parts' bodies: no user input gets into a header. No photo or value
 * contains the boundary's 144 random bits.
 */
export function multipartBody({
  photo,
  fields,
}: {
  photo?: MultipartPhoto;
  fields: Readonly<Record<string, string>>;
}): { contentType: string; body: Buffer } {
  const boundary = `rollcall-${randomBytes(18).toString('hex')}`;
  const pieces: Buffer[] = [];
  const part = (head: string, content: Buffer) =>
    pieces.push(Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`), content, Buffer.from('\r\n'));

  if (photo !== undefined) {
    const name = photo.format === 'jpeg' ? 'photo.jpg' : `photo.${photo.format}`;
    const disposition = `Content-Disposition: form-data; name="${photo.field}"; filename="${name}"`;
    part(`${disposition}\r\nContent-Type: image/${photo.format}`, photo.bytes);
  }
  for (const [name, value] of Object.entries(fields)) {
    part(`Content-Disposition: form-data; name="${name}"`, Buffer.from(value));
  }
  pieces.push(Buffer.from(`--${boundary}--\r\n`));
  return { contentType: `multipart/form-data; boundary=${boundary}`, body: Buffer.concat(pieces) };
}
