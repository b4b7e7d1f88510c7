import type { FaceFound } from './faces/face-reader.ts';
import type { EnrollPayload } from './verihubs-payload.ts';

interface Seen {
  readonly face: FaceFound;
  /** Faces in the photo. */
  readonly count: number;
}

const qualityBit = 4;
const nfaceBit = 8;

/** The page's words for what can fail here. */
export const failureWords: Readonly<Record<number, string>> = {
  4: 'fail on quality',
  8: 'fail on number of face (nface)',
  12: 'fail on number of face (nface) and quality',
};

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
    bounding_box: {
      top_left: { x: box.x, y: box.y },
      bottom_right: { x: box.x + box.w, y: box.y + box.h },
    },
    face_landmark: Object.fromEntries(
      landmarks.map(([x, y], index) => [landmarkNames[index] ?? index, { x, y }]),
    ),
    rotation: quality.roll,
    nface: count,
    ...(isQuality && {
      image_quality: { blur: !quality.blur.fine, dark: !quality.exposure.fine, grayscale: null },
    }),
    ...(isAttribute && { attributes: null }),
    ...(isLiveness && { liveness: { score: null, fine: null } }),
  };
}

const landmarkNames = ['left_eye', 'right_eye', 'nose', 'mouth_left', 'mouth_right'];
