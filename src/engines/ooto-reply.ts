import type { HttpResponse } from '../util/http/http-exchange.ts';
import type { EngineReply, EnrolledReply } from './engine.ts';
import { copyForeignRecord } from './foreign-value.ts';
import { demographics, isFine, type ReplyOptions } from './judgement.ts';
import type { OotoBody } from './ooto-body.ts';
import { judgeOotoReply } from './ooto-judgement.ts';

/** Judges a reply of OOTO's `/add`. Documented (ooto-enroll.txt): 200 with a template id, 400 with `result.code`. */
export function readOotoReply(response: HttpResponse, options: ReplyOptions): EngineReply {
  return judgeOotoReply<EnrolledReply>(response, options, {
    endpoint: 'enroll',
    readSuccess: ({ status, body }) =>
      isFine(status) && !body.isError && body.templateId !== undefined
        ? enrolled({ status, templateId: body.templateId, body }, options)
        : undefined,
  });
}

function enrolled(
  { status, templateId, body }: { status: number; templateId: string; body: OotoBody },
  { clean, keepDemographics }: ReplyOptions,
): EnrolledReply {
  const transactionId = body.transactionId === undefined ? undefined : clean(body.transactionId);
  const checks = {
    ...(body.liveness === undefined ? {} : { liveness: body.liveness }),
    ...(body.deepfake === undefined ? {} : { deepfake: body.deepfake }),
  };
  const leaveOut = keepDemographics ? new Set<string>() : demographics;
  const quality = copyForeignRecord(body.quality, { clean, depth: 3, leaveOut });
  const face = copyForeignRecord({ box: body.box, landmarks: body.landmarks }, { clean, depth: 3 });
  return {
    kind: 'enrolled',
    httpStatus: status,
    templateId,
    ...(transactionId ? { transactionId } : {}),
    ...(Object.keys(checks).length > 0 ? { checks } : {}),
    ...(quality === undefined ? {} : { quality }),
    ...(face === undefined ? {} : { face }),
  };
}
