import { randomUUID } from 'node:crypto';
import type { FastifyError, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { severalFacesVerdict, type VerihubsErrorCode, verihubsErrors } from '../verihubs-codes.ts';
import { type EngineParts, goneSignal, ownerOf } from './engine-parts.ts';
import type { FaceFound } from './faces/face-reader.ts';
import { largestFaceOf, lookAt } from './judge-reading.ts';
import { type EnrollPayload, maxImageSizeInBytes, readEnrollPayload } from './verihubs-payload.ts';

/** Verihubs' `POST` and `DELETE /v1/face/enroll`, as its page has them. The shape of a success is assumed. */
export function verihubsRoutes(parts: EngineParts): FastifyPluginAsync {
  const { store, reader } = parts;
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
      const payload = readEnrollPayload(request.body);
      if (typeof payload === 'string') return refuse(reply, payload);
      const signal = goneSignal(reply);
      const photo = await photoOf(parts, payload, signal);
      if (typeof photo === 'string') return refuse(reply, photo);
      const look = await lookAt(reader, photo, signal);
      if (look.kind === 'undecodable') return refuse(reply, 'INVALID_PAYLOAD_IMAGE_FORMAT');
      const face = largestFaceOf(look);
      if (face === undefined) return refuse(reply, 'FACE_NOT_DETECTED');
      const subjectId = payload.subjectId ?? randomUUID();
      const mask = failureMask(payload, { face, count: look.faces.length });
      // Not documented: such a photo is not stored here.
      if (mask === 0) await store.put(ownerOfRequest(request), subjectId, face.descriptor);
      return reply.send({
        message: failureWords[mask] ?? 'Request Success',
        ...(mask > 0 && { error_code: `FAIL_ON_${mask}` }),
        session_id: randomUUID(),
        timestamp: Date.now(),
        subject_id: subjectId,
        ...verihubsFace(payload, { face, count: look.faces.length }),
      });
    });

    app.delete('/enroll', async (request, reply) => {
      const { subject_id: subjectId } = deleteSchema.parse(request.body);
      if (!(await store.delete(ownerOfRequest(request), subjectId))) {
        const gone = { message: 'Subject id is not found', error_code: 'INVALID_PAYLOAD_SUBJECT_ID' };
        return reply.code(400).send(gone);
      }
      return reply.send({ message: `Subject id ${subjectId} successfully deleted`, timestamp: Date.now() });
    });
  };
}

const deleteSchema = z.object({ subject_id: z.string().catch('') }).catch({ subject_id: '' });

/** Empty: the headers are not there. */
function ownerOfRequest({ headers }: FastifyRequest): string {
  const { 'app-id': appId, 'api-key': apiKey } = headers;
  return typeof appId === 'string' && appId !== '' && apiKey ? ownerOf('verihubs', appId) : '';
}

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

function refuse(reply: FastifyReply, code: VerihubsErrorCode): FastifyReply {
  return reply.code(400).send({ message: verihubsErrors[code], error_code: code });
}

function sendFailure(reply: FastifyReply, { statusCode = 500 }: FastifyError): FastifyReply {
  if (statusCode === 413) return refuse(reply, 'INVALID_PAYLOAD_IMAGE_SIZE');
  if (statusCode < 500) return refuse(reply, 'INVALID_PAYLOAD');
  return reply.code(500).send({ message: 'internal server error', error_code: 'INTERNAL_SERVER_ERROR' });
}

interface Seen {
  readonly face: FaceFound;
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
function failureMask(
  { validateQuality, validateNface }: Pick<EnrollPayload, 'validateQuality' | 'validateNface'>,
  { face, count }: Seen,
): number {
  const { blur, exposure } = face.quality;
  const isPoor = !blur.fine || !exposure.fine;
  return (validateQuality && isPoor ? qualityBit : 0) + (validateNface && count > 1 ? nfaceBit : 0);
}

/** What a reply says of a face; the names are assumed, from clients' code. */
function verihubsFace(payload: EnrollPayload, { face, count }: Seen): object {
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
