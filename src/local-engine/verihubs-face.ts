import type { FaceFound } from './face-reader.ts';
import type { EnrollPayload } from './verihubs-payload.ts';

interface Seen {
  readonly face: FaceFound;
  /** Faces in the photo. */
  readonly count: number;
}

const qualityBit = 4;
const nfaceBit = 8;

/**
 * The n of FAIL_ON_n, 0 for none. Liveness (1) and attributes (2) cannot be judged here: their validation is never
 * failed, and their fields are null.
 */
export function failureMask(
  { validateQuality, validateNface }: Pick<EnrollPayload, 'validateQuality' | 'validateNface'>,
  { face, count }: Seen,
): number {
  const { blur, exposure } = face.quality;
  const isPoor = !blur.fine || !exposure.fine;
  return (validateQuality && isPoor ? qualityBit : 0) + (validateNface && count > 1 ? nfaceBit : 0);
}

/** What is told of a face; the names are assumed, from client code. */
export function verihubsFace(payload: EnrollPayload, { face, count }: Seen): object {
  const { isQuality, isAttribute, isLiveness } = payload;
  const { box, landmarks, quality } = face;
  return {
    bounding_box: box,
    face_landmark: landmarks,
    rotation: quality.roll,
    nface: count,
    ...(isQuality && {
      image_quality: { blur: !quality.blur.fine, dark: !quality.exposure.fine, grayscale: null },
    }),
    ...(isAttribute && { attributes: null }),
    ...(isLiveness && { liveness: { score: null, fine: null } }),
  };
}
