import { createCleanText, createSecretSearch } from '../util/foreign-text.ts';
import type { HttpClient } from '../util/http/http-client.ts';
import { isSameTemplate, templateUuid } from '../util/template-id.ts';
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
import type { EngineEntry } from './engine-entry.ts';
import { accountCheckOf, judgeFailure, type ReplyOptions } from './judgement.ts';
import { type MultipartPhoto, multipartBody } from './multipart.ts';
import { foreseeOotoVerdict, meaningOfOotoCode } from './ooto-codes.ts';
import { readOotoDeleteReply, readOotoIdentifyReply, readOotoReply } from './ooto-reply.ts';
import { openAddress } from './open-address.ts';
import { readCredential } from './read-credential.ts';
import { ootoSimilarity } from './similarity.ts';

/** OOTO's cloud. */
export const ooto: EngineEntry = {
  credentials: ['OOTO_APP_ID', 'OOTO_APP_KEY'],
  templateIdFor: (subjectId) => templateUuid({ engine: 'ooto', subjectId }),
  identifies: true,
  foreseeVerdict: foreseeOotoVerdict,
  meaningOfCode: meaningOfOotoCode,
  create(options) {
    const { environment, keepDemographics } = options;
    const appId = readCredential({ name: 'OOTO_APP_ID', what: "OOTO's application id", environment });
    const appKey = readCredential({ name: 'OOTO_APP_KEY', what: "OOTO's application key", environment });
    const { url, http, urlFix, secrets } = openAddress(
      options.url ?? 'https://cloud.ooto-ai.com/api/v1.0',
      options,
    );
    const credentials =
      'check OOTO_APP_ID and OOTO_APP_KEY (or the files in OOTO_APP_ID_FILE and OOTO_APP_KEY_FILE)';
    const fix = { credentials, url: urlFix };
    const engine = createOotoEngine({ name: 'ooto', http, appId, appKey, secrets, keepDemographics, fix });
    return { engine, account: { engine: 'ooto', url, appId } };
  },
};

export interface OotoOptions {
  /** Also the name in the template ids: the same subject has another id at another engine. */
  readonly name: 'ooto' | 'local';
  /** At the API's base address, e.g. `https://cloud.ooto-ai.com/api/v1.0`; closed with the engine. */
  readonly http: HttpClient;
  readonly appId: string;
  readonly appKey: string;
  /** Others that no message may repeat. */
  readonly secrets?: readonly string[];
  /** Age, gender and race in the quality of a reply; left out by default. */
  readonly keepDemographics?: boolean | undefined;
  /** What is said to the user when the account or the address is refused. */
  readonly fix: ReplyOptions['fix'];
  readonly now?: () => number;
}

/** Calls OOTO's cloud, or a server that speaks its language (ooto-enroll.txt, ooto-identify.txt). */
export function createOotoEngine(options: OotoOptions): Engine {
  const { name, http, fix, now = Date.now } = options;
  const credentials = { 'APP-ID': options.appId, 'APP-KEY': options.appKey };
  const clean = createCleanText({ secrets: [options.appId, options.appKey, ...(options.secrets ?? [])] });
  const keepDemographics = options.keepDemographics ?? false;

  const templateIdFor = (subjectId: string) => templateUuid({ engine: name, subjectId });
  const findKey = createSecretSearch([options.appKey]);
  const holdsKey = (id: string) => findKey(id).length > 0;
  const reading = (): ReplyOptions => ({ clean, holdsKey, fix, keepDemographics, nowInMs: now() });

  /** A form with a photo in it, if there is one. */
  const postForm = (path: string, { photo, fields = {}, checks, signal, onSent }: FormCall) => {
    const { contentType, body } = multipartBody({ ...(photo === undefined ? {} : { photo }), fields });
    return http.post({
      // Sent even when false: false is the documented default, and a default may change.
      path: `${path}?check_liveness=${checks.liveness}&check_deepfake=${checks.deepfake}`,
      headers: { ...credentials, accept: 'application/json', 'content-type': contentType },
      body,
      signal,
      ...(onSent === undefined ? {} : { onSent }),
    });
  };

  const add = async ({ templateId, ...call }: FormCall & { templateId: string }): Promise<EngineReply> => {
    const result = await postForm('/add', { ...call, fields: { templateId } });
    if (result.kind === 'failed') return judgeFailure(result, fix);
    // The id that was sent is the user's, whatever it looks like.
    const isSent = (id: string) => isSameTemplate(id, templateId);
    return readOotoReply(result, { ...reading(), holdsKey: (id) => !isSent(id) && holdsKey(id) });
  };

  const identify = async ({
    photo,
    format,
    threshold: _,
    ...call
  }: IdentifyRequest): Promise<IdentifyReply> => {
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
    return readOotoDeleteReply(result, { templateId }, reading());
  };

  return {
    name,
    // "JPEG or PNG image"; a size limit is not documented.
    accepts: { formats: ['jpeg', 'png'] },
    checks: ['liveness', 'deepfake'],
    similarity: ootoSimilarity,
    templateIdFor,
    enroll: ({ photo, format, templateId, checks, signal, onSent }: EnrollRequest) =>
      add({ photo: { field: 'photo', format, bytes: photo }, templateId, checks, signal, onSent }),
    identify,
    deleteTemplate,
    checkAccount: async (signal) => {
      const templateId = templateIdFor('rollcall doctor');
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
 * No endpoint is documented that only checks the account. A call of `/add` without a photo stores nothing and is
 * answered with the documented code 1, "photo should not be empty", which shows that address and credentials are
 * right (assumed: that credentials are checked first). So does any other code of the engine.
 */
const isOwnVerdict = ({ code }: RejectedReply) => !code.startsWith('http-');
