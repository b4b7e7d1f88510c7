import type { PhotoFormat } from '../../../photos/photo.ts';
import type { UndecodablePhoto } from './decode-photo.ts';
import type { FaceQuality } from './face-quality.ts';

/** Finds the faces of photos, with models that run on this machine, in threads of their own. */
export interface FaceReader {
  /**
   * Decodes a photo and looks for faces. Queues while all threads are busy; the caller limits how many queue.
   * @throws the signal's reason when aborted
   * @throws FaultError after `close`, or if a thread died
   */
  read(photo: Buffer, signal: AbortSignal): Promise<PhotoReading>;
  close(): Promise<void>;
}

export type PhotoReading = UndecodablePhoto | ReadFaces;

export interface ReadFaces {
  readonly kind: 'read';
  readonly format: PhotoFormat;
  /** In pixels of the upright photo. */
  readonly width: number;
  readonly height: number;
  /** The most certain first. */
  readonly faces: readonly FaceFound[];
}

/** One face; all places are in pixels of the upright photo. */
export interface FaceFound {
  readonly box: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  /** How certain it is that this is a face, 0 to 1. */
  readonly score: number;
  /** Five points: the eye on the left of the picture, the other eye, the nose, the two corners of the mouth. */
  readonly landmarks: readonly (readonly [x: number, y: number])[];
  /** 128 numbers, for `similarityOf`; absent: the face is too small for it. */
  readonly descriptor?: Float32Array;
  readonly quality: FaceQuality;
}
