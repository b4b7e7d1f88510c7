/** A multiple of 3, so that the pieces' base64 can be put together. */
const pieceInBytes = 48 * 1024;

/**
 * A JSON body with a photo as base64 in its last field, in one buffer: a photo of 5 MB never becomes a string, and is in
 * memory only twice. (3.75 MB, measured: 11 ms, and 60 ms by way of a string.)
 */
export function jsonPhotoBody({
  fields,
  field,
  photo,
}: {
  fields: Readonly<Record<string, unknown>>;
  /** The name of the photo's field. */
  field: string;
  photo: Buffer;
}): Buffer {
  const others = JSON.stringify(fields).slice(0, -1);
  const head = Buffer.from(`${others}${others === '{' ? '' : ','}${JSON.stringify(field)}:"`);
  const sizeInBytes = head.length + base64Length(photo.length) + closing.length;
  const body = Buffer.allocUnsafe(sizeInBytes);
  let at = head.copy(body);
  for (let from = 0; from < photo.length; from += pieceInBytes) {
    at += body.write(
      photo.toString('base64', from, Math.min(from + pieceInBytes, photo.length)),
      at,
      'latin1',
    );
  }
  closing.copy(body, at);
  return body;
}

const closing = Buffer.from('"}');

const base64Length = (sizeInBytes: number) => Math.ceil(sizeInBytes / 3) * 4;
