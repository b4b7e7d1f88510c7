import type { ForeseenVerdict, PhotoFault } from './engine.ts';
import { verihubsSettingsOf } from './verihubs-settings.ts';

/** The page's words for each code that stands for itself (verihubs-enroll.txt). */
export const verihubsErrors = {
  INVALID_PAYLOAD: 'no value in payload or empty string more than 1',
  INVALID_PAYLOAD_IMAGE_MISSING: 'invalid payload image not a standard b64/url or image empty string',
  INVALID_PAYLOAD_SUBJECT_ID_MISSING: 'invalid payload subject id is empty string',
  INVALID_PAYLOAD_IMAGE_SIZE: 'invalid payload image size too large',
  MISSING_PAYLOAD_IMAGE: 'missing payload image',
  INVALID_PAYLOAD_IMAGE_TIMEOUT: 'timeout getting image from url in 15 seconds',
  INVALID_PAYLOAD_IMAGE_FORMAT: 'image unable to be decoded/got from url OR invalid image extension',
  FACE_NOT_DETECTED: 'face not detected from image',
  INVALID_PAYLOAD_QUALITY_VALIDATION_DEPENDENCY: 'is_quality must be true if validate_quality true',
  INVALID_PAYLOAD_ATTRIBUTE_VALIDATION_DEPENDENCY: 'is_attribute must be true if validate_attribute true',
  INVALID_PAYLOAD_LIVENESS_VALIDATION_DEPENDENCY: 'is_liveness must be true if validate_liveness true',
} as const;

export type VerihubsErrorCode = keyof typeof verihubsErrors;

/** What a code of Verihubs' is about, and so what follows from it (verihubs-enroll.txt). */
export type VerihubsCode =
  /** The engine's verdict on this photo. `stored`: what is documented of it. */
  | { readonly fault: 'photo'; readonly reasons: readonly string[]; readonly stored: 'no' | 'unknown' }
  /** The vendor could not fetch the photo from its address in 15 seconds: retried. */
  | { readonly fault: 'transient' }
  /** The account is empty. */
  | { readonly fault: 'quota' }
  /** Flags that contradict each other: they are checked before the first call, so the vendor's rules have changed. */
  | { readonly fault: 'settings'; readonly flags: readonly [string, string] }
  /** Something that every call sends was lost on the way: no photo can be at fault. */
  | { readonly fault: 'program' };

/** undefined: the page has no such code. */
export function readVerihubsCode(code: string): VerihubsCode | undefined {
  const reasons = reasonsOf(code);
  if (reasons) return { fault: 'photo', reasons, stored: 'unknown' };
  if (/^INSUFFICIENT_QUOTA(_|$)/.test(code)) return { fault: 'quota' };
  return Object.hasOwn(codes, code) ? codes[code as VerihubsErrorCode] : undefined;
}

/**
 * `FAIL_ON_n`: n is a sum of 1 liveness, 2 attribute, 4 quality, 8 number of faces. Whether such a photo is stored is
 * not documented.
 */
function reasonsOf(code: string): string[] | undefined {
  const mask = Number(/^FAIL_ON_([1-9]\d?)$/.exec(code)?.[1] ?? 0);
  if (mask < 1 || mask > 15) return undefined;
  return bits.filter(([bit]) => (mask & bit) !== 0).map(([, reason]) => reason);
}

const bits = [
  [1, 'liveness'],
  [2, 'attribute'],
  [4, 'quality'],
  [8, 'face-count'],
] as const;

const photo: VerihubsCode = { fault: 'photo', reasons: [], stored: 'no' };

const codes: Readonly<Record<VerihubsErrorCode, VerihubsCode>> = {
  INVALID_PAYLOAD_IMAGE_MISSING: photo,
  INVALID_PAYLOAD_IMAGE_SIZE: photo,
  INVALID_PAYLOAD_IMAGE_FORMAT: photo,
  FACE_NOT_DETECTED: photo,
  // No empty id is ever sent: the engine takes this one (spaces, say) for empty, and always will.
  INVALID_PAYLOAD_SUBJECT_ID_MISSING: photo,
  INVALID_PAYLOAD_IMAGE_TIMEOUT: { fault: 'transient' },
  INVALID_PAYLOAD_QUALITY_VALIDATION_DEPENDENCY: {
    fault: 'settings',
    flags: ['--validate-quality', '--check-quality'],
  },
  INVALID_PAYLOAD_ATTRIBUTE_VALIDATION_DEPENDENCY: {
    fault: 'settings',
    flags: ['--validate-attribute', '--check-attribute'],
  },
  INVALID_PAYLOAD_LIVENESS_VALIDATION_DEPENDENCY: {
    fault: 'settings',
    flags: ['--validate-liveness', '--check-liveness'],
  },
  INVALID_PAYLOAD: { fault: 'program' },
  MISSING_PAYLOAD_IMAGE: { fault: 'program' },
};

/** FAIL_ON_8: the bit of the number of faces alone. */
export const severalFacesVerdict = {
  code: 'FAIL_ON_8',
  message: 'fail on number of face (nface)',
  reasons: ['face-count'],
} as const satisfies ForeseenVerdict;

/**
 * What the engine would say of a photo. The page has a code for a photo without a face, and asks for one face only with
 * `validate_nface`. Assumed: a face too small for features is no face to it.
 */
export function foreseeVerihubsVerdict(fault: PhotoFault, settings: object): ForeseenVerdict | undefined {
  if (fault === 'several-faces')
    return verihubsSettingsOf(settings).validateNface ? severalFacesVerdict : undefined;
  const code = fault === 'undecodable' ? 'INVALID_PAYLOAD_IMAGE_FORMAT' : 'FACE_NOT_DETECTED';
  return { code, message: verihubsErrors[code] };
}

/** As the page says it; undefined: it has no such code. */
export function meaningOfVerihubsCode(code: string): string | undefined {
  const reasons = reasonsOf(code);
  if (reasons) return `fails on ${reasons.join(', ')}`;
  return Object.hasOwn(verihubsErrors, code) ? verihubsErrors[code as VerihubsErrorCode] : undefined;
}
