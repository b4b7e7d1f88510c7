import type { Picture } from './decode-photo.ts';
import { type Point, poseOf } from './face-pose.ts';

/** Names and shape are those of OOTO's page; what cannot be measured here is left out. */
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

/** 0 to 1 each. */
interface Light {
  /** How alike the left and the right half of the face are lit. */
  readonly uniformity: number;
  /** The mean brightness. */
  readonly exposure: number;
  /** Between the darkest and the brightest twentieth. */
  readonly contrast: number;
  /** 0: sharp to the pixel. */
  readonly blur: number;
}

/** What the pixels of a face say of its light and sharpness. */
function measureLight({ width, height, data }: Picture): Light {
  const grey = new Float64Array(width * height);
  let left = 0;
  let right = 0;
  for (let index = 0; index < grey.length; index += 1) {
    const [red = 0, green = 0, blue = 0] = data.subarray(index * 3, index * 3 + 3);
    const value = (0.299 * red + 0.587 * green + 0.114 * blue) / 255;
    grey[index] = value;
    if (index % width < width / 2) left += value;
    else right += value;
  }
  const sorted = grey.slice().sort();
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return {
    uniformity: left + right > 0 ? 1 - Math.abs(left - right) / (left + right) : 1,
    exposure: (left + right) / grey.length,
    contrast: at(0.95) - at(0.05),
    blur: blurOf(grey, width, height),
  };
}

/** Fine detail (the Laplacian's variance) as a share of all that there is to see: light and dark are not blur. */
function blurOf(grey: Float64Array, width: number, height: number): number {
  const detail: number[] = [];
  for (let y = 1; y < height - 1; y += 1) {
    for (let x = 1; x < width - 1; x += 1) {
      const at = (dx: number, dy: number) => grey[(y + dy) * width + x + dx] ?? 0;
      detail.push(at(-1, 0) + at(1, 0) + at(0, -1) + at(0, 1) - 4 * at(0, 0));
    }
  }
  const share = varianceOf(detail) / (varianceOf(grey) + 1e-4);
  return 1 / (1 + share / halfBlurredShare);
}

/** The share at which the score is a half; docs/local-engine.md says what it was found on. */
const halfBlurredShare = 0.005;

function varianceOf(values: ArrayLike<number>): number {
  let sum = 0;
  let squares = 0;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? 0;
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  return Math.max(0, squares / values.length - mean * mean);
}
