import type { PhotoEdit } from '../../../src/records/decisions/decision.ts';

export type Crop = NonNullable<PhotoEdit['crop']>;
export const wholePicture: Crop = { left: 0, top: 0, width: 1, height: 1 };

/** Engines need a face; less than this of a picture shows none. */
const smallest = 0.05;

/** A crop between two points, in shares of the picture, kept within it. */
export function cropBetween(a: { x: number; y: number }, b: { x: number; y: number }): Crop {
  const [left, right] = ordered(within(a.x), within(b.x));
  const [top, bottom] = ordered(within(a.y), within(b.y));
  return moved({ left, top, width: right - left, height: bottom - top }, {});
}

/** A crop with one of its numbers changed; the others give way so that it stays within the picture. */
export function moved(crop: Crop, change: Partial<Crop>): Crop {
  const wanted = { ...crop, ...change };
  const width = rounded(clamp(wanted.width, smallest, 1));
  const height = rounded(clamp(wanted.height, smallest, 1));
  return {
    left: rounded(clamp(wanted.left, 0, 1 - width)),
    top: rounded(clamp(wanted.top, 0, 1 - height)),
    width,
    height,
  };
}

/** What is sent: nothing of a crop that leaves the picture whole. Undefined: nothing is changed. */
export function editOf(rotate: PhotoEdit['rotate'], crop: Crop): PhotoEdit | undefined {
  const isWhole = crop.width === 1 && crop.height === 1;
  if (rotate === 0 && isWhole) return undefined;
  return isWhole ? { rotate } : { rotate, crop };
}

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));
const within = (value: number) => clamp(value, 0, 1);
const ordered = (a: number, b: number): [number, number] => (a < b ? [a, b] : [b, a]);
const rounded = (value: number) => Math.round(value * 1000) / 1000;
