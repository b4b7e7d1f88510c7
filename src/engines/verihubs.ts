import { secretsOfAddress } from '../util/address-secrets.ts';
import { createCleanText, createSecretSearch } from '../util/foreign-text.ts';
import type { HttpCall, HttpClient } from '../util/http/http-client.ts';
import { subjectKey } from '../util/subject-id.ts';
import type { AccountCheck, Engine, EngineReply, EnrollAddressRequest, EnrollRequest } from './engine.ts';
import type { EngineEntry } from './engine-entry.ts';
import { jsonPhotoBody } from './json-photo-body.ts';
import { accountCheckOf, judgeFailure, type ReplyOptions } from './judgement.ts';
import { openAddress } from './open-address.ts';
import { readCredential } from './read-credential.ts';
import { verihubsSimilarity } from './similarity.ts';
import { readVerihubsBody } from './verihubs-body.ts';
import { foreseeVerihubsVerdict, meaningOfVerihubsCode, readVerihubsCode } from './verihubs-codes.ts';
import { readVerihubsSearchReply, readVerihubsVerifyReply } from './verihubs-match.ts';
import { readVerihubsDeleteReply, readVerihubsReply } from './verihubs-reply.ts';
import { checkVerihubsSettings, verihubsSettingsOf } from './verihubs-settings.ts';

/** The engine knows a template by the subject's own id. */
const templateIdFor = subjectKey;

/** Verihubs' cloud. */
export const verihubs: EngineEntry = {
  credentials: ['VERIHUBS_APP_ID', 'VERIHUBS_API_KEY'],
  templateIdFor,
  identifies: true,
  foreseeVerdict: foreseeVerihubsVerdict,
  meaningOfCode: meaningOfVerihubsCode,
  create(options) {
    const { environment, keepDemographics } = options;
    const appId = readCredential({ name: 'VERIHUBS_APP_ID', what: "Verihubs' application id", environment });
    const apiKey = readCredential({ name: 'VERIHUBS_API_KEY', what: "Verihubs' API key", environment });
    const { url, http, urlFix, secrets } = openAddress(options.url ?? 'https://api.verihubs.com', options);
    const credentials =
      'check VERIHUBS_APP_ID and VERIHUBS_API_KEY (or the files in VERIHUBS_APP_ID_FILE and VERIHUBS_API_KEY_FILE)';
    const fix = { credentials, url: urlFix };
    const engine = createVerihubsEngine({ http, appId, apiKey, secrets, keepDemographics, fix });
    return { engine, account: { engine: 'verihubs', url, appId } };
  },
};

export interface VerihubsOptions {
  /** At the API's base address, e.g. `https://api.verihubs.com`; closed with the engine. */
  readonly http: HttpClient;
  readonly appId: string;
  readonly apiKey: string;
  /** Others that no message may repeat. */
  readonly secrets?: readonly string[];
  /** Age and the like, should they come in a reply; left out by default. */
  readonly keepDemographics?: boolean | undefined;
  /** What is said to the user when the account or the address is refused. */
  readonly fix: ReplyOptions['fix'];
  readonly now?: () => number;
}

/**
 * "5 MB at most" is documented for `image`, which is base64 and a third longer than the photo; which of the two is meant
 * is not. Assumed: the smaller. A photo of 3,750,000 bytes is 5,000,000 characters; a larger one is prepared.
 */
const maxSizeInBytes = 3_750_000;

