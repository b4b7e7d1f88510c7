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
