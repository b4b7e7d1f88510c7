import type { DecodedPhoto, Picture } from './decode-photo.ts';
import {
  type Box,
  type DetectedFaces,
  type Detection,
  detectFaces,
  type QuarterTurns,
  turnBack,
} from './detect-faces.ts';
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

/** Below this width, in pixels of the photo, descriptors of one person are no longer close to each other. */
const minFaceWidthInPixels = 40;

/** Finds the faces of a photo and describes each; the most certain first. */
export async function findFaces(models: FaceModels, photo: DecodedPhoto): Promise<FaceFound[]> {
  const detected = await detectFaces(models, photo.picture);
  const faces: FaceFound[] = [];
  for (const detection of detected.detections)
    faces.push(await describeFace({ models, photo, detected, detection }));
  return faces;
}

async function describeFace(options: {
  models: FaceModels;
  photo: DecodedPhoto;
  detected: DetectedFaces;
  detection: Detection;
}): Promise<FaceFound> {
  const { models, photo, detected, detection } = options;
  const { picture, turns } = detected;
  const scale = photo.width / photo.picture.width;
  const points = await findLandmarks(models, picture, detection.box);
  const isLargeEnough = detection.box.width * scale >= minFaceWidthInPixels;
  const descriptor = isLargeEnough ? await describe(models, picture, descriptorSquare(points)) : undefined;
  const inPhoto = (point: Point) => scalePoint(turnBack(point, photo.picture, turns), scale);
  return {
    box: boxInPhoto(detection.box, inPhoto),
    score: detection.score,
    landmarks: fivePoints(points).map((point) => {
      const { x, y } = inPhoto(point);
      return [Math.round(x), Math.round(y)];
    }),
    ...(descriptor && { descriptor }),
    quality: turnRoll(measureQuality(cutFace(picture, points), points), turns),
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

const landmarkSideInPixels = 112;

/** 68 points in the pixels of the picture, in the order of iBUG 300-W: jaw, brows, nose, eyes, mouth. */
async function findLandmarks(models: FaceModels, picture: Picture, box: Box): Promise<Point[]> {
  const { x, y, width, height } = box;
  const centre = { x: x + width / 2, y: y + height / 2 };
  const upright = { centre, side: Math.max(width, height), angle: 0 };
  const points = await findLandmarksIn(models, picture, upright);
  // The network knows heads that stand upright; for one that leans it is run again on the turned square.
  const angle = eyesAngle(points);
  return Math.abs(angle) < maxLeanInRadians
    ? points
    : findLandmarksIn(models, picture, { ...upright, angle });
}

const maxLeanInRadians = 0.15;

async function findLandmarksIn(
  { tf, faceApi }: FaceModels,
  picture: Picture,
  square: Square,
): Promise<Point[]> {
  const cut = cutSquare(picture, square, landmarkSideInPixels);
  const image = tf.tensor3d(new Int32Array(cut.data), [cut.height, cut.width, 3], 'int32');
  try {
    const { positions } = await faceApi.nets.faceLandmark68Net.detectLandmarks(image);
    const scale = square.side / landmarkSideInPixels;
    const [cos, sin] = [Math.cos(square.angle), Math.sin(square.angle)];
    return positions.map((position) => {
      const across = position.x * scale - square.side / 2;
      const down = position.y * scale - square.side / 2;
      return {
        x: square.centre.x + across * cos - down * sin,
        y: square.centre.y + across * sin + down * cos,
      };
    });
  } finally {
    image.dispose();
  }
}

const descriptorSideInPixels = 150;

async function describe(models: FaceModels, picture: Picture, square: Square): Promise<Float32Array> {
  const { tf, faceApi } = models;
  const cut = cutSquare(picture, square, descriptorSideInPixels);
  const image = tf.tensor3d(new Int32Array(cut.data), [cut.height, cut.width, 3], 'int32');
  try {
    return await faceApi.nets.faceRecognitionNet.computeFaceDescriptor(image);
  } finally {
    image.dispose();
  }
}
