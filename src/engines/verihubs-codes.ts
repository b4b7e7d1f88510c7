/** Whose fault a code of Verihubs' is, and so what follows from it (verihubs-enroll.txt). */
export type VerihubsCode =
  /** The engine's verdict on this photo. `stored`: what is documented of it. */
  | { readonly fault: 'photo'; readonly reasons: readonly string[]; readonly stored: 'no' | 'unknown' }
  /** The vendor could not fetch the photo from its address in 15 seconds: worth another try. */
  | { readonly fault: 'passing' }
  /** The account is empty. */
  | { readonly fault: 'quota' }
  /** Flags that contradict each other: they are checked before the first call, so the vendor's rules are others now. */
  | { readonly fault: 'settings'; readonly flags: readonly [string, string] }
  /** Something in the body that every call has got lost on the way: no photo can be at fault. */
  | { readonly fault: 'program' };

/** undefined: the page has no such code. */
export function readVerihubsCode(code: string): VerihubsCode | undefined {
  const reasons = reasonsOf(code);
  if (reasons) return { fault: 'photo', reasons, stored: 'unknown' };
  if (/^INSUFFICIENT_QUOTA(_|$)/.test(code)) return { fault: 'quota' };
  return Object.hasOwn(codes, code) ? codes[code] : undefined;
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

const codes: Readonly<Record<string, VerihubsCode>> = {
  INVALID_PAYLOAD_IMAGE_MISSING: photo,
  INVALID_PAYLOAD_IMAGE_SIZE: photo,
  INVALID_PAYLOAD_IMAGE_FORMAT: photo,
  FACE_NOT_DETECTED: photo,
  // No empty id is ever sent: the engine makes nothing of this one (of spaces, say), and never will.
  INVALID_PAYLOAD_SUBJECT_ID_MISSING: photo,
  INVALID_PAYLOAD_IMAGE_TIMEOUT: { fault: 'passing' },
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
