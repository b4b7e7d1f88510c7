import type { Picture } from './decode-photo.ts';
import type { Point } from './face-pose.ts';

/** The square around all points of a face and a tenth more on each side, turned so that the eyes are level. */
export function squareAround(points: readonly Point[]): Square {
  const angle = eyesAngle(points);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const across = points.map(({ x, y }) => x * cos + y * sin);
  const down = points.map(({ x, y }) => y * cos - x * sin);
  const [left, right] = [Math.min(...across), Math.max(...across)];
  const [top, bottom] = [Math.min(...down), Math.max(...down)];
  const [u, v] = [(left + right) / 2, (top + bottom) / 2];
  return {
    centre: { x: u * cos - v * sin, y: u * sin + v * cos },
    side: Math.max(right - left, bottom - top) * 1.2,
    angle,
  };
}

/** By how much the line from eye to eye is turned clockwise, in radians. */
export function eyesAngle(points: readonly Point[]): number {
  const [left, right] = fivePoints(points);
  return left && right ? Math.atan2(right.y - left.y, right.x - left.x) : 0;
}

/** Of 68 points: the eyes' centres, the tip of the nose, the corners of the mouth. */
export function fivePoints(points: readonly Point[]): Point[] {
  const [nose, left, right] = [points[30], points[48], points[54]];
  const eyes = [centreOf(points.slice(36, 42)), centreOf(points.slice(42, 48))];
  return nose && left && right ? [...eyes, nose, left, right] : [];
}

function centreOf(points: readonly Point[]): Point {
  const sum = points.reduce((total, { x, y }) => ({ x: total.x + x, y: total.y + y }), { x: 0, y: 0 });
  return { x: sum.x / points.length, y: sum.y / points.length };
}

/**
 * The square that the descriptor's network was trained on: the five points as near as can be, by least squares, to where
 * they lie in dlib's mean face (its 68-point alignment, with a quarter of the face's size around it).
 */
export function descriptorSquare(points: readonly Point[]): Square {
  const seen = fivePoints(points);
  const [middle, wanted] = [centreOf(seen), centreOf(meanFace)];
  let [size, along, askew] = [0, 0, 0];
  for (const [index, point] of seen.entries()) {
    const mean = meanFace[index] ?? wanted;
    const [x, y] = [mean.x - wanted.x, mean.y - wanted.y];
    const [u, v] = [point.x - middle.x, point.y - middle.y];
    size += x * x + y * y;
    along += x * u + y * v;
    askew += x * v - y * u;
  }
  const [cos, sin] = [along / size, askew / size];
  const [right, down] = [0.5 - wanted.x, 0.5 - wanted.y];
  return {
    centre: { x: middle.x + cos * right - sin * down, y: middle.y + sin * right + cos * down },
    side: Math.hypot(cos, sin),
    angle: Math.atan2(sin, cos),
  };
}

/** As shares of the square: eyes, tip of the nose, corners of the mouth. */
const meanFace: readonly Point[] = [
  { x: 0.317, y: 0.3107 },
  { x: 0.6698, y: 0.3107 },
  { x: 0.4934, y: 0.5104 },
  { x: 0.3361, y: 0.6868 },
  { x: 0.6507, y: 0.6868 },
];

/** A square in a picture, that may stand askew and reach over its edges. */
export interface Square {
  readonly centre: Point;
  /** In pixels of the picture. */
  readonly side: number;
  /** By how much it is turned clockwise, in radians. */
  readonly angle: number;
}

/** Cuts a square out as a picture of its own of `size` pixels a side, upright; what lies outside repeats the edge. */
export function cutSquare(picture: Picture, square: Square, size: number): Picture {
  const data = new Uint8Array(size * size * 3);
  const step = square.side / size;
  // Where many pixels become one, several of them are averaged.
  const samples = Math.min(4, Math.max(1, Math.round(step)));
  const [cos, sin] = [Math.cos(square.angle), Math.sin(square.angle)];
  const pixel = new Float64Array(3);
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      pixel.fill(0);
      for (let sample = 0; sample < samples * samples; sample += 1) {
        const across = (column + ((sample % samples) + 0.5) / samples) * step - square.side / 2;
        const down = (row + (Math.floor(sample / samples) + 0.5) / samples) * step - square.side / 2;
        const x = square.centre.x + across * cos - down * sin;
        addPixel(picture, x, square.centre.y + across * sin + down * cos, pixel);
      }
      for (let channel = 0; channel < 3; channel += 1)
        data[(row * size + column) * 3 + channel] = Math.round((pixel[channel] ?? 0) / (samples * samples));
    }
  }
  return { width: size, height: size, data };
}

/** Between the four pixels around a place (whose centres lie at halves). The hottest loop here: it makes no objects. */
function addPixel({ width, height, data }: Picture, x: number, y: number, total: Float64Array): void {
  const left = Math.min(width - 1, Math.max(0, x - 0.5));
  const top = Math.min(height - 1, Math.max(0, y - 0.5));
  const x0 = Math.floor(left);
  const y0 = Math.floor(top);
  const right = x0 + 1 < width ? 3 : 0;
  const below = y0 + 1 < height ? width * 3 : 0;
  const fx = left - x0;
  const fy = top - y0;
  for (let channel = 0; channel < 3; channel += 1) {
    const at = (y0 * width + x0) * 3 + channel;
    const upper = (data[at] ?? 0) * (1 - fx) + (data[at + right] ?? 0) * fx;
    const lower = (data[at + below] ?? 0) * (1 - fx) + (data[at + below + right] ?? 0) * fx;
    total[channel] = (total[channel] ?? 0) + upper * (1 - fy) + lower * fy;
  }
}
