/** In a picture, in pixels. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Degrees; positive: looks down, looks to the right of the picture, leans clockwise. */
export interface Pose {
  readonly pitch: number;
  readonly yaw: number;
  readonly roll: number;
}

/** Points of an average face, without unit: to the right, down, away from the viewer; with their index among the 68 points. */
const commonFace: readonly { readonly index: number; readonly at: readonly [number, number, number] }[] = [
  { index: 30, at: [0, 0, 0] }, // tip of the nose
  { index: 8, at: [0, 330, 65] }, // chin
  { index: 36, at: [-225, -170, 135] }, // outer corners of the eyes
  { index: 45, at: [225, -170, 135] },
  { index: 48, at: [-150, 150, 125] }, // corners of the mouth
  { index: 54, at: [150, 150, 125] },
];

type Vector = readonly [number, number, number];

/**
 * How a head is turned: an average face is fitted to six of its points by least squares, as seen from far away. People
 * differ from the average face, so it is accurate to some degrees only.
 */
export function poseOf(points: readonly Point[]): Pose {
  const seen = commonFace.map(({ index }) => points[index] ?? { x: 0, y: 0 });
  const across = rowOf(seen.map(({ x }) => x));
  const down = rowOf(seen.map(({ y }) => y));
  const first = unit(across);
  const second = unit(minus(down, first, dot(down, first)));
  const depth = first[0] * second[1] - first[1] * second[0];
  const pitch = Math.asin(Math.max(-1, Math.min(1, -second[2])));
  return {
    pitch: degrees(pitch) - levelPitchInDegrees,
    yaw: degrees(Math.atan2(-first[2], depth)),
    roll: degrees(Math.atan2(second[0], first[0])),
  };
}

/** The average of portraits: their noses and chins differ from the average face's. */
const levelPitchInDegrees = 12;

const middle: Vector = [0, 1, 2].map(
  (axis) => commonFace.reduce((sum, { at }) => sum + (at[axis] ?? 0), 0) / commonFace.length,
) as unknown as Vector;
const centred = commonFace.map(({ at }) => minus(at, middle, 1));
const inverse = invert(momentsOf(centred));

/** The row of the least squares' matrix that gives one coordinate of the picture. */
function rowOf(values: readonly number[]): Vector {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const weighted = [0, 1, 2].map((axis) =>
    centred.reduce((sum, at, index) => sum + (at[axis] ?? 0) * ((values[index] ?? 0) - mean), 0),
  );
  return inverse.map((row) => dot(row, weighted as unknown as Vector)) as unknown as Vector;
}

function momentsOf(points: readonly Vector[]): Vector[] {
  const axes = [0, 1, 2] as const;
  return axes.map(
    (row) =>
      axes.map((column) => points.reduce((sum, at) => sum + at[row] * at[column], 0)) as unknown as Vector,
  );
}

/** Of a symmetric matrix that has one. */
function invert(rows: readonly Vector[]): Vector[] {
  const [a, b, c] = rows as [Vector, Vector, Vector];
  const cofactors = [cross(b, c), cross(c, a), cross(a, b)];
  const determinant = dot(a, cross(b, c));
  return cofactors.map((row) => row.map((value) => value / determinant) as unknown as Vector);
}

function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

function minus(a: Vector, b: Vector, times: number): Vector {
  return [a[0] - b[0] * times, a[1] - b[1] * times, a[2] - b[2] * times];
}

function unit(a: Vector): Vector {
  const length = Math.sqrt(dot(a, a)) || 1;
  return [a[0] / length, a[1] / length, a[2] / length];
}

const degrees = (radians: number) => (radians * 180) / Math.PI;
