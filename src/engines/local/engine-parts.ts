import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpsPhotoReader } from '../../photos/https-photo.ts';
import type { FaceReader } from './faces/face-reader.ts';
import type { TemplateStore } from './templates/template-store.ts';

/** What the routes of both languages work with. */
export interface EngineParts {
  readonly reader: FaceReader;
  readonly store: TemplateStore;
  /** For photos that are given by their address. */
  readonly https: HttpsPhotoReader;
  /** False: all places are taken. Else the request's is given back when its reply is over. */
  letIn(request: FastifyRequest, reply: FastifyReply): boolean;
}
