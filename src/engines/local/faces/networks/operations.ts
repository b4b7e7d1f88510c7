import type { Weight } from './read-weights.ts';

/**
 * What networks are made of, for any library that computes them. Values have height, width and channels; weights are
 * given once, when a layer is made.
 */
export interface Operations<Value> {
  convolution(convolution: Convolution): Layer<Value>;
  /** Each channel by itself; its filter's last dimension is 1. */
  depthwise(convolution: Convolution): Layer<Value>;
  add(a: Value, b: Value): Value;
  relu(value: Value): Value;
  maxPool(value: Value, size: number, stride: number): Value;
  averagePool(value: Value, size: number, stride: number): Value;
  /** Adds zeros behind the last row and column, and behind the last channel. */
  pad(value: Value, by: { readonly rows: number; readonly channels: number }): Value;
  /** Adds zeros behind the last row and column where their number is odd. */
  padToEven(value: Value): Value;
}

export type Layer<Value> = (value: Value) => Value;

export interface Convolution {
  /** Of height, width, channels in, channels out. */
  readonly filter: Weight;
  /** A number for each channel out. */
  readonly bias: Float32Array;
  readonly stride?: 1 | 2;
  /** `same` (default): as TensorFlow does it. */
  readonly padding?: 'same' | 'valid';
  readonly activation?: 'linear' | 'relu' | 'relu6';
}

export function chain<Value>(...layers: readonly Layer<Value>[]): Layer<Value> {
  return (value) => layers.reduce((current, layer) => layer(current), value);
}

/** A convolution whose results are then multiplied and added to, channel by channel, as one that does all at once. */
export function scaled(
  { filter, bias }: Pick<Convolution, 'filter' | 'bias'>,
  { factors, offsets }: { readonly factors: Float32Array; readonly offsets: Float32Array },
): Pick<Convolution, 'filter' | 'bias'> {
  const of = (numbers: Float32Array, index: number) => numbers[index % numbers.length] ?? 0;
  return {
    filter: { ...filter, data: filter.data.map((number, index) => number * of(factors, index)) },
    bias: bias.map((number, index) => number * of(factors, index) + of(offsets, index)),
  };
}
