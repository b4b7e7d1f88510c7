import type { Picture } from './decode-photo.ts';
import type { Point } from './load-models.ts';

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
  const samples = Math.min(4, Math.max(1, Math.ceil(step)));
  const cos = Math.cos(square.angle);
  const sin = Math.sin(square.angle);
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      const total = [0, 0, 0];
      for (let sample = 0; sample < samples * samples; sample += 1) {
        const across = (column + ((sample % samples) + 0.5) / samples) * step - square.side / 2;
        const down = (row + (Math.floor(sample / samples) + 0.5) / samples) * step - square.side / 2;
        addPixel(
          picture,
          square.centre.x + across * cos - down * sin,
          square.centre.y + across * sin + down * cos,
          total,
        );
      }
      for (let channel = 0; channel < 3; channel += 1)
        data[(row * size + column) * 3 + channel] = Math.round((total[channel] ?? 0) / (samples * samples));
    }
  }
  return { width: size, height: size, data };
}

/** Between the four pixels around a place (whose centres lie at halves). */
function addPixel({ width, height, data }: Picture, x: number, y: number, total: number[]): void {
  const left = Math.min(width - 1, Math.max(0, x - 0.5));
  const top = Math.min(height - 1, Math.max(0, y - 0.5));
  const x0 = Math.floor(left);
  const y0 = Math.floor(top);
  const x1 = Math.min(width - 1, x0 + 1);
  const y1 = Math.min(height - 1, y0 + 1);
  const fx = left - x0;
  const fy = top - y0;
  for (let channel = 0; channel < 3; channel += 1) {
    const at = (column: number, row: number) => data[(row * width + column) * 3 + channel] ?? 0;
    const above = at(x0, y0) * (1 - fx) + at(x1, y0) * fx;
    const below = at(x0, y1) * (1 - fx) + at(x1, y1) * fx;
    total[channel] = (total[channel] ?? 0) + above * (1 - fy) + below * fy;
  }
}