/** Verihubs' face enrollment (verihubs-enroll.txt), search and verification. */
export function createVerihubsEngine(options: VerihubsOptions): Engine {
  const { http, fix, now = Date.now, keepDemographics = false } = options;
  const secrets = [options.appId, options.apiKey, ...(options.secrets ?? [])];
  const headers = {
    'App-ID': options.appId,
    'API-Key': options.apiKey,
    accept: 'application/json',
    'content-type': 'application/json',
  };
  const callTo = (
    body: Buffer,
    { signal, onSent }: { signal: AbortSignal; onSent?: () => void },
    endpoint: 'enroll' | 'search' | 'verify' = 'enroll',
  ): HttpCall => ({ path: `/v1/face/${endpoint}`, headers, body, signal, ...(onSent && { onSent }) });
  const cleanOfCredentials = createCleanText({ secrets });
  const findKey = createSecretSearch([options.apiKey]);
  const reading = (clean = cleanOfCredentials): ReplyOptions => ({
    clean,
    holdsKey: (id) => findKey(id).length > 0,
    fix,
    keepDemographics,
    nowInMs: now(),
  });

  const enroll = async (
    request: EnrollRequest | EnrollAddressRequest,
    body: Buffer,
  ): Promise<EngineReply> => {
    const result = await http.post(callTo(body, request));
    if (result.kind === 'failed') return judgeFailure(result, fix);
    const { templateId, settings = {} } = request;
    return readVerihubsReply(
      result,
      { templateId, validateLiveness: verihubsSettingsOf(settings).validateLiveness },
      'address' in request
        ? reading(createCleanText({ secrets: [...secrets, ...secretsOfAddress(request.address)] }))
        : reading(),
    );
  };

  return {
    name: 'verihubs',
    accepts: { formats: ['jpeg', 'png'], maxSizeInBytes },
    checks: ['liveness'],
    checkSettings: checkVerihubsSettings,
    sendsAddressesBy: (settings) =>
      verihubsSettingsOf(settings).photoTransport === 'url' ? 'photoTransport' : undefined,
    templateIdFor,
    enroll: (request) =>
      enroll(request, jsonPhotoBody({ fields: fieldsOf(request), field: 'image', photo: request.photo })),
    enrollAddress: (request) =>
      enroll(request, Buffer.from(JSON.stringify({ ...fieldsOf(request), image: request.address }))),
    similarity: verihubsSimilarity,
    async identify({ photo, threshold, ...call }) {
      // The engine names nobody below the threshold; it may give a match without its similarity.
      const fields = { ...nothingComputed, limit: 1, threshold, return_image: false };
      const body = jsonPhotoBody({ fields, field: 'image', photo });
      const result = await http.post(callTo(body, call, 'search'));
      if (result.kind === 'failed') return judgeFailure(result, fix);
      return readVerihubsSearchReply(result, { threshold }, reading());
    },
    async verify({ photo, templateId, threshold, ...call }) {
      const fields = { subject_id: templateId, ...nothingComputed };
      const body = jsonPhotoBody({ fields, field: 'image', photo });
      const result = await http.post(callTo(body, call, 'verify'));
      if (result.kind === 'failed') return judgeFailure(result, fix);
      return readVerihubsVerifyReply(result, { threshold, templateId }, reading());
    },
    async deleteTemplate({ templateId, ...call }) {
      const result = await http.delete(callTo(Buffer.from(JSON.stringify({ subject_id: templateId })), call));
      if (result.kind === 'failed') return judgeFailure(result, fix);
      return readVerihubsDeleteReply(result, { templateId }, reading());
    },
    async checkAccount(signal): Promise<AccountCheck> {
      const templateId = templateIdFor('rollcall doctor');
      const fields = fieldsOf({ templateId, checks: { liveness: false } });
      const result = await http.post(callTo(Buffer.from(JSON.stringify(fields)), { signal }));
      if (result.kind === 'response' && result.status === 400 && isOwnCode(result.text)) return { ok: true };
      const reply =
        result.kind === 'failed'
          ? judgeFailure(result, fix)
          : readVerihubsReply(result, { templateId, validateLiveness: false }, reading());
      return accountCheckOf(reply, () => false);
    },
    close: () => http.close(),
  };
}

/**
 * Every flag is sent, also where it is the default: two pages name two defaults, and a default may change.
 * `validate_liveness` has null there, which validates nothing: false says the same.
 */
function fieldsOf({
  templateId,
  checks,
  settings = {},
}: {
  templateId: string;
  checks: { readonly liveness: boolean };
  settings?: object | undefined;
}) {
  const asked = verihubsSettingsOf(settings);
  return {
    subject_id: templateId,
    is_quality: asked.checkQuality,
    is_attribute: asked.checkAttribute,
    is_liveness: checks.liveness,
    validate_quality: asked.validateQuality,
    validate_attribute: asked.validateAttribute,
    validate_liveness: asked.validateLiveness,
    validate_nface: asked.validateNface,
  };
}

/** For searches and verifications: what the engine computes besides is of no use there. */
const nothingComputed = {
  is_quality: false,
  is_attribute: false,
  is_liveness: false,
  validate_quality: false,
  validate_attribute: false,
  validate_liveness: false,
  validate_nface: false,
};

/**
 * No endpoint is documented that only checks the account. A call without an image stores nothing and is answered with
 * MISSING_PAYLOAD_IMAGE, which shows that address and credentials are right (assumed: that credentials are checked
 * first). So does any other documented code that is about the body.
 */
function isOwnCode(text: string | undefined): boolean {
  const code = text === undefined ? undefined : readVerihubsBody(text)?.code;
  const fault = code === undefined ? undefined : readVerihubsCode(code)?.fault;
  return fault !== undefined && fault !== 'quota';
}
