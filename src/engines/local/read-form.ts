import type { FastifyRequest } from 'fastify';

export interface FormFile {
  readonly mimeType: string;
  readonly bytes: Buffer;
}

export interface Form {
  readonly files: ReadonlyMap<string, FormFile>;
  readonly fields: ReadonlyMap<string, string>;
}

/**
 * All of a multipart body; the first of a name counts. Another type of body is a form without anything in it.
 * @throws what the plugin throws for a body that is no form, or a file that is too large
 */
export async function readForm(request: FastifyRequest): Promise<Form> {
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
