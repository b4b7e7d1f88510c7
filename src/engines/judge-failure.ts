import type { HttpFailure } from '../util/http/http-failure.ts';
import type { FailedReply } from './engine.ts';
import type { ReplyOptions } from './judgement.ts';

/** Settings are at fault where the host is unknown or not trusted; everything else may pass. */
export function judgeFailure({ fault, message, sent }: HttpFailure, mend: ReplyOptions['mend']): FailedReply {
  if (fault === 'unknown-host') return { kind: 'refused', certain: false, message, mend: mend.url };
  if (fault === 'certificate')
    return { kind: 'refused', certain: false, message, mend: certificateMend(mend.url) };
  if (fault === 'proxy') return { kind: 'refused', certain: false, message, mend: 'check HTTPS_PROXY' };
  return { kind: 'unavailable', message, sent };
}

function certificateMend(urlMend: string): string {
  return `if your network has a certificate authority of its own, name its file in NODE_EXTRA_CA_CERTS; else ${urlMend}`;
}
