import type { IncomingMessage } from 'node:http';

export type VerihubsEndpointName = 'enroll' | 'search' | 'verify';

const fieldsOf: Readonly<Record<VerihubsEndpointName, readonly string[]>> = {
  enroll: ['subject_id'],
  search: ['limit', 'threshold', 'return_image'],
  verify: ['subject_id'],
};

/** What a call of one of them asks for; each field as it came, whatever its type. */
export interface ReceivedRequest {
  readonly fields: Readonly<Record<string, unknown>>;
  /** What the page forbids, or does not know of. */
  readonly violations: readonly string[];
  /** The bytes, where the image came as base64. */
  readonly photo?: Buffer;
  /** The address, where it came as one. */
  readonly address?: string;
}

const flags = [
  'is_quality',
  'is_attribute',
  'is_liveness',
  'validate_quality',
  'validate_attribute',
  'validate_liveness',
  'validate_nface',
];

/** Reads a JSON body as the page has it: known fields only, every flag a boolean, the image base64 or an address. */
export async function readRequest(
  request: IncomingMessage,
  endpoint: VerihubsEndpointName,
): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const violations: string[] = [];
  const type = request.headers['content-type'];
  if (type !== 'application/json') violations.push(`content type ${type}`);
  const fields = parse(Buffer.concat(chunks).toString());
  if (fields === undefined) return { fields: {}, violations: [...violations, 'no JSON object'] };
  const known = request.method === 'DELETE' ? ['subject_id'] : [...fieldsOf[endpoint], 'image', ...flags];
  for (const name of Object.keys(fields)) if (!known.includes(name)) violations.push(`field ${name}`);
  for (const name of flags) {
    if (name in fields && typeof fields[name] !== 'boolean') violations.push(`${name} is no boolean`);
    // Not the page's demand but the program's promise: nothing is left to a default.
    if (request.method === 'POST' && !(name in fields)) violations.push(`no ${name}`);
  }
  return { fields, violations, ...readImage(fields.image) };
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Base64 as RFC 4648 has it, with its padding; Node's own decoder takes nearly everything. */
function readImage(image: unknown): { photo?: Buffer; address?: string } {
  if (typeof image !== 'string') return {};
  if (/^https?:\/\//.test(image)) return { address: image };
  const isBase64 = image.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(image);
  return isBase64 ? { photo: Buffer.from(image, 'base64') } : {};
}
