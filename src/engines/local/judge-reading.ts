import { detectPhotoFormat } from '../../photos/formats/photo-format.ts';
import type { FaceFound, FaceReader } from './faces/face-reader.ts';

/** A face that is large enough to be distinguished from others. */
export type UsableFace = FaceFound & { readonly descriptor: Float32Array };

/** What a photo shows. `undecodable`: no JPEG or PNG, or a broken one. */
export type PhotoLook =
  | { readonly kind: 'undecodable' }
  | { readonly kind: 'read'; readonly faces: readonly FaceFound[] };

/** Only the two formats that the engines' pages name: others decode, too, and would be refused by the engine. */
export async function lookAt(reader: FaceReader, photo: Buffer, signal: AbortSignal): Promise<PhotoLook> {
  const format = detectPhotoFormat(photo);
  if (format !== 'jpeg' && format !== 'png') return { kind: 'undecodable' };
  const reading = await reader.read(photo, signal);
  return reading.kind === 'read' ? { kind: 'read', faces: reading.faces } : { kind: 'undecodable' };
}

/** OOTO's way: exactly one face, large enough. A number is the page's error code. */
export function onlyFaceOf(look: PhotoLook): UsableFace | 4 | 5 | 6 | 9 {
  if (look.kind === 'undecodable') return 4;
  const [face, ...others] = look.faces;
  if (face === undefined) return 5;
  if (others.length > 0) return 6;
  return isUsable(face) ? face : 9;
}

/** Verihubs' way: of several faces the largest counts; undefined: no usable face. */
export function largestFaceOf(look: PhotoLook): UsableFace | undefined {
  if (look.kind === 'undecodable') return undefined;
  const area = ({ box }: FaceFound) => box.w * box.h;
  return look.faces.filter(isUsable).sort((a, b) => area(b) - area(a))[0];
}

const isUsable = (face: FaceFound): face is UsableFace => face.descriptor !== undefined;
