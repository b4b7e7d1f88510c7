import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { largestSizeInBytes } from '../photos/read-photo.ts';
import type { GivenPicture } from '../runs/inbox/check-photo.ts';
import { inboxFormSchema } from './api/inboxes.ts';
import { ProblemError } from './problem.ts';
import { readJson } from './read-json.ts';
import { badPart, longestFieldInBytes, readParts } from './read-parts.ts';

/** For `@fastify/multipart`: one file, and the fields beside it. */
export const formLimits = {
  fileSize: largestSizeInBytes,
  files: 1,
  fields: 8,
  fieldSize: longestFieldInBytes,
};

/**
 * A photo that comes as a form: its fields, and the picture as the file `picture`.
 * @throws ProblemError for a form that is none, or breaks off
 */
export async function readForm(request: FastifyRequest): Promise<GivenPicture> {
  const { fields, file } = await readParts(request, {
    file: 'picture',
    fields: Object.keys(inboxFormSchema.shape),
  });
  const { metadata, ...rest } = fields;
  const given = metadata === undefined ? rest : { ...rest, metadata: readMetadata(metadata) };
  const read = inboxFormSchema.safeParse(given);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw badPart(z.core.toDotPath(issue?.path ?? []), issue?.message ?? '');
  }
  return { ...read.data, picture: file };
}

/** One that is said to be JSON was read already. */
function readMetadata(metadata: unknown): unknown {
  if (typeof metadata !== 'string') return metadata;
  try {
    return readJson(metadata);
  } catch (error) {
    throw error instanceof ProblemError ? badPart('metadata', error.message) : error;
  }
}
