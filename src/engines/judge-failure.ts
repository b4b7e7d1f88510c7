import type { HttpFailure } from '../util/http/http-failure.ts';
import type { FailedReply } from './engine.ts';
import type { ReplyOptions } from './judgement.ts';

/** Settings are at fault where the host is unknown or not trusted; everything else may pass. */
export function judgeFailure({ fault, message, sent }: HttpFailure, fix: ReplyOptions['fix']): FailedReply {
  if (fault === 'unknown-host') return { kind: 'refused', certain: false, message, fix: fix.url };
  if (fault === 'certificate')
    return { kind: 'refused', certain: false, message, fix: certificateFix(fix.url) };
  if (fault === 'proxy') return { kind: 'refused', certain: false, message, fix: 'check HTTPS_PROXY' };
  return { kind: 'unavailable', message, sent };
}

function certificateFix(urlFix: string): string {
  return `if your network has a certificate authority of its own, name its file in NODE_EXTRA_CA_CERTS; else ${urlFix}`;
}
