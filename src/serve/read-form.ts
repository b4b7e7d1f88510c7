import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { largestSizeInBytes } from '../photos/read-photo.ts';
import type { GivenPicture } from '../runs/inbox/check-photo.ts';
import { parseJson } from '../util/json-text.ts';
import { inboxFormSchema } from './api/inboxes.ts';
import { ProblemError } from './problem.ts';

/** For `@fastify/multipart`: one file, and the fields beside it. */
export const formLimits = { fileSize: largestSizeInBytes, files: 1, fields: 8, fieldSize: 64 * 1024 };

/**
 * A photo that comes as a form: its fields, and the picture as the file `picture`. Nothing is kept of a form that breaks off.
 * @throws ProblemError for a form that is none, or breaks off
 */
export async function readForm(request: FastifyRequest): Promise<GivenPicture> {
  const fields: Record<string, unknown> = {};
  let picture: Buffer | undefined;
  for await (const part of request.parts()) {
    if (part.type === 'field') fields[part.fieldname] = part.value;
    else if (part.fieldname === 'picture') picture = await part.toBuffer();
    else throw bad(part.fieldname, 'is a file; the picture is the file "picture"');
  }
  if (!picture) throw bad('picture', 'is missing: a file');
  const { metadata, ...rest } = fields;
  const given = metadata === undefined ? rest : { ...rest, metadata: parseJson(String(metadata)) };
  const read = inboxFormSchema.safeParse(given);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw bad(z.core.toDotPath(issue?.path ?? []), issue?.message ?? '');
  }
  return { ...read.data, picture };
}

const bad = (path: string, message: string) =>
  new ProblemError(400, 'bad-request', 'See the issues.', { issues: [{ path, message }] });
