import type { Square } from './cut-square.ts';
import type { Point } from './load-models.ts';

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
