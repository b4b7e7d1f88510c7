import { type OotoErrorCode, ootoErrors } from '../../engines/local/ooto-answers.ts';
import { type PayloadErrorCode, payloadErrors } from '../../engines/local/verihubs-payload.ts';
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

const ootoVerdict = (code: OotoErrorCode): ForeseenVerdict => ({
  code: String(code),
  message: ootoErrors[code],
});

const ootoVerdicts: Readonly<Record<PhotoFault, ForeseenVerdict>> = {
  undecodable: ootoVerdict(4),
  'no-face': ootoVerdict(5),
  'several-faces': ootoVerdict(6),
  'face-too-small': ootoVerdict(9),
};

const verihubsVerdict = (code: PayloadErrorCode): ForeseenVerdict => ({ code, message: payloadErrors[code] });

const verihubsVerdicts: Readonly<Record<PhotoFault, ForeseenVerdict>> = {
  undecodable: verihubsVerdict('INVALID_PAYLOAD_IMAGE_FORMAT'),
  'no-face': verihubsVerdict('FACE_NOT_DETECTED'),
  'several-faces': {
    code: 'FAIL_ON_8',
    message: 'fail on number of face (nface)',
    reasons: ['face-count'],
  },
  'face-too-small': verihubsVerdict('FACE_NOT_DETECTED'),
};
