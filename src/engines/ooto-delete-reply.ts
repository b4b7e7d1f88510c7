import type { HttpResponse } from '../util/http/http-exchange.ts';
import type { DeletedReply, DeleteReply } from './engine.ts';
import { isFine, type ReplyOptions } from './judgement.ts';
import type { OotoBody } from './ooto-body.ts';
import { judgeOotoReply } from './ooto-judgement.ts';

/**
 * Judges a reply of OOTO's `/delete`. Documented: 200 with a transaction id; 400 with code 400, "Template not found",
 * which is what was asked for: the template is gone. A 200 without a transaction id is none of the engine's: the call is
 * made again, which harms nobody.
 */
export function readOotoDeleteReply(response: HttpResponse, options: ReplyOptions): DeleteReply {
  return judgeOotoReply<DeletedReply>(response, options, {
    endpoint: 'delete',
    readSuccess({ status, body }) {
      const transactionId = body.transactionId === undefined ? undefined : options.clean(body.transactionId);
      const deleted = (existed: boolean): DeletedReply => ({
        kind: 'deleted',
        httpStatus: status,
        existed,
        ...(transactionId ? { transactionId } : {}),
      });
      if (isFine(status) && !body.isError && transactionId) return deleted(true);
      return status === 400 && isNotFound(body) ? deleted(false) : undefined;
    },
  });
}

/** Another 400 with other words says something else, and the template may be there. */
const isNotFound = ({ code, info = '' }: OotoBody) => code === '400' && /not found/i.test(info);
