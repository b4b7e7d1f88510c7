import type { DeleteReply, Engine, EngineReply } from '../../src/engines/engine.ts';
import { createCleanText } from '../../src/engines/foreign-text.ts';
import { parseJson } from '../../src/engines/foreign-value.ts';
import {
  isFine,
  judgeByStatus,
  judgeFailure,
  judgeUnread,
  type ReplyOptions,
  rejected,
} from '../../src/engines/judgement.ts';
import { multipartBody } from '../../src/engines/multipart.ts';
import { templateIdOf } from '../../src/engines/registry.ts';
import type { HttpClient } from '../../src/util/http/http-client.ts';
import type { HttpResponse } from '../../src/util/http/http-exchange.ts';

/**
 * A whole adapter in one file, for an engine that is not there (docs/engines.md): a form with the photo and the id,
 * `{"id": …}` or `{"error": …, "message": …}`. It cannot identify, and has no call that only looks at the account.
 */
export function createExampleEngine({
  http,
  key,
  fix,
}: {
  http: HttpClient;
  key: string;
  fix: ReplyOptions['fix'];
}): Engine {
  const clean = createCleanText({ secrets: [key] });
  const options = (): ReplyOptions => ({ clean, fix, keepDemographics: false, nowInMs: Date.now() });
  return {
    name: 'example',
    accepts: { formats: ['jpeg', 'png'] },
    checks: [],
    templateIdFor: (subjectId) => templateIdOf({ engine: 'example', subjectId }),
    async enroll({ photo, format, templateId, signal, onSent }) {
      const form = multipartBody({
        photo: { field: 'file', format, bytes: photo },
        fields: { id: templateId },
      });
      const headers = { 'x-api-key': key, 'content-type': form.contentType };
      const result = await http.post({ path: '/faces', headers, body: form.body, signal, onSent });
      return result.kind === 'failed' ? judgeFailure(result, fix) : readReply(result, options());
    },
    async deleteTemplate({ templateId, signal, onSent }) {
      const path = `/faces?id=${encodeURIComponent(templateId)}`;
      const body = Buffer.alloc(0);
      const result = await http.delete({ path, headers: { 'x-api-key': key }, body, signal, onSent });
      return result.kind === 'failed' ? judgeFailure(result, fix) : readDeletion(result, options());
    },
    close: () => http.close(),
  };
}

function readReply(response: HttpResponse, options: ReplyOptions): EngineReply {
  const judged = judgeByStatus(response, 'face', options);
  if (judged) return judged;
  const { status } = response;
  const { id, error, message } = readBody(response);
  if (typeof error === 'string')
    return rejected(status, options.clean(error), options.clean(message || 'no words'));
  if (isFine(status) && typeof id === 'string')
    return { kind: 'enrolled', httpStatus: status, templateId: id };
  return judgeUnread(response, 'other', options);
}

function readDeletion(response: HttpResponse, options: ReplyOptions): DeleteReply {
  const { deleted } = readBody(response);
  if (isFine(response.status) && typeof deleted === 'boolean')
    return { kind: 'deleted', httpStatus: response.status, existed: deleted };
  return judgeByStatus(response, 'face', options) ?? judgeUnread(response, 'other', options);
}

function readBody({ text = '' }: HttpResponse) {
  const body = parseJson(text);
  const fields = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const message = typeof fields.message === 'string' ? fields.message : '';
  return { id: fields.id, error: fields.error, deleted: fields.deleted, message };
}
