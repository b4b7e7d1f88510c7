import type * as TensorFlow from '@tensorflow/tfjs-core';
import type { Convolution, Operations } from './operations.ts';
import type { Weight } from './read-weights.ts';

type Value = TensorFlow.Tensor4D;

/** Computes networks with TensorFlow.js; the values that it makes are the caller's to dispose of. */
export function createTensorFlowOperations(tf: typeof TensorFlow): Operations<Value> {
  const filterOf = ({ data, shape }: Weight) => tf.tensor4d(data, shape as [number, number, number, number]);
  const settingsOf = (convolution: Convolution) => {
    const { filter, bias, stride = 1, padding = 'same', activation = 'linear' } = convolution;
    return { filter: filterOf(filter), bias: tf.tensor1d(bias), strides: stride, pad: padding, activation };
  };
  return {
    convolution(convolution) {
      const settings = settingsOf(convolution);
      return (x) => tf.fused.conv2d({ x, ...settings });
    },
    depthwise(convolution) {
      const settings = settingsOf(convolution);
      return (x) => tf.fused.depthwiseConv2d({ x, ...settings });
    },
    add: (a, b) => tf.add(a, b),
    relu: (value) => tf.relu(value),
    maxPool: (value, size, stride) => tf.maxPool(value, size, stride, 'valid'),
    averagePool: (value, size, stride) => tf.avgPool(value, size, stride, 'valid'),
    padToEven(value) {
      const [, height, width] = value.shape;
      if (height % 2 === 0 && width % 2 === 0) return value;
      return tf.pad(value, [
        [0, 0],
        [0, height % 2],
        [0, width % 2],
        [0, 0],
      ]);
    },
    pad(value, { rows, channels }) {
      if (rows === 0 && channels === 0) return value;
      return tf.pad(value, [
        [0, 0],
        [0, rows],
        [0, rows],
        [0, channels],
      ]);
    },
  };
}
