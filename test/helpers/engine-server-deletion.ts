import type { IncomingMessage } from 'node:http';

/** What a call of `/delete` asks for, and what in it the page does not know of. */
export interface ReceivedDeletion {
  readonly templateId?: string;
  readonly violations: readonly string[];
}

/** The body is JSON, `{"templateId": "…"}`, and nothing else. */
export async function readDeletion(request: IncomingMessage): Promise<ReceivedDeletion> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const violations: string[] = [];
  if (request.method !== 'POST') violations.push(`method ${request.method}`);
  const [type] = (request.headers['content-type'] ?? '').split(';');
  if (type !== 'application/json') violations.push(`content type ${type}`);
  try {
    const { templateId, ...more } = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
    violations.push(...Object.keys(more).map((name) => `field ${name}`));
    if (typeof templateId === 'string' && templateId !== '') return { templateId, violations };
    violations.push('no templateId');
  } catch {
    violations.push('no JSON object');
  }
  return { violations };
}

/** As the vendor's page says it: HTTP 400 with this body. */
export const templateNotFound = (transactionId: string) => ({
  transactionId,
  result: { status: 'error', code: 400, info: 'Template not found' },
});
