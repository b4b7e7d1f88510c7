import { randomUUID } from 'node:crypto';
import type { FastifyError, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ootoSimilarity, verihubsSimilarity } from '../similarity.ts';
import { severalFacesVerdict, type VerihubsErrorCode, verihubsErrors } from '../verihubs-codes.ts';
import { type EngineParts, goneSignal, ownerOf } from './engine-parts.ts';
import { similarityOf } from './faces/similarity.ts';
import { largestFaceOf, lookAt, type UsableFace } from './judge-reading.ts';
import { type EnrollPayload, maxImageSizeInBytes, readEnrollPayload } from './verihubs-payload.ts';

/** Verihubs' `POST` and `DELETE /v1/face/enroll`, `/search` and `/verify`, as its pages have them. The shape of a success is assumed. */
export function verihubsRoutes(parts: EngineParts): FastifyPluginAsync {
  const { store } = parts;
  return async (app) => {
    app.setErrorHandler((error: FastifyError, _request, reply) => sendFailure(reply, error));
    app.addHook('onRequest', async (request, reply) => {
      if (!ownerOfRequest(request)) {
        return reply.code(401).send({ message: 'App-ID and API-Key are needed', error_code: 'UNAUTHORIZED' });
      }
      if (!parts.letIn(request, reply)) {
        const busy = { message: 'too many requests at once', error_code: 'SERVICE_UNAVAILABLE' };
        return reply.header('retry-after', '1').code(503).send(busy);
      }
    });

    app.post('/enroll', async (request, reply) => {
      const seen = await look(parts, request, reply);
      if (typeof seen === 'string') return refuse(reply, seen);
      const subjectId = seen.payload.subjectId ?? randomUUID();
      const mask = failureMask(seen);
      // Not documented: such a photo is not stored here.
      if (mask === 0) await store.put(ownerOfRequest(request), subjectId, seen.face.descriptor);
      return reply.send({ ...answerTo(seen, mask), subject_id: subjectId });
    });

    app.post('/search', async (request, reply) => {
      const asked = searchSchema.safeParse(request.body ?? {});
      if (!asked.success) {
        const field = asked.error.issues[0]?.path[0] === 'limit' ? 'LIMIT' : 'THRESHOLD';
        return refuse(reply, `INVALID_PAYLOAD_${field}`);
      }
      const seen = await look(parts, request, reply);
      if (typeof seen === 'string') return refuse(reply, seen);
      const mask = failureMask(seen);
      const found = store.nearest(ownerOfRequest(request), seen.face.descriptor);
      const similarity = found ? percentOf(found.descriptor, seen.face.descriptor) : 0;
      // The most similar one, whatever the limit.
      const isMatch = found && similarity >= asked.data.threshold;
      const matches = isMatch ? [{ subject_id: found.templateId, similarity }] : [];
      return reply.send({ ...answerTo(seen, mask), ...(mask === 0 && { matches }) });
    });

    app.post('/verify', async (request, reply) => {
      const seen = await look(parts, request, reply);
      if (typeof seen === 'string') return refuse(reply, seen);
      const { subjectId } = seen.payload;
      if (subjectId === undefined) return refuse(reply, 'MISSING_PAYLOAD_SUBJECT_ID');
      const enrolled = store.find(ownerOfRequest(request), subjectId);
      if (!enrolled) return reply.code(400).send(notEnrolled);
      const similarity = percentOf(enrolled, seen.face.descriptor);
      const isSame = similarity >= verihubsSimilarity.match;
      return reply.send({
        ...answerTo(seen, failureMask(seen)),
        subject_id: subjectId,
        similarity,
        similarity_status: isSame,
      });
    });

    app.delete('/enroll', async (request, reply) => {
      const { subject_id: subjectId } = deleteSchema.parse(request.body);
      if (!(await store.delete(ownerOfRequest(request), subjectId))) return reply.code(400).send(notEnrolled);
      return reply.send({ message: `Subject id ${subjectId} successfully deleted`, timestamp: Date.now() });
    });
  };
}

/** The pages' words for what only searches and verifications are refused with. */
const comparisonErrors = {
  INVALID_PAYLOAD_THRESHOLD: 'threshold cannot lower than 0 or more than 100',
  INVALID_PAYLOAD_LIMIT: 'limit cannot lower than 1 or more than 10',
  MISSING_PAYLOAD_SUBJECT_ID: 'missing payload subject id',
} as const;

const notEnrolled = { message: 'Subject id is not found', error_code: 'INVALID_PAYLOAD_SUBJECT_ID' };

const searchSchema = z.looseObject({
  limit: z.number().min(1).max(10).nullish(),
  threshold: z
    .number()
    .min(0)
    .max(100)
    .nullish()
    .transform((threshold) => threshold ?? verihubsSimilarity.match),
});

