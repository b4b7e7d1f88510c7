import { randomUUID } from 'node:crypto';
import type { FastifyError, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { EngineParts } from './engine-parts.ts';
import { similarityOf } from './faces/similarity.ts';
import { goneSignal } from './gone-signal.ts';
import { lookAt, onlyFaceOf, type UsableFace } from './judge-reading.ts';
import {
  type Answer,
  type OotoChecks,
  type OotoErrorCode,
  ootoError,
  ootoFace,
  ootoFailure,
  ootoSuccess,
} from './ooto-answers.ts';
import { type Form, type FormFile, readForm } from './read-form.ts';
import { ownerOf } from './templates/owner.ts';

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

/** No page tells of them; words of ours, since an error's own may hold what was sent. */
function failureOf({ statusCode = 500 }: FastifyError): Answer {
  if (statusCode === 413) return ootoFailure(413, 413, 'the request is too large');
  if (statusCode < 500) return ootoFailure(statusCode, statusCode, 'the request cannot be read');
  return ootoFailure(500, 500, 'internal error');
}

function send(reply: FastifyReply, { status, body }: Answer): FastifyReply {
  return reply.code(status).send(body);
}
