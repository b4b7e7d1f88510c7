import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { compileFunction } from 'node:vm';
import type * as TensorFlow from '@tensorflow/tfjs-core';
import type { Point } from './face-pose.ts';
import { findModelFiles, type ModelFiles } from './model-packages.ts';

type Tensor3D = TensorFlow.Tensor3D;

/** The part of face-api that is used: three networks. Each takes a picture as a tensor of height, width, RGB. */
interface FaceApi {
  readonly nets: {
    readonly ssdMobilenetv1: Net & {
      locateFaces(
        image: Tensor3D,
        options: unknown,
      ): Promise<{ score: number; box: { x: number; y: number; width: number; height: number } }[]>;
    };
    readonly faceLandmark68Net: Net & {
      detectLandmarks(image: Tensor3D): Promise<{ positions: readonly Point[] }>;
    };
    readonly faceRecognitionNet: Net & { computeFaceDescriptor(image: Tensor3D): Promise<Float32Array> };
  };
  readonly SsdMobilenetv1Options: new (options: { minConfidence: number; maxResults: number }) => unknown;
}

interface Net {
  loadFromWeightMap(weights: TensorFlow.NamedTensorMap): void;
}

export interface FaceModels {
  readonly tf: typeof TensorFlow;
  readonly faceApi: FaceApi;
}

/** Loads TensorFlow.js with its WASM backend and the three networks; all files come from node_modules. */
export async function loadModels(): Promise<FaceModels> {
  const files = findModelFiles();
  const tf: typeof TensorFlow = files.require('@tensorflow/tfjs-core');
  files.require('@tensorflow/tfjs-backend-wasm');
  // The pool has a thread for every picture already.
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  addChainedOperations(tf);
  const faceApi = await loadFaceApi(files, tf);
  await tf.setBackend('wasm');
  await tf.ready();
  const { ssdMobilenetv1, faceLandmark68Net, faceRecognitionNet } = faceApi.nets;
  const load = (net: Net, name: string) => loadWeights({ tf, net, name, folder: files.weights });
  await load(ssdMobilenetv1, 'ssd_mobilenetv1_model');
  await load(faceLandmark68Net, 'face_landmark_68_model');
  await load(faceRecognitionNet, 'face_recognition_model');
  return { tf, faceApi };
}

/**
 * face-api's build for Node.js requires `@tensorflow/tfjs`, which has ten times the size of the two parts that are needed
 * (training, WebGL): it is given the core in its place.
 */
async function loadFaceApi({ faceApi: file }: ModelFiles, tf: typeof TensorFlow): Promise<FaceApi> {
  const ownRequire = createRequire(file);
  const require = (name: string) => (name === '@tensorflow/tfjs' ? tf : ownRequire(name));
  const names = ['require', 'module', 'exports', '__filename', '__dirname'];
  const run = compileFunction(await readFile(file, 'utf8'), names, { filename: file });
  const module = { exports: {} };
  run(require, module, module.exports, file, dirname(file));
  return module.exports as FaceApi;
}

/** face-api calls `tensor.div(2)`; the core alone has `div(tensor, 2)`. */
function addChainedOperations(tf: typeof TensorFlow): void {
  const methods = tf.Tensor.prototype as unknown as Record<string, unknown>;
  const reshape = function (this: TensorFlow.Tensor, ...shape: number[]) {
    return tf.reshape(this, shape.length > 0 ? shape : [this.size]);
  };
  const chained: Record<string, unknown> = { as1D: reshape, as2D: reshape, as3D: reshape, as4D: reshape };
  chained.toInt = function (this: TensorFlow.Tensor) {
    return tf.cast(this, 'int32');
  };
  for (const [name, operation] of Object.entries(tf)) {
    if (typeof operation !== 'function' || !/^[a-z]/u.test(name)) continue;
    chained[name] = function (this: TensorFlow.Tensor, ...rest: unknown[]) {
      return (operation as (...given: unknown[]) => unknown)(this, ...rest);
    };
  }
  for (const [name, method] of Object.entries(chained)) if (!(name in methods)) methods[name] = method;
}

async function loadWeights(options: {
  tf: typeof TensorFlow;
  net: Net;
  name: string;
  folder: string;
}): Promise<void> {
  const { tf, net, name, folder } = options;
  const manifest = JSON.parse(await readFile(join(folder, `${name}-weights_manifest.json`), 'utf8')) as {
    weights: TensorFlow.io.WeightsManifestEntry[];
  }[];
  const { buffer, byteOffset, length } = await readFile(join(folder, `${name}.bin`));
  const data = buffer.slice(byteOffset, byteOffset + length) as ArrayBuffer;
  const weights = tf.io.decodeWeights(
    data,
    manifest.flatMap((group) => group.weights),
  );
  net.loadFromWeightMap(weights);
}
