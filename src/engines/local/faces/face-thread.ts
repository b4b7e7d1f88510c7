import { decodePhoto } from './decode-photo.ts';
import type { PhotoReading } from './face-reader.ts';
import { findFaces } from './find-faces.ts';
import { type FaceModels, loadModels } from './load-models.ts';

let models: Promise<FaceModels> | undefined;

/** What a thread of the pool does: one photo at a time. Without a photo it only loads its models. */
export default async function readFaces(photo: Uint8Array | undefined): Promise<PhotoReading | undefined> {
  models ??= loadModels();
  const loaded = await models;
  if (photo === undefined) return undefined;
  const decoded = await decodePhoto(Buffer.from(photo.buffer, photo.byteOffset, photo.byteLength));
  if ('kind' in decoded) return decoded;
  const { format, width, height } = decoded;
  return { kind: 'read', format, width, height, faces: await findFaces(loaded, decoded) };
}
