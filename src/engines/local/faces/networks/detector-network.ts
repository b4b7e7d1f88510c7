import { type Convolution, chain, type Layer, type Operations, scaled } from './operations.ts';
import type { Weight, Weights } from './read-weights.ts';

/** The side of the square that it looks at. Of a picture that does not fill it, what is far from the picture may be left out. */
export const detectorSideInPixels = 512;
/** What is looked at has sides of a multiple of this. */
export const detectorStepInPixels = 32;

/** A face in the pixels of a picture. */
export interface Detection {
  readonly score: number;
  readonly box: Box;
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** For each place in a grid and each of its anchors: four numbers of a box; then, as many times, three of classes. */
const boxNumbers = 4;
const classNumbers = 3;
/** Of the classes. */
const faceClass = 1;
const batchNormEpsilon = 0.001;
/** Pairs of convolutions that halve the picture's sides, counted from 1. */
const halvingPairs = [2, 4, 6, 12];
const pairs = 13;

/** SSD on MobileNet V1, as face-api has trained it: pixels of -1 to 1 in, six grids of predictions out. */
export function createDetectorNetwork<Value>(
  operations: Operations<Value>,
  weights: Weights,
): (value: Value) => Value[] {
  const pointwise = (prefix: string, stride: 1 | 2 = 1) =>
    operations.convolution({
      filter: weights(`${prefix}_pointwise/weights`),
      bias: weights(`${prefix}_pointwise/convolution_bn_offset`).data,
      stride,
      activation: 'relu6',
    });
  const pair = (number: number): Layer<Value> => {
    const prefix = `MobilenetV1/Conv2d_${number}`;
    const stride = halvingPairs.includes(number) ? 2 : 1;
    const depthwise = { ...normalized(weights, `${prefix}_depthwise`), stride, activation: 'relu6' } as const;
    return chain(operations.depthwise(depthwise), pointwise(prefix));
  };
  const bodyPairs = Array.from({ length: pairs }, (_, index) => pair(index + 1));
  const stages = [
    chain(pointwise('MobilenetV1/Conv2d_0', 2), ...bodyPairs.slice(0, 11)),
    chain(...bodyPairs.slice(11)),
    ...[0, 2, 4, 6].map((number) =>
      chain(
        pointwise(`Prediction/Conv2d_${number}`),
        operations.padToEven,
        pointwise(`Prediction/Conv2d_${number + 1}`, 2),
      ),
    ),
  ];
  const predictors = stages.map((_, index) => operations.convolution(predictor(weights, index)));
  return (input) => {
    let value = input;
    return stages.map((stage, index) => {
      value = stage(value);
      return predictors[index]?.(value) ?? value;
    });
  };
}

function normalized(weights: Weights, prefix: string): Pick<Convolution, 'filter' | 'bias'> {
  const of = (name: string) => weights(`${prefix}/BatchNorm/${name}`).data;
  const [mean, variance, gamma] = [of('moving_mean'), of('moving_variance'), of('gamma')];
  const factors = gamma.map((number, index) => number / Math.sqrt((variance[index] ?? 0) + batchNormEpsilon));
  const filter = weights(`${prefix}/depthwise_weights`);
  return scaled({ filter, bias: mean.map((number) => -number) }, { factors, offsets: of('beta') });
}

/** Of boxes and classes in one. */
function predictor(weights: Weights, index: number): Convolution {
  const of = (name: string) => weights(`Prediction/BoxPredictor_${index}/${name}`);
  const filter = sideBySide(of('BoxEncodingPredictor/weights'), of('ClassPredictor/weights'));
  const bias = [...of('BoxEncodingPredictor/biases').data, ...of('ClassPredictor/biases').data];
  return { filter, bias: Float32Array.from(bias) };
}

function sideBySide(a: Weight, b: Weight): Weight {
  const [across = 0, down = 0] = [a.shape.at(-1), b.shape.at(-1)];
  const rows = a.data.length / across;
  const data = new Float32Array(a.data.length + b.data.length);
  for (let row = 0; row < rows; row += 1) {
    data.set(a.data.subarray(row * across, (row + 1) * across), row * (across + down));
    data.set(b.data.subarray(row * down, (row + 1) * down), row * (across + down) + across);
  }
  return { shape: [...a.shape.slice(0, -1), across + down], data };
}

const scoreOf = (logit: number) => 1 / (1 + Math.exp(-logit));

/** Two boxes that share more, of what both cover, are one face. */
const maxShared = 0.5;

/** Predictions for the upper left part of one of the network's grids. */
export interface PredictionGrid {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** Places a side, and anchors a place, of the grids over the whole square. */
const wholeGrids = [{ side: 32, anchors: 3 }, ...[16, 8, 4, 2, 1].map((side) => ({ side, anchors: 6 }))];

/**
 * The faces of what the network predicts, over the score, in pixels of its square; the most certain first. `anchors`: the
 * boxes that predictions start from (top, left, bottom, right; shares of the square), grid after grid.
 */
export function readPredictions(
  grids: readonly PredictionGrid[],
  { anchors, minScore }: { readonly anchors: Float32Array; readonly minScore: number },
): Detection[] {
  const found: { score: number; box: Edges }[] = [];
  let firstAnchor = 0;
  for (const [index, { width, data }] of grids.entries()) {
    const { side, anchors: perPlace } = wholeGrids[index] ?? { side: 0, anchors: 0 };
    const perGridPlace = perPlace * (boxNumbers + classNumbers);
    for (let place = 0; place * perGridPlace < data.length; place += 1) {
      const inWhole = Math.floor(place / width) * side + (place % width);
      const predicted = data.subarray(place * perGridPlace, (place + 1) * perGridPlace);
      for (let number = 0; number < perPlace; number += 1) {
        const score = scoreOf(predicted[perPlace * boxNumbers + number * classNumbers + faceClass] ?? 0);
        if (score <= minScore) continue;
        const anchor = anchors.subarray((firstAnchor + inWhole * perPlace + number) * boxNumbers);
        found.push({ score, box: decodeBox(predicted.subarray(number * boxNumbers), anchor) });
      }
    }
    firstAnchor += side * side * perPlace;
  }
  found.sort((a, b) => b.score - a.score);
  const kept: typeof found = [];
  for (const one of found) {
    if (kept.every((other) => sharedBy(one.box, other.box) <= maxShared)) kept.push(one);
  }
  return kept.map(({ score, box }) => ({ score, box: inPixels(box) }));
}

/** Shares of the square. */
interface Edges {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

function decodeBox(encoded: Float32Array, anchor: Float32Array): Edges {
  const [y = 0, x = 0, h = 0, w = 0] = encoded;
  const [top = 0, left = 0, bottom = 0, right = 0] = anchor;
  const [height, width] = [bottom - top, right - left];
  const [middle, centre] = [(y / 10) * height + top + height / 2, (x / 10) * width + left + width / 2];
  const [halfHeight, halfWidth] = [(Math.exp(h / 5) * height) / 2, (Math.exp(w / 5) * width) / 2];
  return {
    top: middle - halfHeight,
    left: centre - halfWidth,
    bottom: middle + halfHeight,
    right: centre + halfWidth,
  };
}

/** As a share of what both cover together. */
function sharedBy(a: Edges, b: Edges): number {
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  if (height <= 0 || width <= 0) return 0;
  const areaOf = (box: Edges) => (box.bottom - box.top) * (box.right - box.left);
  return (height * width) / (areaOf(a) + areaOf(b) - height * width);
}

function inPixels({ top, left, bottom, right }: Edges): Box {
  const [x, y] = [Math.max(0, left), Math.max(0, top)];
  return {
    x: x * detectorSideInPixels,
    y: y * detectorSideInPixels,
    width: (Math.min(1, right) - x) * detectorSideInPixels,
    height: (Math.min(1, bottom) - y) * detectorSideInPixels,
  };
}
