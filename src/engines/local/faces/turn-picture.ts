import { sharp } from '../../../photos/image-decoder.ts';
import type { Picture } from './decode-photo.ts';
import type { Point } from './load-models.ts';

/** How often a picture is turned clockwise by a quarter. */
export type QuarterTurns = 0 | 1 | 2 | 3;

/** The ways to turn a picture that does not stand upright; upside down is the rarest. */
export const quarterTurns = [1, 3, 2] as const satisfies readonly QuarterTurns[];

export async function turnPicture(picture: Picture, turns: QuarterTurns): Promise<Picture> {
  const { width, height } = picture;
  const { data, info } = await sharp(picture.data, { raw: { width, height, channels: 3 } })
    .rotate(turns * 90)
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
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
