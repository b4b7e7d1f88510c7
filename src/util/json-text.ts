import type { z } from 'zod';

/** undefined: no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** undefined: no JSON, or of another shape. */
export function parseAs<Value>(schema: z.ZodType<Value>, text: string): Value | undefined {
  return schema.safeParse(parseJson(text)).data;
}
