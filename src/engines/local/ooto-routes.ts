import { randomUUID } from 'node:crypto';
import type { FastifyError, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type OotoErrorCode, ootoErrors } from '../ooto-codes.ts';
import { type EngineParts, goneSignal, ownerOf } from './engine-parts.ts';
import type { FaceFound } from './faces/face-reader.ts';
import { similarityOf } from './faces/similarity.ts';
import { lookAt, onlyFaceOf, type UsableFace } from './judge-reading.ts';

/** OOTO's `/add`, `/identify`, `/verify` and `/delete`, as its pages have them. */
export function ootoRoutes(parts: EngineParts): FastifyPluginAsync {
  const { store } = parts;
  return async (app) => {
    app.setErrorHandler((error: FastifyError, _request, reply) => send(reply, failureOf(error)));
    app.addHook('onRequest', async (request, reply) => {
      if (!ownerOfRequest(request))
        return send(reply, ootoFailure(401, 401, 'APP-ID and APP-KEY are needed'));
      if (!parts.letIn(request, reply)) {
        return send(reply.header('retry-after', '1'), ootoFailure(503, 503, 'too many requests at once'));
      }
    });

    app.post('/add', async (request, reply) => {
      const form = await readForm(request);
      const templateId = form.fields.get('templateId') ?? randomUUID();
      if (!isTemplateId(templateId)) return send(reply, ootoFailure(400, 400, 'templateId is not an id'));
      const face = await faceIn(parts, photoOf(form, 'photo'), reply);
      if (typeof face === 'number') return send(reply, ootoError(face));
      await store.put(ownerOfRequest(request), templateId, face.descriptor);
      return send(reply, ootoSuccess({ templateId, face: ootoFace(face, checksOf(request)) }));
    });

    app.post('/identify', async (request, reply) => {
      const face = await faceIn(parts, photoOf(await readForm(request), 'photo'), reply);
      if (typeof face === 'number') return send(reply, ootoError(face));
      const found = store.nearest(ownerOfRequest(request), face.descriptor);
      // Assumed: where nothing is enrolled, both are absent.
      const match = found && {
        templateId: found.templateId,
        similarity: similarityOf(found.descriptor, face.descriptor),
      };
      return send(reply, ootoSuccess({ ...match, face: ootoFace(face, checksOf(request)) }));
    });

    app.post('/verify', async (request, reply) => {
      const form = await readForm(request);
      const photos = [
        photoOf(form, 'first_photo', 'first_selfie'),
        photoOf(form, 'second_photo', 'second_selfie'),
      ];
      const [first = 1, second = 1] = await Promise.all(photos.map((photo) => faceIn(parts, photo, reply)));
      if (typeof first === 'number') return send(reply, ootoError(first));
      if (typeof second === 'number') return send(reply, ootoError(second));
      return send(reply, ootoSuccess({ similarity: similarityOf(first.descriptor, second.descriptor) }));
    });

    app.post('/delete', async (request, reply) => {
      const { templateId } = deleteSchema.parse(request.body);
      const existed = await store.delete(ownerOfRequest(request), templateId);
      return send(reply, existed ? ootoSuccess() : ootoFailure(400, 400, 'Template not found'));
    });
  };
}

const deleteSchema = z.object({ templateId: z.string().catch('') }).catch({ templateId: '' });

/** Empty: the headers are not there. */
function ownerOfRequest({ headers }: FastifyRequest): string {
  const { 'app-id': appId, 'app-key': appKey } = headers;
  return typeof appId === 'string' && appId !== '' && appKey ? ownerOf('ooto', appId) : '';
}

const isTemplateId = (text: string) => /^[^\p{C}\p{Z}]{1,256}$/u.test(text);

function checksOf({ query }: FastifyRequest): OotoChecks {
  const { check_liveness, check_deepfake } = query as Record<string, unknown>;
  return { liveness: check_liveness === 'true', deepfake: check_deepfake === 'true' };
}

/** Under the first of the names that is there. */
function photoOf({ files }: Form, ...names: string[]): Buffer | OotoErrorCode {
  const photo: FormFile | undefined = names.map((name) => files.get(name)).find((file) => file !== undefined);
  if (photo === undefined) return 1;
  if (!/^image\/(jpeg|png)$/i.test(photo.mimeType)) return 2;
  return photo.bytes.length === 0 ? 3 : photo.bytes;
}

async function faceIn(
  { reader }: EngineParts,
  photo: Buffer | OotoErrorCode,
  reply: FastifyReply,
): Promise<UsableFace | OotoErrorCode> {
  if (typeof photo === 'number') return photo;
  return onlyFaceOf(await lookAt(reader, photo, goneSignal(reply)));
}

/** Not documented. The words are our own, since an error's message may hold what was sent. */
function failureOf({ statusCode = 500 }: FastifyError): Answer {
  if (statusCode === 413) return ootoFailure(413, 413, 'the request is too large');
  if (statusCode < 500) return ootoFailure(statusCode, statusCode, 'the request cannot be read');
  return ootoFailure(500, 500, 'internal error');
}

function send(reply: FastifyReply, { status, body }: Answer): FastifyReply {
  return reply.code(status).send(body);
}

interface Answer {
  readonly status: number;
  readonly body: object;
}

function ootoError(code: OotoErrorCode): Answer {
  return ootoFailure(400, code, ootoErrors[code]);
}

/** An error of the page's shape. Other statuses and codes than the page's are not documented (assumed). */
function ootoFailure(status: number, code: number, info: string): Answer {
  return { status, body: { transactionId: randomUUID(), result: { status: 'error', code, info } } };
}

function ootoSuccess(result?: object): Answer {
  return { status: 200, body: { transactionId: randomUUID(), ...(result && { result }) } };
}

interface OotoChecks {
  readonly liveness: boolean;
  readonly deepfake: boolean;
}

/** The page's `face`. What is asked for and cannot be judged here is neither fine nor not: null. */
function ootoFace({ box, landmarks, quality }: FaceFound, checks: OotoChecks): object {
  return {
    ...(checks.liveness && { liveness: unknown }),
    ...(checks.deepfake && { deepfake: unknown }),
    quality,
    box,
    landmarks,
  };
}

const unknown = { score: null, fine: null };

interface FormFile {
  readonly mimeType: string;
  readonly bytes: Buffer;
}

interface Form {
  readonly files: ReadonlyMap<string, FormFile>;
  readonly fields: ReadonlyMap<string, string>;
}

/**
 * All of a multipart body; the first of a name counts. Another type of body is a form without anything in it.
 * @throws what the plugin throws for a body that is no form, or a file that is too large
 */
async function readForm(request: FastifyRequest): Promise<Form> {
  const files = new Map<string, FormFile>();
  const fields = new Map<string, string>();
  if (!request.isMultipart()) return { files, fields };
  for await (const part of request.parts()) {
    if (part.type === 'file') {
      const bytes = await part.toBuffer();
      if (!files.has(part.fieldname)) files.set(part.fieldname, { mimeType: part.mimetype, bytes });
    } else if (!fields.has(part.fieldname)) fields.set(part.fieldname, String(part.value));
  }
  return { files, fields };
}
