import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpsPhotoReader } from '../../photos/places/https-photo.ts';
import type { FaceReader } from './faces/face-reader.ts';
import type { TemplateStore } from './templates/template-store.ts';

/** What the routes of both languages work with; below it, what both need of a request. */
export interface EngineParts {
  readonly reader: FaceReader;
  readonly store: TemplateStore;
  /** For photos that are given by their address. */
  readonly https: HttpsPhotoReader;
  /** False: too many requests are here at once. Else the request's slot is freed when its reply is over. */
  letIn(request: FastifyRequest, reply: FastifyReply): boolean;
}

/** Aborted when the caller hangs up before it has its answer: what it asked for needs no more work. */
export function goneSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort(callerHungUp());
  });
  return controller.signal;
}

/** Nobody reads the status; by it this is no fault of the server. */
const callerHungUp = () => Object.assign(new Error('the caller hung up'), { statusCode: 499 });

/** Whose templates: those of one language and one app id are one store of their own. The app id cannot be read back. */
export function ownerOf(language: 'ooto' | 'verihubs', appId: string): string {
  return createHash('sha256').update(`${language}\n${appId}`).digest('hex').slice(0, 16);
}
