import { sharp } from '../../../photos/formats/image-decoder.ts';
import type { Picture } from './decode-photo.ts';
import type { Point } from './face-pose.ts';
import type { FaceModels } from './load-models.ts';
import type { Box, Detection } from './networks/detector-network.ts';

/** The faces of a picture that has to be turned so that they stand upright. */
export interface DetectedFaces {
  readonly turns: QuarterTurns;
  /** In pixels of the turned picture; the most certain first. */
  readonly detections: readonly Detection[];
}

/** From here on something counts as a face; docs/local-engine.md has the counts behind these numbers. */
const minScore = 0.5;
/** A first look with such a score is final: a face on its side hardly ever gets there. */
const certainScore = 0.95;
/** Of the ways to turn a picture the best one is taken from here on. */
const goodScore = 0.8;
/** A good first look is final where the second one has such a score: of 43 faces on their side none had both. */
const agreedScore = 0.9;
/** By how much another way must be better than the upright one. */
const turnMargin = 0.03;
const maxFaces = 100;

/** The detector scales every picture to this size. */
const lookSideInPixels = 512;
/** In a second look the picture fills half of that, amid black: close faces are found better, false ones vanish. */
const smallSideInPixels = 256;

/**
 * One look where it shows a face for certain; a second, smaller one where that agrees with a good first. Otherwise one
 * for each other way to turn the picture, of which the best is taken: faces that lie on their side are seen, but not so
 * well. If none is good, the second look at the upright one decides: five in all, which is what a photo without a face
 * costs.
 */
export async function detectFaces(models: FaceModels, picture: Picture): Promise<DetectedFaces> {
  const large = await resizePicture(picture, lookSideInPixels);
  const scale = picture.width / large.width;
  const first = look(models, large, scale);
  if (bestScore(first) >= certainScore) return { turns: 0, detections: first };
  const small = await resizePicture(picture, smallSideInPixels);
  const second = look(models, small, picture.width / small.width);
  if (bestScore(first) >= goodScore && bestScore(second) >= agreedScore)
    return { turns: 0, detections: first };
  let best: { turns: QuarterTurns; detections: Detection[]; score: number } = {
    turns: 0,
    detections: first,
    score: bestScore(first) + turnMargin,
  };
  for (const turns of quarterTurns) {
    const detections = look(models, await turnPicture(large, turns), scale);
    const score = bestScore(detections);
    if (score > best.score) best = { turns, detections, score };
  }
  return bestScore(best.detections) >= goodScore ? best : { turns: 0, detections: second };
}

const bestScore = ([best]: readonly Detection[]) => best?.score ?? 0;

async function resizePicture({ width, height, data }: Picture, sideInPixels: number): Promise<Picture> {
  const resized = await sharp(data, { raw: { width, height, channels: 3 } })
    .resize({ width: sideInPixels, height: sideInPixels, fit: 'inside' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: resized.info.width, height: resized.info.height, data: resized.data };
}

/** `scale`: pixels of the whole picture for one of this. */
function look(models: FaceModels, picture: Picture, scale: number): Detection[] {
  const found = models.locateFaces(picture, minScore).slice(0, maxFaces);
  return withoutNested(found.map(({ score, box }) => ({ score, box: scaleBox(box, scale) })));
}

export function scaleBox({ x, y, width, height }: Box, scale: number): Box {
  return { x: x * scale, y: y * scale, width: width * scale, height: height * scale };
}

/** One face is now and then found twice, as a whole and in part: the more certain one stays. */
function withoutNested(detections: readonly Detection[]): Detection[] {
  const sorted = [...detections].sort((a, b) => b.score - a.score);
  const kept: Detection[] = [];
  for (const detection of sorted)
    if (!kept.some((other) => overlap(other.box, detection.box) > maxOverlap)) kept.push(detection);
  return kept;
}

/** As a share of the smaller of two boxes. */
const maxOverlap = 0.6;

function overlap(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  return (width * height) / Math.min(a.width * a.height, b.width * b.height);
}

/** How often a picture is turned clockwise by a quarter. */
export type QuarterTurns = 0 | 1 | 2 | 3;

/** The ways to turn a picture that does not stand upright; upside down is the rarest. */
export const quarterTurns = [1, 3, 2] as const satisfies readonly QuarterTurns[];

export async function turnPicture(picture: Picture, turns: QuarterTurns): Promise<Picture> {
  if (turns === 0) return picture;
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
