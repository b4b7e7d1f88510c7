import { sharp } from '../photos/image-decoder.ts';
import { cutSquare, type Square } from './cut-square.ts';
import type { DecodedPhoto, Picture } from './decode-photo.ts';
import { measureQuality } from './face-quality.ts';
import type { FaceFound } from './face-reader.ts';
import type { FaceModels, Point } from './load-models.ts';

/** From here on something counts as a face; docs/local-engine.md has the counts that it was chosen by. */
const minScore = 0.5;
const maxFaces = 100;
/** What the detector looks at, whatever it is given. */
const detectorSideInPixels = 512;
/** Under this width, in pixels of the photo, descriptors of one person no longer lie together. */
const minFaceWidthInPixels = 40;

/** A face in the pixels of a picture. */
interface Detection {
  readonly score: number;
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
}

/** Finds the faces of a photo and describes each; the most certain first. */
export async function findFaces(models: FaceModels, photo: DecodedPhoto): Promise<FaceFound[]> {
  const { picture } = photo;
  const faces: FaceFound[] = [];
  const detections = await detectFaces(models, picture);
  for (const detection of detections) faces.push(await describeFace(models, photo, detection));
  return faces;
}

async function detectFaces({ tf, faceApi }: FaceModels, picture: Picture): Promise<Detection[]> {
  const { data, info } = await sharp(picture.data, {
    raw: { width: picture.width, height: picture.height, channels: 3 },
  })
    .resize({ width: detectorSideInPixels, height: detectorSideInPixels, fit: 'inside' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const image = tf.tensor3d(new Int32Array(data), [info.height, info.width, 3], 'int32');
  try {
    const options = new faceApi.SsdMobilenetv1Options({ minConfidence: minScore, maxResults: maxFaces });
    const found = await faceApi.nets.ssdMobilenetv1.locateFaces(image, options);
    const scale = picture.width / info.width;
    return found.map(({ score, box: { x, y, width, height } }) => ({
      score,
      box: { x: x * scale, y: y * scale, width: width * scale, height: height * scale },
    }));
  } finally {
    image.dispose();
  }
}

async function describeFace(
  models: FaceModels,
  photo: DecodedPhoto,
  { score, box }: Detection,
): Promise<FaceFound> {
  const scale = photo.width / photo.picture.width;
  const points = await findLandmarks(models, photo.picture, box);
  const isLargeEnough = box.width * scale >= minFaceWidthInPixels;
  const descriptor = isLargeEnough ? await describe(models, photo.picture, points) : undefined;
  const whole = (value: number) => Math.round(value * scale);
  return {
    box: { x: whole(box.x), y: whole(box.y), w: whole(box.width), h: whole(box.height) },
    score,
    landmarks: fivePoints(points).map(({ x, y }) => [whole(x), whole(y)]),
    ...(descriptor && { descriptor }),
    quality: measureQuality(cutSquare(photo.picture, squareAround(points), 128), points),
  };
}

const landmarkSideInPixels = 112;

/** 68 points in the pixels of the picture, in the order of iBUG 300-W: jaw, brows, nose, eyes, mouth. */
async function findLandmarks(
  { tf, faceApi }: FaceModels,
  picture: Picture,
  { x, y, width, height }: Detection['box'],
): Promise<Point[]> {
  const side = Math.max(width, height);
  const square = { centre: { x: x + width / 2, y: y + height / 2 }, side, angle: 0 };
  const cut = cutSquare(picture, square, landmarkSideInPixels);
  const image = tf.tensor3d(new Int32Array(cut.data), [cut.height, cut.width, 3], 'int32');
  try {
    const { positions } = await faceApi.nets.faceLandmark68Net.detectLandmarks(image);
    const scale = side / landmarkSideInPixels;
    return positions.map((point) => ({
      x: square.centre.x - side / 2 + point.x * scale,
      y: square.centre.y - side / 2 + point.y * scale,
    }));
  } finally {
    image.dispose();
  }
}

const descriptorSideInPixels = 150;

async function describe(
  { tf, faceApi }: FaceModels,
  picture: Picture,
  points: readonly Point[],
): Promise<Float32Array> {
  const cut = cutSquare(picture, squareAround(points), descriptorSideInPixels);
  const image = tf.tensor3d(new Int32Array(cut.data), [cut.height, cut.width, 3], 'int32');
  try {
    return await faceApi.nets.faceRecognitionNet.computeFaceDescriptor(image);
  } finally {
    image.dispose();
  }
}

/** The square around all points, a tenth wider on each side; upright, as the line of the eyes shows. */
function squareAround(points: readonly Point[]): Square {
  const [left, right] = fivePoints(points);
  const angle = left && right ? Math.atan2(right.y - left.y, right.x - left.x) : 0;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const across = points.map(({ x, y }) => x * cos + y * sin);
  const down = points.map(({ x, y }) => y * cos - x * sin);
  const [x0, x1] = [Math.min(...across), Math.max(...across)];
  const [y0, y1] = [Math.min(...down), Math.max(...down)];
  const [u, v] = [(x0 + x1) / 2, (y0 + y1) / 2];
  return {
    centre: { x: u * cos - v * sin, y: u * sin + v * cos },
    side: Math.max(x1 - x0, y1 - y0) * 1.2,
    angle,
  };
}

/** The eyes' centres, the tip of the nose, the corners of the mouth. */
function fivePoints(points: readonly Point[]): Point[] {
  const nose = points[30];
  const [left, right] = [points[48], points[54]];
  const centres = [centreOf(points.slice(36, 42)), centreOf(points.slice(42, 48))];
  return nose && left && right ? [...centres, nose, left, right] : [];
}

function centreOf(points: readonly Point[]): Point {
  const sum = points.reduce((total, { x, y }) => ({ x: total.x + x, y: total.y + y }), { x: 0, y: 0 });
  return { x: sum.x / points.length, y: sum.y / points.length };
}
