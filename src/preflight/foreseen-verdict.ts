import type { PhotoFault } from './photo-finding.ts';

/** What an engine would say of a photo, in its own code. */
export interface ForeseenVerdict {
  readonly code: string;
  readonly message: string;
  readonly reasons?: readonly string[];
}

/** What of a run's settings an engine's verdict depends on. */
export interface VerdictSettings {
  readonly validateNface: boolean;
}

/**
 * The verdict that an engine would give, by the engine's name; undefined: it takes such a photo. OOTO's page documents
 * the codes and that there must be exactly one face. Verihubs' page has a code for a photo without a face, and asks for
 * one face only with `validate_nface`; a face too small for features is no face to it (assumed).
 */
export function foreseeVerdict(
  engine: string,
  fault: PhotoFault,
  settings: VerdictSettings,
): ForeseenVerdict | undefined {
  if (engine !== 'verihubs') return ootoVerdicts[fault];
  return fault === 'several-faces' && !settings.validateNface ? undefined : verihubsVerdicts[fault];
}

const ootoVerdicts: Readonly<Record<PhotoFault, ForeseenVerdict>> = {
  undecodable: { code: '4', message: 'can not decode image, check it is valid jpeg or png file' },
  'no-face': { code: '5', message: 'can not detect face' },
  'several-faces': { code: '6', message: 'more than one face detected on photo' },
  'face-too-small': {
    code: '9',
    message: 'can not extract features from sample, probably it is too small',
  },
};

const noFace = { code: 'FACE_NOT_DETECTED', message: 'face not detected from image' };

const verihubsVerdicts: Readonly<Record<PhotoFault, ForeseenVerdict>> = {
  undecodable: {
    code: 'INVALID_PAYLOAD_IMAGE_FORMAT',
    message: 'image unable to be decoded/got from url OR invalid image extension',
  },
  'no-face': noFace,
  'several-faces': {
    code: 'FAIL_ON_8',
    message: 'fail on number of face (nface)',
    reasons: ['face-count'],
  },
  'face-too-small': noFace,
};
