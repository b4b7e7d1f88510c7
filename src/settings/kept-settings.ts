import { z } from 'zod';
import { isKept, type Schema, type Setting } from './setting.ts';

/**
 * How `settings` of run.json has the settings of a schema. What is absent has its default: a run that was started before
 * there was the setting stays readable. Others are left as they are: an adapter's own, or those of a later version.
 */
export function keptSchemaOf(schema: Schema): z.ZodType<Record<string, unknown>> {
  const kept = Object.entries(schema).filter(([, setting]) => isKept(setting));
  return z.looseObject(Object.fromEntries(kept.map(([key, setting]) => [key, keptValueOf(setting)])));
}

function keptValueOf({ type, default: text, formerly, kept }: Setting): z.ZodType {
  if (text === undefined || kept === 'if-given') return type.stored.optional();
  return type.stored.default(() => type.read.parse(formerly ?? text));
}
