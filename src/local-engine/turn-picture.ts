import type { Picture } from './decode-photo.ts';
import type { Point } from './load-models.ts';

/** How often a picture is turned clockwise by a quarter. */
export type QuarterTurns = 0 | 1 | 2 | 3;

/** The ways to turn a picture that does not stand upright; upside down is the rarest. */
export const quarterTurns = [1, 3, 2] as const satisfies readonly QuarterTurns[];

export function turnPicture(picture: Picture, turns: QuarterTurns): Picture {
  const { width, height, data } = picture;
  const turned = new Uint8Array(data.length);
  const isSideways = turns % 2 === 1;
  const size = isSideways ? { width: height, height: width } : { width, height };
  for (let y = 0; y < size.height; y += 1) {
    for (let x = 0; x < size.width; x += 1) {
      const from = turnBack({ x, y }, { width: width - 1, height: height - 1 }, turns);
      const source = (from.y * width + from.x) * 3;
      turned.set(data.subarray(source, source + 3), (y * size.width + x) * 3);
    }
  }
  return { ...size, data: turned };
}

/** Where a place in the turned picture lies in the one that it was made of, whose size is given. */
export function turnBack(
  { x, y }: Point,
  { width, height }: { readonly width: number; readonly height: number },
  turns: QuarterTurns,
): Point {
  switch (turns) {
    case 0:
      return { x, y };
    case 1:
      return { x: y, y: height - x };
    case 2:
      return { x: width - x, y: height - y };
    case 3:
      return { x: width - y, y: x };
  }
}