/** The point from which two faces count as one person's is 0.75 here and 82 in Verihubs' scale. */
function percentOf(enrolled: Float32Array, face: Float32Array): number {
  const similarity = similarityOf(enrolled, face);
  const { match: ours } = ootoSimilarity;
  const { match: theirs, most } = verihubsSimilarity;
  return similarity < ours
    ? (similarity / ours) * theirs
    : theirs + ((similarity - ours) / (1 - ours)) * (most - theirs);
}

const deleteSchema = z.object({ subject_id: z.string().catch('') }).catch({ subject_id: '' });

/** Empty: the headers are not there. */
function ownerOfRequest({ headers }: FastifyRequest): string {
  const { 'app-id': appId, 'api-key': apiKey } = headers;
  return typeof appId === 'string' && appId !== '' && apiKey ? ownerOf('verihubs', appId) : '';
}

/** The largest face of the photo that was sent, or the page's code. */
async function look(
  parts: EngineParts,
  { body }: FastifyRequest,
  reply: FastifyReply,
): Promise<Seen | VerihubsErrorCode> {
  const payload = readEnrollPayload(body);
  if (typeof payload === 'string') return payload;
  const signal = goneSignal(reply);
  const photo = await photoOf(parts, payload, signal);
  if (typeof photo === 'string') return photo;
  const reading = await lookAt(parts.reader, photo, signal);
  if (reading.kind === 'undecodable') return 'INVALID_PAYLOAD_IMAGE_FORMAT';
  const face = largestFaceOf(reading);
  return face === undefined ? 'FACE_NOT_DETECTED' : { payload, face, count: reading.faces.length };
}

const answerTo = (seen: Seen, mask: number) => ({
  message: failureWords[mask] ?? 'Request Success',
  ...(mask > 0 && { error_code: `FAIL_ON_${mask}` }),
  session_id: randomUUID(),
  timestamp: Date.now(),
  ...verihubsFace(seen),
});

async function photoOf(
  { https }: EngineParts,
  { image }: EnrollPayload,
  signal: AbortSignal,
): Promise<Buffer | VerihubsErrorCode> {
  if ('base64' in image) return image.base64;
  if (!/^https:/i.test(image.address)) return 'INVALID_PAYLOAD_IMAGE_FORMAT';
  const read = await https.read(image.address, signal);
  if ('problem' in read) {
    return read.retryable ? 'INVALID_PAYLOAD_IMAGE_TIMEOUT' : 'INVALID_PAYLOAD_IMAGE_FORMAT';
  }
  return read.bytes.length > maxImageSizeInBytes ? 'INVALID_PAYLOAD_IMAGE_SIZE' : read.bytes;
}

function refuse(reply: FastifyReply, code: VerihubsErrorCode | keyof typeof comparisonErrors): FastifyReply {
  const message = { ...verihubsErrors, ...comparisonErrors }[code];
  return reply.code(400).send({ message, error_code: code });
}

function sendFailure(reply: FastifyReply, { statusCode = 500 }: FastifyError): FastifyReply {
  if (statusCode === 413) return refuse(reply, 'INVALID_PAYLOAD_IMAGE_SIZE');
  if (statusCode < 500) return refuse(reply, 'INVALID_PAYLOAD');
  return reply.code(500).send({ message: 'internal server error', error_code: 'INTERNAL_SERVER_ERROR' });
}

interface Seen {
  readonly payload: EnrollPayload;
  readonly face: UsableFace;
  /** Faces in the photo. */
  readonly count: number;
}

const qualityBit = 4;
const nfaceBit = 8;

/** The page's words for what can fail here. */
const failureWords: Readonly<Record<number, string>> = {
  4: 'fail on quality',
  8: severalFacesVerdict.message,
  12: 'fail on number of face (nface) and quality',
};

/**
 * The n of FAIL_ON_n, 0 for none. Liveness (1) and attributes (2) cannot be judged here: their validation is never
 * failed, and their fields are null.
 */
function failureMask({ payload: { validateQuality, validateNface }, face, count }: Seen): number {
  const { blur, exposure } = face.quality;
  const isPoor = !blur.fine || !exposure.fine;
  return (validateQuality && isPoor ? qualityBit : 0) + (validateNface && count > 1 ? nfaceBit : 0);
}

/** What a reply says of a face; the names are assumed, from clients' code. */
function verihubsFace({ payload, face, count }: Seen): object {
  const { isQuality, isAttribute, isLiveness } = payload;
  const { box, landmarks, quality } = face;
  return {
    bounding_box: {
      top_left: { x: box.x, y: box.y },
      bottom_right: { x: box.x + box.w, y: box.y + box.h },
    },
    face_landmark: Object.fromEntries(
      landmarks.map(([x, y], index) => [landmarkNames[index] ?? index, { x, y }]),
    ),
    rotation: quality.roll,
    nface: count,
    ...(isQuality && {
      image_quality: { blur: !quality.blur.fine, dark: !quality.exposure.fine, grayscale: null },
    }),
    ...(isAttribute && { attributes: null }),
    ...(isLiveness && { liveness: { score: null, fine: null } }),
  };
}

const landmarkNames = ['left_eye', 'right_eye', 'nose', 'mouth_left', 'mouth_right'];
