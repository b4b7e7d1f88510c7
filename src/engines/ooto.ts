import type { HttpClient } from '../util/http/http-client.ts';
import { templateIdOf } from '../util/template-id.ts';
import { accountCheckOf } from './account-check.ts';
import type {
  DeleteReply,
  DeleteRequest,
  Engine,
  EngineReply,
  EnrollRequest,
  IdentifyReply,
  IdentifyRequest,
  RejectedReply,
} from './engine.ts';
import { createCleanText } from './foreign-text.ts';
import { judgeFailure } from './judge-failure.ts';
import { type MultipartPhoto, multipartBody } from './multipart.ts';
import { readOotoDeleteReply } from './ooto-delete-reply.ts';
import { readOotoIdentifyReply } from './ooto-identify-reply.ts';
import { readOotoReply } from './ooto-reply.ts';

export interface OotoOptions {
  /** Also the name in the template ids: the same subject has another id at another engine. */
  readonly name: 'ooto' | 'local';
  /** At the API's base address, e.g. `https://cloud.ooto-ai.com/api/v1.0`; closed with the engine. */
  readonly http: HttpClient;
  readonly appId: string;
  readonly appKey: string;
  /** Age, gender and race in the quality of a reply; left out by default. */
  readonly keepDemographics?: boolean;
  /** What is said to the user when the account or the address is refused. */
  readonly fix: { readonly credentials: string; readonly url: string };
  readonly now?: () => number;
}

/** OOTO's cloud, or a server that speaks its language (ooto-enroll.txt, ooto-identify.txt). */
export function createOotoEngine(options: OotoOptions): Engine {
  const { name, http, fix, now = Date.now } = options;
  const credentials = { 'APP-ID': options.appId, 'APP-KEY': options.appKey };
  const clean = createCleanText({ secrets: [options.appId, options.appKey] });
  const keepDemographics = options.keepDemographics ?? false;

  const reading = () => ({ clean, fix, keepDemographics, nowInMs: now() });

  /** A form with a photo in it, if there is one. */
  const postForm = (path: string, { photo, fields = {}, checks, signal, onSent }: FormCall) => {
    const { contentType, body } = multipartBody({ ...(photo === undefined ? {} : { photo }), fields });
    return http.post({
      // Sent even when false: the pages' default is false, and a default may change.
      path: `${path}?check_liveness=${checks.liveness}&check_deepfake=${checks.deepfake}`,
      headers: { ...credentials, accept: 'application/json', 'content-type': contentType },
      body,
      signal,
      ...(onSent === undefined ? {} : { onSent }),
    });
  };

  const add = async ({ templateId, ...call }: FormCall & { templateId: string }): Promise<EngineReply> => {
    const result = await postForm('/add', { ...call, fields: { templateId } });
    return result.kind === 'failed' ? judgeFailure(result, fix) : readOotoReply(result, reading());
  };

  const identify = async ({ photo, format, ...call }: IdentifyRequest): Promise<IdentifyReply> => {
    const result = await postForm('/identify', { ...call, photo: { field: 'photo', format, bytes: photo } });
    return result.kind === 'failed' ? judgeFailure(result, fix) : readOotoIdentifyReply(result, reading());
  };

  const deleteTemplate = async ({ templateId, signal, onSent }: DeleteRequest): Promise<DeleteReply> => {
    const result = await http.post({
      path: '/delete',
      headers: { ...credentials, accept: 'application/json', 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify({ templateId })),
      signal,
      onSent,
    });
    if (result.kind === 'failed') return judgeFailure(result, fix);
    return readOotoDeleteReply(result, reading());
  };

  return {
    name,
    // "JPEG or PNG image"; a size limit is not documented.
    accepts: { formats: ['jpeg', 'png'] },
    checks: ['liveness', 'deepfake'],
    templateIdFor: (subjectId) => templateIdOf({ engine: name, subjectId }),
    enroll: ({ photo, format, templateId, checks, signal, onSent }: EnrollRequest) =>
      add({ photo: { field: 'photo', format, bytes: photo }, templateId, checks, signal, onSent }),
    identify,
    deleteTemplate,
    checkAccount: async (signal) => {
      const templateId = templateIdOf({ engine: name, subjectId: 'rollcall doctor' });
      const reply = await add({ templateId, checks: { liveness: false, deepfake: false }, signal });
      return accountCheckOf(reply, isOwnVerdict);
    },
    close: () => http.close(),
  };
}

interface FormCall {
  /** Absent in a check of the account. */
  readonly photo?: MultipartPhoto;
  readonly fields?: Readonly<Record<string, string>>;
  readonly checks: EnrollRequest['checks'];
  readonly signal: AbortSignal;
  readonly onSent?: () => void;
}

/**
 * No endpoint is documented that only looks at the account. A call of `/add` without a photo stores nothing and is
 * answered with the documented code 1, "photo should not be empty", which shows that address and credentials are
 * right (assumed: that credentials are looked at first). So does any other code of the engine's own.
 */
const isOwnVerdict = ({ code }: RejectedReply) => !code.startsWith('http-');
