import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { expect } from 'vitest';
import { z } from 'zod';
import { headers } from './open-door.ts';

type JsonSchema = Parameters<typeof z.fromJSONSchema>[0];
interface Described {
  readonly responses: Record<string, { content?: Record<string, { schema: object }> }>;
}

/** Holds that answers are what the OpenAPI document of the server says of them; what it does not say has to be a problem. */
export async function readDescription(app: FastifyInstance) {
  const reply = await app.inject({ url: '/api/v1/openapi.json', headers });
  const document = reply.json() as {
    paths: Record<string, Record<string, Described>>;
    components: { schemas: Record<string, object> };
  };
  const asDefinitions = (value: object) =>
    JSON.parse(JSON.stringify(value).replaceAll('#/components/schemas/', '#/$defs/'));
  const definitions = asDefinitions(document.components.schemas);
  const schemaOf = (schema: object) =>
    z.fromJSONSchema({ ...asDefinitions(schema), $defs: definitions } as JsonSchema);

  function describedAt(method: string, path: string): Described | undefined {
    const [, found] =
      Object.entries(document.paths).find(([template]) =>
        new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`).test(path),
      ) ?? [];
    return found?.[method.toLowerCase()];
  }

  return function expectDescribed(
    method: string,
    url: string,
    { statusCode, headers, body }: LightMyRequestResponse,
  ) {
    const isProblem = statusCode >= 400;
    const type = String(headers['content-type']);
    if (isProblem) expect(type).toContain('application/problem+json');
    const responses = describedAt(method, url.split('?')[0] ?? '')?.responses ?? {};
    const described = responses[statusCode] ?? (isProblem ? responses.default : undefined);
    const schema = described?.content?.['application/json']?.schema;
    if (!type.includes('json') || type.includes('jsonl')) return;
    if (!schema && !isProblem) return;
    const read = schemaOf(schema ?? { $ref: '#/$defs/Problem' }).safeParse(JSON.parse(body));
    expect(read.error, `${method} ${url}: ${body.slice(0, 500)}`).toBeUndefined();
  };
}
