import type { FastifyRequest } from 'fastify';
import { largestSizeInBytes } from '../photos/read-photo.ts';
import { ProblemError } from './problem.ts';

/** Of a form's field; for `@fastify/multipart`, too. */
export const longestFieldInBytes = 64 * 1024;

/**
 * A form with one file, and fields of the names given, each of them once. Nothing is kept of a form that breaks off.
 * @throws ProblemError for a form that is none, breaks off, or has something else
 */
export async function readParts(
  request: FastifyRequest,
  { file, fields: known }: { file: string; fields: readonly string[] },
): Promise<{ fields: Record<string, unknown>; file: Buffer }> {
  const fields: Record<string, unknown> = {};
  let found: Buffer | undefined;
  try {
    for await (const part of request.parts()) {
      const { fieldname: name } = part;
      if (part.type === 'file') {
        if (name !== file) throw badPart(name, `is a file; it has to be the file "${file}"`);
        found = await part.toBuffer();
      } else if (name === file) throw badPart(name, 'is no file');
      else if (!known.includes(name)) throw badPart(name, 'is no field of this form');
      else if (name in fields) throw badPart(name, 'comes twice');
      else if (part.valueTruncated) throw badPart(name, `is longer than ${longestFieldInBytes} bytes`);
      else fields[name] = part.value;
    }
  } catch (error) {
    throw problemOf(error, file);
  }
  if (!found) throw badPart(file, 'is missing: a file');
  return { fields, file: found };
}

export const badPart = (path: string, message: string) =>
  new ProblemError(400, 'bad-request', 'See the issues.', { issues: [{ path, message }] });

function problemOf(error: unknown, file: string): ProblemError {
  if (error instanceof ProblemError) return error;
  switch ((error as { code?: unknown }).code) {
    case 'FST_REQ_FILE_TOO_LARGE':
      return new ProblemError(413, 'too-large', `A file may have ${largestSizeInBytes} bytes at most.`);
    case 'FST_FILES_LIMIT':
      return badPart(file, 'comes twice: send one file');
    case 'FST_FIELDS_LIMIT':
    case 'FST_PARTS_LIMIT':
    case 'FST_PROTO_VIOLATION':
      return badPart('', 'has fields that this form has not');
    case 'FST_INVALID_JSON_FIELD_ERROR':
      return badPart('', 'has a field that is not the JSON that its Content-Type says');
    default:
      return new ProblemError(
        400,
        'bad-form',
        'What was sent is no whole form: it breaks off, or has not the boundary that its Content-Type names.',
      );
  }
}
