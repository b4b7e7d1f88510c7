import type { DecodedPhoto, Picture } from './decode-photo.ts';
import { detectFaces, type QuarterTurns, scaleBox, turnBack, turnPicture } from './detect-faces.ts';
import type { Point } from './face-pose.ts';
import { type FaceQuality, measureQuality } from './face-quality.ts';
import type { FaceFound } from './face-reader.ts';
import {
  cutSquare,
  descriptorSquare,
  eyesAngle,
  fivePoints,
  type Square,
  squareAround,
} from './face-square.ts';
import type { FaceModels } from './load-models.ts';
import { descriptorSideInPixels } from './networks/descriptor-network.ts';
import type { Box, Detection } from './networks/detector-network.ts';
import { landmarkSideInPixels } from './networks/landmark-network.ts';

/** Below this width, in pixels of the photo, descriptors of one person are no longer close to each other. */
const minFaceWidthInPixels = 40;

/** Finds the faces of a photo and describes each; the most certain first. */
export async function findFaces(models: FaceModels, photo: DecodedPhoto): Promise<FaceFound[]> {
  const detected = await detectFaces(models, photo.picture);
  const isFineEnough = detected.detections.every(({ box }) => box.width >= descriptorSideInPixels);
  const picture = isFineEnough ? photo.picture : await photo.decodeFiner();
  const finer = picture.width / photo.picture.width;
  const turned = await turnPicture(picture, detected.turns);
  return detected.detections.map(({ score, box }) =>
    describeFace({
      models,
      photo,
      picture,
      turned,
      turns: detected.turns,
      detection: { score, box: scaleBox(box, finer) },
    }),
  );
}

function describeFace(options: {
  models: FaceModels;
  photo: DecodedPhoto;
  /** Upright as the photo says. */
  picture: Picture;
  /** Turned so that faces stand upright. */
  turned: Picture;
  turns: QuarterTurns;
  /** In the turned picture. */
  detection: Detection;
}): FaceFound {
  const { models, photo, picture, turned, turns, detection } = options;
  const scale = photo.width / picture.width;
  const points = findLandmarks(models, turned, detection.box);
  const isLargeEnough = detection.box.width * scale >= minFaceWidthInPixels;
  const descriptor =
    isLargeEnough && models.describe(cutSquare(turned, descriptorSquare(points), descriptorSideInPixels));
  const inPhoto = (point: Point) => scalePoint(turnBack(point, picture, turns), scale);
  return {
    box: boxInPhoto(detection.box, inPhoto),
    score: detection.score,
    landmarks: fivePoints(points).map((point) => {
      const { x, y } = inPhoto(point);
      return [Math.round(x), Math.round(y)];
    }),
    ...(descriptor && { descriptor }),
    quality: turnRoll(measureQuality(cutFace(turned, points), points), turns),
  };
}

const scalePoint = ({ x, y }: Point, scale: number): Point => ({ x: x * scale, y: y * scale });

function boxInPhoto({ x, y, width, height }: Box, inPhoto: (point: Point) => Point): FaceFound['box'] {
  const a = inPhoto({ x, y });
  const b = inPhoto({ x: x + width, y: y + height });
  return {
    x: Math.round(Math.min(a.x, b.x)),
    y: Math.round(Math.min(a.y, b.y)),
    w: Math.round(Math.abs(a.x - b.x)),
    h: Math.round(Math.abs(a.y - b.y)),
  };
}

/** A face that stands upright once its picture is turned clockwise leans the other way in the photo. */
function turnRoll(quality: FaceQuality, turns: QuarterTurns): FaceQuality {
  const roll = quality.roll - turns * 90;
  return { ...quality, roll: roll <= -180 ? roll + 360 : roll };
}

/** Not enlarged: pixels that were never there would look like blur. */
function cutFace(picture: Picture, points: readonly Point[]): Picture {
  const square = squareAround(points);
  return cutSquare(picture, square, Math.min(128, Math.max(16, Math.round(square.side))));
}

/** 68 points in the pixels of the picture, in the order of iBUG 300-W: jaw, brows, nose, eyes, mouth. */
function findLandmarks(models: FaceModels, picture: Picture, box: Box): Point[] {
  const { x, y, width, height } = box;
  const centre = { x: x + width / 2, y: y + height / 2 };
  const upright = { centre, side: Math.max(width, height), angle: 0 };
  const points = findLandmarksIn(models, picture, upright);
  // The network knows heads that stand upright; for one that leans it is run again on the turned square.
  const angle = eyesAngle(points);
  return Math.abs(angle) < maxLeanInRadians
    ? points
    : findLandmarksIn(models, picture, { ...upright, angle });
}

const maxLeanInRadians = 0.15;

function findLandmarksIn(models: FaceModels, picture: Picture, square: Square): Point[] {
  const found = models.findLandmarks(cutSquare(picture, square, landmarkSideInPixels));
  const scale = square.side / landmarkSideInPixels;
  const [cos, sin] = [Math.cos(square.angle), Math.sin(square.angle)];
  return found.map((point) => {
    const across = point.x * scale - square.side / 2;
    const down = point.y * scale - square.side / 2;
    return {
      x: square.centre.x + across * cos - down * sin,
      y: square.centre.y + across * sin + down * cos,
    };
  });
}
