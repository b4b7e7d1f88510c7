import type { Picture } from './decode-photo.ts';
import { poseOf } from './face-pose.ts';
import { measureLight } from './light.ts';
import type { Point } from './load-models.ts';

/** Named and shaped as OOTO's page has them; what cannot be judged honestly is not there. */
export interface FaceQuality {
  /** Degrees; positive: looks down, looks to the right of the picture, leans clockwise. */
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

/** What is still fine; docs/local-engine.md shows the faces that these were chosen on. */
const limits = { uniformity: 0.6, darkest: 0.2, brightest: 0.85, contrast: 0.3, blur: 0.5, eyeClosed: 0.4 };

/** Judges a face by its pixels (a square cut around it, upright) and by its 68 points in the order of iBUG 300-W. */
export function measureQuality(face: Picture, points: readonly Point[]): FaceQuality {
  const { uniformity, exposure, contrast, blur } = measureLight(face);
  return {
    ...poseOf(points),
    uniformity: { value: uniformity, fine: uniformity >= limits.uniformity },
    exposure: { value: exposure, fine: exposure >= limits.darkest && exposure <= limits.brightest },
    contrast: { value: contrast, fine: contrast >= limits.contrast },
    blur: { score: blur, fine: blur < limits.blur },
    left_eye_closed: closedEye(points.slice(36, 42)),
    right_eye_closed: closedEye(points.slice(42, 48)),
  };
}

/** An open eye is about 0.3 as high as it is wide, a closed one 0.1. */
function closedEye(eye: readonly Point[]): Score {
  const [outer, above1, above2, inner, below2, below1] = eye;
  if (!outer || !above1 || !above2 || !inner || !below2 || !below1) return { score: 0, fine: true };
  const height = (distance(above1, below1) + distance(above2, below2)) / 2;
  const openness = height / distance(outer, inner);
  const score = Math.min(1, Math.max(0, (0.3 - openness) / 0.2));
  return { score, fine: score < limits.eyeClosed };
}

const distance = (a: Point, b: Point) => Math.hypot(a.x - b.x, a.y - b.y);
