import type { HttpResponse } from '../util/http/http-exchange.ts';
import type { IdentifiedReply, IdentifyReply } from './engine.ts';
import { isFine, type ReplyOptions } from './judgement.ts';
import { judgeOotoReply } from './ooto-judgement.ts';

/**
 * Judges a reply of OOTO's `/identify`. Documented (ooto-identify.txt): 200 with the best match and its similarity, 400
 * with `result.code`. A 200 without a match says that there is none (assumed). One without any `result`, or with a match
 * that cannot be read, says nothing: taken for "nobody", it would enroll a person twice.
 */
export function readOotoIdentifyReply(response: HttpResponse, options: ReplyOptions): IdentifyReply {
  return judgeOotoReply<IdentifiedReply>(response, options, {
    endpoint: 'identify',
    readSuccess({ status, body }) {
      if (!isFine(status) || body.isError || body.found === undefined) return undefined;
      const transactionId = body.transactionId === undefined ? undefined : options.clean(body.transactionId);
      return {
        kind: 'identified',
        httpStatus: status,
        ...(transactionId ? { transactionId } : {}),
        ...(body.found === null ? {} : { match: body.found }),
      };
    },
  });
}
