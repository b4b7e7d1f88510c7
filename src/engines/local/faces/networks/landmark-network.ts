import { chain, type Layer, type Operations } from './operations.ts';
import type { Weights } from './read-weights.ts';

/** The side of the square that it looks at. */
export const landmarkSideInPixels = 112;

/** Four blocks of separable convolutions: normalized pixels in, 68 points out, x and y in turn, as shares of the square. */
export function createLandmarkNetwork<Value>(operations: Operations<Value>, weights: Weights): Layer<Value> {
  const { add, relu } = operations;
  const plain = (name: string, stride: 1 | 2) =>
    operations.convolution({
      filter: weights(`${name}/filters`),
      bias: weights(`${name}/bias`).data,
      stride,
    });
  const separable = (name: string, stride: 1 | 2) => {
    const filter = weights(`${name}/depthwise_filter`);
    const none = new Float32Array(filter.shape[2] ?? 0);
    return chain(
      operations.depthwise({ filter, bias: none, stride }),
      operations.convolution({
        filter: weights(`${name}/pointwise_filter`),
        bias: weights(`${name}/bias`).data,
      }),
    );
  };
  /** Each convolution sees the sum of all before it. */
  const block = (number: number): Layer<Value> => {
    const first = (number === 0 ? plain : separable)(`dense${number}/conv0`, 2);
    const others = [1, 2, 3].map((index) => separable(`dense${number}/conv${index}`, 1));
    return (value) => {
      let sum = relu(first(value));
      let seen = sum;
      for (const other of others) {
        sum = add(sum, other(seen));
        seen = relu(sum);
      }
      return seen;
    };
  };
  const { shape, data } = weights('fc/weights');
  const classifier = operations.convolution({
    filter: { shape: [1, 1, ...shape], data },
    bias: weights('fc/bias').data,
  });
  const body = chain(...[0, 1, 2, 3].map(block));
  return (value) => classifier(operations.averagePool(body(value), 7, 2));
}
