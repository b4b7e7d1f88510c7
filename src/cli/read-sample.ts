import { InvalidArgumentError } from 'commander';
import type { z } from 'zod';
import { type ShareOrCount, sample, wholeNumber } from '../settings/value-types.ts';

/** Of a flag that is no setting. */
export const readSample = (text: string): ShareOrCount => readWith(sample.read, text);

export const readSeed = (text: string): number => readWith(wholeNumber(0, 2 ** 32 - 1).read, text);

function readWith<Value>(schema: z.ZodType<Value>, text: string): Value {
  const parsed = schema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError(parsed.error.issues[0]?.message ?? '');
}
