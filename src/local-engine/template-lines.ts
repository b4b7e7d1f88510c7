import { z } from 'zod';

/** A change of what is enrolled; the newest of a template is what holds. */
export type TemplateChange =
  | {
      readonly kind: 'put';
      readonly owner: string;
      readonly templateId: string;
      readonly descriptor: Float32Array;
    }
  | { readonly kind: 'delete'; readonly owner: string; readonly templateId: string };

/** One JSON line, with its newline. The descriptor is base64 of little-endian 32-bit floats. */
export function lineOfChange(change: TemplateChange): string {
  const { owner, templateId } = change;
  if (change.kind === 'delete') return `${JSON.stringify({ owner, deleted: templateId })}\n`;
  return `${JSON.stringify({ owner, template: templateId, face: toBase64(change.descriptor) })}\n`;
}

/** undefined: no such line; a disk may have damaged it. */
export function changeOfLine(text: string): TemplateChange | undefined {
  const line = lineSchema.safeParse(parseJson(text)).data;
  if (line === undefined) return undefined;
  const { owner } = line;
  if ('deleted' in line) return { kind: 'delete', owner, templateId: line.deleted };
  const descriptor = fromBase64(line.face);
  return descriptor && { kind: 'put', owner, templateId: line.template, descriptor };
}

const lineSchema = z.union([
  z.object({ owner: z.string(), template: z.string(), face: z.string() }),
  z.object({ owner: z.string(), deleted: z.string() }),
]);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function toBase64(descriptor: Float32Array): string {
  const bytes = Buffer.alloc(descriptor.length * 4);
  descriptor.forEach((value, index) => {
    bytes.writeFloatLE(value, index * 4);
  });
  return bytes.toString('base64');
}

function fromBase64(text: string): Float32Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === 0 || bytes.length % 4 !== 0) return undefined;
  const descriptor = Float32Array.from({ length: bytes.length / 4 }, (_, index) =>
    bytes.readFloatLE(index * 4),
  );
  return descriptor.every(Number.isFinite) ? descriptor : undefined;
}
