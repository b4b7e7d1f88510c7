import { denialIn } from '../../src/engines/denial.ts';
import type { DeleteReply, Engine, EngineReply } from '../../src/engines/engine.ts';
import type { EngineEntry } from '../../src/engines/engine-entry.ts';
import {
  isFine,
  judgeByStatus,
  judgeFailure,
  judgeUnread,
  type ReplyOptions,
  rejected,
} from '../../src/engines/judgement.ts';
import { multipartBody } from '../../src/engines/multipart.ts';
import { openAddress } from '../../src/engines/open-address.ts';
import { readCredential } from '../../src/engines/read-credential.ts';
import { createCleanText } from '../../src/util/foreign-text.ts';
import type { HttpClient } from '../../src/util/http/http-client.ts';
import type { HttpResponse } from '../../src/util/http/http-exchange.ts';
import { parseJson } from '../../src/util/json-text.ts';
import { templateUuid } from '../../src/util/template-id.ts';

/**
 * A whole engine in one file, for a service that does not exist (docs/engines.md). With its name in the table of
 * `engines/registry.ts` it would be `--engine example`.
 */
export const example: EngineEntry = {
  credentials: ['EXAMPLE_ACCOUNT', 'EXAMPLE_KEY'],
  templateIdFor,
  foreseeVerdict: (fault) =>
    fault === 'undecodable' ? { code: 'no_image', message: 'this is no image' } : undefined,
  create(options) {
    const { environment } = options;
    const appId = readCredential({ name: 'EXAMPLE_ACCOUNT', what: "the example's account", environment });
    const key = readCredential({ name: 'EXAMPLE_KEY', what: "the example's key", environment });
    const { url, http, urlFix } = openAddress(options.url ?? 'https://faces.example', options);
    const fix = { credentials: 'check EXAMPLE_ACCOUNT and EXAMPLE_KEY', url: urlFix };
    const engine = createExampleEngine({ http, appId, key, fix });
    return { engine, account: { engine: 'example', url, appId } };
  },
};

/** An engine that knows a template by the subject's own id would give `subjectId.normalize('NFC')`. */
function templateIdFor(subjectId: string): string {
  return templateUuid({ engine: 'example', subjectId });
}

/**
 * The adapter: a form with the photo and the id, `{"id": …}` or `{"error": …, "message": …}`. The service cannot
 * identify, and has no call that only checks the account.
 */
function createExampleEngine({
  http,
  appId,
  key,
  fix,
}: {
  http: HttpClient;
  appId: string;
  key: string;
  fix: ReplyOptions['fix'];
}): Engine {
  const clean = createCleanText({ secrets: [key] });
  const credentials = { 'x-account': appId, 'x-api-key': key };
  const options = (): ReplyOptions => ({ clean, fix, keepDemographics: false, nowInMs: Date.now() });
  return {
    name: 'example',
    accepts: { formats: ['jpeg', 'png'] },
    checks: [],
    templateIdFor,
    async enroll({ photo, format, templateId, signal, onSent }) {
      const form = multipartBody({
        photo: { field: 'file', format, bytes: photo },
        fields: { id: templateId },
      });
      const headers = { ...credentials, 'content-type': form.contentType };
      const result = await http.post({ path: '/faces', headers, body: form.body, signal, onSent });
      return result.kind === 'failed' ? judgeFailure(result, fix) : readReply(result, options());
    },
    async deleteTemplate({ templateId, signal, onSent }) {
      const path = `/faces?id=${encodeURIComponent(templateId)}`;
      const body = Buffer.alloc(0);
      const result = await http.delete({ path, headers: credentials, body, signal, onSent });
      return result.kind === 'failed' ? judgeFailure(result, fix) : readDeletion(result, options());
    },
    close: () => http.close(),
  };
}

function readReply(response: HttpResponse, options: ReplyOptions): EngineReply {
  const judged = judgeByStatus(response, 'face', options);
  if (judged) return judged;
  const { status } = response;
  const { id, error, message, denial } = readBody(response);
  if (typeof error === 'string')
    return rejected(status, options.clean(error), options.clean(message || 'no words'));
  if (isFine(status) && typeof id === 'string' && !denial)
    return { kind: 'enrolled', httpStatus: status, templateId: id };
  return judgeUnread(response, options);
}

function readDeletion(response: HttpResponse, options: ReplyOptions): DeleteReply {
  const { deleted } = readBody(response);
  if (isFine(response.status) && typeof deleted === 'boolean')
    return { kind: 'deleted', httpStatus: response.status, existed: deleted };
  return judgeByStatus(response, 'face', options) ?? judgeUnread(response, options);
}

function readBody({ text = '' }: HttpResponse) {
  const body = parseJson(text);
  const fields = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const message = typeof fields.message === 'string' ? fields.message : '';
  return {
    id: fields.id,
    error: fields.error,
    deleted: fields.deleted,
    message,
    denial: denialIn(fields, text),
  };
}
