/** A change of what is enrolled; the newest of a template is what holds. */
export type TemplateChange =
  | {
      readonly kind: 'put';
      readonly owner: string;
      readonly templateId: string;
      readonly descriptor: Float32Array;
    }
  | { readonly kind: 'delete'; readonly owner: string; readonly templateId: string };

/** One JSON line, with its newline. The descriptor is base64 of 32-bit floats in this machine's order of bytes. */
export function lineOfChange(change: TemplateChange): string {
  const { owner, templateId } = change;
  if (change.kind === 'delete') return `${JSON.stringify({ owner, deleted: templateId })}\n`;
  return `${JSON.stringify({ owner, template: templateId, face: toBase64(change.descriptor) })}\n`;
}

/** undefined: no such line; a disk may have damaged it. */
export function changeOfLine(text: string): TemplateChange | undefined {
  const { owner, template, face, deleted } = parseRecord(text);
  if (typeof owner !== 'string') return undefined;
  if (typeof deleted === 'string') return { kind: 'delete', owner, templateId: deleted };
  if (typeof template !== 'string' || typeof face !== 'string') return undefined;
  const descriptor = fromBase64(face);
  return descriptor && { kind: 'put', owner, templateId: template, descriptor };
}

/** By hand: a schema would take most of the time of a start with many templates. */
function parseRecord(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function toBase64({ buffer, byteOffset, byteLength }: Float32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

function fromBase64(text: string): Float32Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === 0 || bytes.length % Float32Array.BYTES_PER_ELEMENT !== 0) return undefined;
  // Copied: a buffer of Node's pool need not begin where a number may.
  const descriptor = new Float32Array(new Uint8Array(bytes).buffer);
  return descriptor.every(Number.isFinite) ? descriptor : undefined;
}
