import { randomUUID } from 'node:crypto';
import type { FaceFound } from './faces/face-reader.ts';

/** The page's "Engine Errors", to the letter. */
export const ootoErrors = {
  1: 'photo should not be empty',
  2: 'wrong mime-type in input data',
  3: 'photo size is 0 bytes',
  4: 'can not decode image, check it is valid jpeg or png file',
  5: 'can not detect face',
  6: 'more than one face detected on photo',
  9: 'can not extract features from sample, probably it is too small',
} as const;

export type OotoErrorCode = keyof typeof ootoErrors;

export interface Answer {
  readonly status: number;
  readonly body: object;
}

export function ootoError(code: OotoErrorCode): Answer {
  return ootoFailure(400, code, ootoErrors[code]);
}

/** An error of the page's shape. Other statuses and codes than the page's are not documented (assumed). */
export function ootoFailure(status: number, code: number, info: string): Answer {
  return { status, body: { transactionId: randomUUID(), result: { status: 'error', code, info } } };
}

export function ootoSuccess(result?: object): Answer {
  return { status: 200, body: { transactionId: randomUUID(), ...(result && { result }) } };
}

export interface OotoChecks {
  readonly liveness: boolean;
  readonly deepfake: boolean;
}

/** The page's `face`. What is asked for and cannot be judged here is neither fine nor not: null. */
export function ootoFace({ box, landmarks, quality }: FaceFound, checks: OotoChecks): object {
  return {
    ...(checks.liveness && { liveness: unknown }),
    ...(checks.deepfake && { deepfake: unknown }),
    quality,
    box,
    landmarks,
  };
}

const unknown = { score: null, fine: null };
