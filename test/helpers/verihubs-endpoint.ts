import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, request } from 'undici';
import { assumedVerihubsSuccess } from './assumed-verihubs-success.ts';
import {
  type AnswerContext,
  playStep,
  resetConnection,
  sendError,
  sendJson,
} from './engine-server-answers.ts';
import type { ServerCall } from './engine-server-calls.ts';
import { createEndpointFrame, type FrameOptions } from './engine-server-frame.ts';
import type { Step } from './engine-server-script.ts';
import { looksLike, readPerson, readTag } from './engine-server-tag.ts';
import { readVerihubsEnrollDocument } from './seed-documents.ts';
import { type ReceivedRequest, readRequest, type VerihubsEndpointName } from './verihubs-request.ts';

const paths: Readonly<Record<string, VerihubsEndpointName>> = {
  '/v1/face/enroll': 'enroll',
  '/v1/face/search': 'search',
  '/v1/face/verify': 'verify',
};
/** Of the image as it comes, and of what an address leads to. */
const maxSizeInBytes = 5_000_000;

/**
 * Verihubs' `POST` and `DELETE /v1/face/enroll`, `POST /v1/face/search` and `/verify` as its pages have them, with scripts
 * on top (those of searches and verifications stand behind an `@` in a photo's tag); knows nothing of listening. A
 * code of the page is the step `code-` and its name in lower case with dashes: `code-fail-on-3`.
 */
export function createVerihubsEndpoint(options: FrameOptions) {
  const document = readVerihubsEnrollDocument();
  const frame = createEndpointFrame({ ...options, headers: ['App-ID', 'API-Key'] });
  const { templates, scripts, settings, next, isAllowed } = frame;

  const errorOf: AnswerContext['errorOf'] = (name, words) => {
    const code = name.toUpperCase().replaceAll('-', '_');
    const { status = 400, description = 'something that the page does not name' } =
      document.codes.get(code) ?? {};
    return { status, body: { message: words ?? description, error_code: code } };
  };

  const enroll = async (
    call: ServerCall,
    response: ServerResponse,
    received: ReceivedRequest,
    early?: Step,
  ) => {
    const { fields } = received;
    const photo = received.photo ?? (await fetchPhoto(received.address));
    if (photo) notePhoto(call, photo);
    const photoSha256 = call.photoSha256 ?? '';
    const subject = call.templateId ?? photoSha256;
    const context = { response, errorOf, credentials: settings.credentials };
    const play = (script: string) => {
      const step = early ?? next(script, subject);
      call.played = step.name;
      const sessionId = randomUUID();
      return playStep(step, {
        ...context,
        succeed: ({ otherId, noId, notFine } = {}) => {
          const subjectId = otherId ? sessionId : (call.templateId ?? sessionId);
          templates.store(subjectId, { photoSha256, person: (photo && readPerson(photo)) ?? photoSha256 });
          const named = noId ? undefined : subjectId;
          return assumedVerihubsSuccess({
            subjectId: named,
            sessionId,
            fields,
            isLive: notFine === undefined,
          });
        },
      });
    };
    if (settings.mode !== 'normal') return play(settings.mode);
    if (!isAllowed(call)) return sendJson(response, 401, { message: 'made up: wrong credentials' });
    const code = refusal(received, photo);
    // A careless engine tells the address that it was given.
    if (code !== undefined) return sendError(code, context, `${code}: ${received.address ?? ''}`);
    return play(scripts.get(subject) ?? scripts.get(photoSha256) ?? scriptIn(photo, 'enroll'));
  };

  /** Whom a photo shows, or whether it shows the subject. Assumed: all that a success holds but `subject_id`. */
  const compare = (
    endpoint: 'search' | 'verify',
    call: ServerCall,
    response: ServerResponse,
    received: ReceivedRequest,
    early?: Step,
  ) => {
    const { fields, photo } = received;
    if (photo) notePhoto(call, photo);
    const photoSha256 = call.photoSha256 ?? '';
    const face = { photoSha256, person: (photo && readPerson(photo)) ?? photoSha256 };
    const context = { response, errorOf, credentials: settings.credentials };
    const common = { session_id: randomUUID(), timestamp: 1_795_305_600_000, nface: 1 };
    const search = () => {
      const found = templates.find(face, settings.indexLag);
      const similarity = 100 * (found?.similarity ?? 0);
      const isMatch = found !== undefined && similarity >= Number(fields.threshold ?? 82);
      const matches = isMatch ? [{ subject_id: found.templateId, similarity, similarity_status: true }] : [];
      return { message: 'Face search is successfull!', ...common, matches };
    };
    const verify = () => {
      const similarity = 100 * templates.compare(call.templateId ?? '', face);
      const isSame = similarity >= 82;
      return { message: 'Request Success', ...common, similarity, similarity_status: isSame };
    };
    const play = (script: string) => {
      const step = early ?? next(script, `${endpoint} ${photoSha256}`);
      call.played = step.name;
      return playStep(step, { ...context, succeed: endpoint === 'search' ? search : verify });
    };
    if (settings.mode !== 'normal') return play(settings.mode);
    if (!isAllowed(call)) return sendJson(response, 401, { message: 'made up: wrong credentials' });
    const code = refusal(received, photo);
    if (code !== undefined) return sendError(code, context);
    if (endpoint === 'verify' && !templates.all.has(call.templateId ?? ''))
      return sendJson(response, 400, subjectNotFound);
    return play(scriptIn(photo, endpoint));
  };

  /** A script for it is set for `delete <subject id>`. */
  const erase = (call: ServerCall, response: ServerResponse, { violations }: ReceivedRequest) => {
    const { templateId = '' } = call;
    const play = (script: string) => {
      const step = next(script, `delete ${templateId}`);
      call.played = step.name;
      if (step.name.startsWith('ok') && !templates.all.has(templateId))
        return sendJson(response, 400, subjectNotFound);
      const succeed = () => {
        templates.remove(templateId);
        return { message: `Subject id ${templateId} successfully deleted`, timestamp: 1_795_305_600_000 };
      };
      return playStep(step, { response, errorOf, credentials: settings.credentials, succeed });
    };
    if (settings.mode !== 'normal') return play(settings.mode);
    if (!isAllowed(call)) return sendJson(response, 401, { message: 'made up: wrong credentials' });
    if (violations.length > 0) return sendError('INVALID_PAYLOAD', { response, errorOf });
    return play(scripts.get(`delete ${templateId}`) ?? 'ok');
  };

  return {
    basePath: '',
    calls: frame.calls,
    templates: templates.all,
    putTemplate: templates.put,
    scripts,
    settings,
    kept: frame.kept,
    reset: frame.reset,
    handle: async (request: IncomingMessage, response: ServerResponse) => {
      const call = frame.record(request, response);
      const endpoint = paths[call.path];
      if (!endpoint || !(call.method === 'POST' || (call.method === 'DELETE' && endpoint === 'enroll'))) {
        request.resume();
        return sendJson(response, 404, { message: 'made up: no such path' });
      }
      const { early, isReset } = await frame.beforeBody(call, request, tagInStart(endpoint));
      if (isReset) return resetConnection(response);
      const received = await readRequest(request, endpoint);
      call.violations = received.violations;
      call.fields = { ...received.fields, image: undefined };
      if (received.address !== undefined) call.photoAddress = received.address;
      if (typeof received.fields.subject_id === 'string') call.templateId = received.fields.subject_id;
      await frame.answerLater();
      if (endpoint !== 'enroll') await compare(endpoint, call, response, received, early);
      else if (call.method === 'POST') await enroll(call, response, received, early);
      else await erase(call, response, received);
    },
  };
}

