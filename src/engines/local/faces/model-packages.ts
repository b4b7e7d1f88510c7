import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { UsageError } from '../../../util/errors.ts';

/** Optional peer dependencies: they are needed for local models only. */
export const modelPackages: Readonly<Record<string, string>> = {
  '@vladmandic/face-api': '1.7.15',
  '@tensorflow/tfjs-core': '4.22.0',
  '@tensorflow/tfjs-backend-wasm': '4.22.0',
};

/** Where the models' packages are. */
export interface ModelFiles {
  /** The folder with face-api's trained weights. */
  readonly weights: string;
  readonly require: NodeJS.Require;
}

/**
 * Finds the packages that hold the face models.
 * @throws UsageError that says what to install where one is missing
 */
export function findModelFiles(from: string | URL = import.meta.url): ModelFiles {
  const require = createRequire(from);
  const missing = Object.keys(modelPackages).filter((name) => !isInstalled(require, name));
  if (missing.length > 0) {
    const wanted = Object.entries(modelPackages).map(([name, version]) => `${name}@${version}`);
    throw new UsageError(
      'models',
      `The local face models are not installed (${missing.join(', ')}): npm install ${wanted.join(' ')}`,
    );
  }
  const faceApi = dirname(require.resolve('@vladmandic/face-api/package.json'));
  return { weights: join(faceApi, 'model'), require };
}

function isInstalled(require: NodeJS.Require, name: string): boolean {
  try {
    require.resolve(`${name}/package.json`);
    return true;
  } catch {
    return false;
  }
}
