import { type Convolution, chain, type Layer, type Operations, scaled } from './operations.ts';
import type { Weights } from './read-weights.ts';

/** The side of the square that it looks at. */
export const descriptorSideInPixels = 150;

/** dlib's ResNet of 29 layers: normalized pixels in, 128 numbers out. */
export function createDescriptorNetwork<Value>(
  operations: Operations<Value>,
  weights: Weights,
): Layer<Value> {
  const { add, relu } = operations;
  const convolution = (name: string, how: Pick<Convolution, 'stride' | 'padding' | 'activation'>) =>
    operations.convolution({
      ...scaled(
        { filter: weights(`${name}/conv/filters`), bias: weights(`${name}/conv/bias`).data },
        { factors: weights(`${name}/scale/weights`).data, offsets: weights(`${name}/scale/biases`).data },
      ),
      ...how,
    });
  const down = { stride: 2, padding: 'valid', activation: 'relu' } as const;
  const residual = (name: string): Layer<Value> => {
    const change = chain(
      convolution(`${name}/conv1`, { activation: 'relu' }),
      convolution(`${name}/conv2`, {}),
    );
    return (value) => relu(add(change(value), value));
  };
  /** `channels`: zeros that the former value gets; `rows`: those that the new one gets to be of the same size. */
  const residualDown = (
    name: string,
    { channels, rows }: { channels: number; rows: number },
  ): Layer<Value> => {
    const change = chain(convolution(`${name}/conv1`, down), convolution(`${name}/conv2`, {}));
    return (value) =>
      relu(
        add(
          operations.pad(operations.averagePool(value, 2, 2), { rows: 0, channels }),
          operations.pad(change(value), { rows, channels: 0 }),
        ),
      );
  };
  const { shape, data } = weights('fc');
  const last = operations.convolution({
    filter: { shape: [1, 1, ...shape], data },
    bias: new Float32Array(shape[1] ?? 0),
  });
  return chain(
    convolution('conv32_down', down),
    (value) => operations.maxPool(value, 3, 2),
    ...['conv32_1', 'conv32_2', 'conv32_3'].map(residual),
    residualDown('conv64_down', { channels: 32, rows: 0 }),
    ...['conv64_1', 'conv64_2', 'conv64_3'].map(residual),
    residualDown('conv128_down', { channels: 64, rows: 0 }),
    ...['conv128_1', 'conv128_2'].map(residual),
    residualDown('conv256_down', { channels: 128, rows: 1 }),
    ...['conv256_1', 'conv256_2'].map(residual),
    residualDown('conv256_down_out', { channels: 0, rows: 1 }),
    (value) => operations.averagePool(value, 2, 2),
    last,
  );
}
