import type * as TensorFlow from '@tensorflow/tfjs-core';
import type { Picture } from './decode-photo.ts';
import type { Point } from './face-pose.ts';
import { findModelFiles } from './model-packages.ts';
import { createDescriptorNetwork, descriptorSideInPixels } from './networks/descriptor-network.ts';
import {
  createDetectorNetwork,
  type Detection,
  detectorSideInPixels,
  detectorStepInPixels,
  readPredictions,
} from './networks/detector-network.ts';
import { createLandmarkNetwork, landmarkSideInPixels } from './networks/landmark-network.ts';
import type { Layer } from './networks/operations.ts';
import { readWeights } from './networks/read-weights.ts';
import { createTensorFlowOperations } from './networks/tensorflow-operations.ts';

/** The three networks. */
export interface FaceModels {
  /** Faces over the score in a picture of at most 512 pixels a side, in its pixels; the most certain first. */
  locateFaces(picture: Picture, minScore: number): Detection[];
  /** Of a square of 112 pixels around a face: 68 points in its pixels, in the order of iBUG 300-W. */
  findLandmarks(face: Picture): Point[];
  /** Of a square of 150 pixels: 128 numbers. */
  describe(face: Picture): Float32Array;
}

/** The mean of the photos that they were trained on. */
const meanColour = [122.782, 117.001, 104.298];

/** Loads TensorFlow.js with its WASM backend and the three networks; all files come from node_modules. */
export async function loadModels(): Promise<FaceModels> {
  const { weights: folder, require } = findModelFiles();
  const tf: typeof TensorFlow = require('@tensorflow/tfjs-core');
  require('@tensorflow/tfjs-backend-wasm');
  // The pool has a thread for every picture already.
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  await tf.setBackend('wasm');
  await tf.ready();
  const operations = createTensorFlowOperations(tf);
  const ofDetector = await readWeights(folder, 'ssd_mobilenetv1_model');
  const anchors = ofDetector('Output/extra_dim').data;
  const detector = createDetectorNetwork(operations, ofDetector);
  const landmarks = createLandmarkNetwork(operations, await readWeights(folder, 'face_landmark_68_model'));
  const descriptor = createDescriptorNetwork(operations, await readWeights(folder, 'face_recognition_model'));
  const run = <Result>({ width, height, data }: Pixels, read: (input: Value) => Result): Result => {
    tf.engine().startScope();
    try {
      return read(tf.tensor4d(data, [1, height, width, 3]));
    } finally {
      tf.engine().endScope();
    }
  };
  const runOnFace = (network: Layer<Value>, face: Picture, side: number) =>
    run(pixelsOf(face, { width: side, height: side, mean: meanColour, range: 255 }), (input) =>
      network(input).dataSync<'float32'>(),
    );
  return {
    locateFaces(picture, minScore) {
      const pixels = pixelsOf(picture, { ...lookedAt(picture), mean: [127.5, 127.5, 127.5], range: 127.5 });
      const grids = run(pixels, (input) =>
        detector(input).map((grid) => {
          const [, height, width] = grid.shape;
          return { width, height, data: grid.dataSync<'float32'>() };
        }),
      );
      return readPredictions(grids, { anchors, minScore });
    },
    findLandmarks(face) {
      const shares = runOnFace(landmarks, face, landmarkSideInPixels);
      return Array.from({ length: shares.length / 2 }, (_, index) => ({
        x: (shares[index * 2] ?? 0) * landmarkSideInPixels,
        y: (shares[index * 2 + 1] ?? 0) * landmarkSideInPixels,
      }));
    },
    describe: (face) => runOnFace(descriptor, face, descriptorSideInPixels),
  };
}

type Value = TensorFlow.Tensor4D;

/**
 * How much black is looked at beside a picture that does not fill the detector's square. On 34 looks scores differed from
 * those of the whole square by 0.00001 at most (with 32 pixels by 0.003).
 */
const marginInPixels = 64;

function lookedAt({ width, height }: Picture): { width: number; height: number } {
  const side = (size: number) =>
    Math.min(
      detectorSideInPixels,
      Math.ceil((size + marginInPixels) / detectorStepInPixels) * detectorStepInPixels,
    );
  return { width: side(width), height: side(height) };
}

interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** A picture in the upper left corner of black, each value less its mean and divided by the range. */
function pixelsOf(
  picture: Picture,
  look: { width: number; height: number; mean: readonly number[]; range: number },
): Pixels {
  const { width, height, mean, range } = look;
  const tables = mean.map((middle) =>
    Float32Array.from({ length: 256 }, (_, value) => (value - middle) / range),
  );
  const [red, green, blue] = tables as [Float32Array, Float32Array, Float32Array];
  const data = new Float32Array(width * height * 3);
  for (let y = 0, to = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, to += 3) {
      const from = (y * picture.width + x) * 3;
      const isInside = x < picture.width && y < picture.height;
      data[to] = red[isInside ? (picture.data[from] ?? 0) : 0] ?? 0;
      data[to + 1] = green[isInside ? (picture.data[from + 1] ?? 0) : 0] ?? 0;
      data[to + 2] = blue[isInside ? (picture.data[from + 2] ?? 0) : 0] ?? 0;
    }
  }
  return { width, height, data };
}