/** The page's code for what the page forbids; undefined: nothing is forbidden. */
function refusal({ fields, violations, address }: ReceivedRequest, photo: Buffer | undefined) {
  const { image, subject_id: subjectId } = fields;
  if (image === undefined) return 'MISSING_PAYLOAD_IMAGE';
  if (subjectId === '') return image === '' ? 'INVALID_PAYLOAD' : 'INVALID_PAYLOAD_SUBJECT_ID_MISSING';
  if (violations.length > 0) return 'INVALID_PAYLOAD';
  for (const flag of ['quality', 'attribute', 'liveness']) {
    if (fields[`validate_${flag}`] && !fields[`is_${flag}`])
      return `INVALID_PAYLOAD_${flag.toUpperCase()}_VALIDATION_DEPENDENCY`;
  }
  if (!photo) return address === undefined ? 'INVALID_PAYLOAD_IMAGE_MISSING' : 'INVALID_PAYLOAD_IMAGE_FORMAT';
  const sizeInBytes = address === undefined ? String(image).length : photo.length;
  if (sizeInBytes > maxSizeInBytes) return 'INVALID_PAYLOAD_IMAGE_SIZE';
  const isImage = looksLike(photo, 'image/jpeg') || looksLike(photo, 'image/png');
  return isImage ? undefined : 'INVALID_PAYLOAD_IMAGE_FORMAT';
}

/** As the vendor's page on deletion has it. */
const subjectNotFound = { message: 'Subject id is not found', error_code: 'INVALID_PAYLOAD_SUBJECT_ID' };

function notePhoto(call: ServerCall, photo: Buffer): void {
  call.photoSha256 = createHash('sha256').update(photo).digest('hex');
  call.photoSizeInBytes = photo.length;
  call.photoMimeType = looksLike(photo, 'image/png') ? 'image/png' : 'image/jpeg';
}

/** The tests' servers have certificates that nobody knows. */
const trusting = new Agent({ connect: { rejectUnauthorized: false } });

/** The engine fetches what it is given the address of. */
async function fetchPhoto(address: string | undefined): Promise<Buffer | undefined> {
  if (address === undefined) return undefined;
  const fetched = await request(address, { dispatcher: trusting }).catch(() => undefined);
  return fetched?.statusCode === 200 ? Buffer.from(await fetched.body.arrayBuffer()) : undefined;
}

/** The script in a photo whose base64 has only begun. */
const tagInStart = (endpoint: VerihubsEndpointName) => (start: Buffer) => {
  const base64 = /"image":"([A-Za-z0-9+/]*)/.exec(start.toString('latin1'))?.[1] ?? '';
  return scriptIn(Buffer.from(base64, 'base64'), endpoint);
};

function scriptIn(photo: Buffer | undefined, endpoint: VerihubsEndpointName): string {
  const [forEnroll, forOthers] = ((photo && readTag(photo)) ?? '').split('@');
  return (endpoint === 'enroll' ? forEnroll : forOthers) || 'ok';
}
