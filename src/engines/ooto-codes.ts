import type { ForeseenVerdict, PhotoFault } from './engine.ts';

/** OOTO's page "Engine Errors", to the letter. Other codes are not documented. */
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

/** The page documents that there must be exactly one face, and the codes. */
const codeOfFault: Readonly<Record<PhotoFault, OotoErrorCode>> = {
  undecodable: 4,
  'no-face': 5,
  'several-faces': 6,
  'face-too-small': 9,
};

export function foreseeOotoVerdict(fault: PhotoFault): ForeseenVerdict {
  const code = codeOfFault[fault];
  return { code: String(code), message: ootoErrors[code] };
}

/** As the page says it; undefined: it has no such code. */
export const meaningOfOotoCode = (code: string): string | undefined =>
  Object.hasOwn(ootoErrors, code) ? ootoErrors[Number(code) as OotoErrorCode] : undefined;
