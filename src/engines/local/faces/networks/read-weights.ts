import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Numbers in the order of their shape, the last dimension running fastest. */
export interface Weight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * The trained numbers of a network, by name.
 * @throws Error for a name that it has not
 */
export type Weights = (name: string) => Weight;

/** TensorFlow.js' format of weights: what each is, in the order in which they lie in the file beside it. */
type Manifest = readonly { readonly weights: readonly ManifestEntry[] }[];

interface ManifestEntry {
  readonly name: string;
  readonly shape: readonly number[];
  /** A byte stands for `min + scale * byte`; absent: numbers of four bytes. */
  readonly quantization?: { readonly scale: number; readonly min: number };
}

/** Reads the files of a network in the models' package, such as `face_landmark_68_model`. */
export async function readWeights(folder: string, network: string): Promise<Weights> {
  const manifest: Manifest = JSON.parse(
    await readFile(join(folder, `${network}-weights_manifest.json`), 'utf8'),
  );
  const bytes = await readFile(join(folder, `${network}.bin`));
  const weights = new Map<string, Weight>();
  let at = 0;
  for (const { name, shape, quantization } of manifest.flatMap((group) => group.weights)) {
    const count = shape.reduce((product, size) => product * size, 1);
    const end = at + count * (quantization ? 1 : Float32Array.BYTES_PER_ELEMENT);
    const stored = bytes.subarray(at, end);
    const data = quantization
      ? Float32Array.from(stored, (byte) => quantization.min + quantization.scale * byte)
      : new Float32Array(new Uint8Array(stored).buffer);
    weights.set(name, { shape, data });
    at = end;
  }
  return (name) => {
    const weight = weights.get(name);
    if (weight === undefined) throw new Error(`${network} has no weights ${name}`);
    return weight;
  };
}
