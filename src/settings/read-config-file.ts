import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { UsageError } from '../util/errors.ts';
import { namesThatComeTwice } from '../util/names-that-come-twice.ts';
import { whyUnreadable } from '../util/why-unreadable.ts';
import { didYouMean } from './did-you-mean.ts';

const configSchema = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]),
);
export type Config = Readonly<z.infer<typeof configSchema>>;

/** Settings from a file; none where there is no file. @throws UsageError that names the file and what is wrong in it */
export async function readConfigFile(path: string, keys: readonly string[]): Promise<Config> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    const why =
      error.code === 'EISDIR' ? 'is a folder: it has to be a file, or not there' : whyUnreadable(error);
    throw new UsageError('bad-config-file', `${path} ${why}.`, { cause: error });
  });
  if (text === undefined) return {};
  const wrong = (detail: string, cause?: unknown) =>
    new UsageError('bad-config-file', `${path} is not right: ${detail}`, { cause });
  const config = parse(text, wrong);
  const unknown = Object.keys(config).find((key) => !keys.includes(key));
  if (unknown !== undefined) throw wrong(`"${unknown}" is no setting${didYouMean(unknown, keys) || '.'}`);
  return config;
}

function parse(text: string, wrong: (detail: string, cause?: unknown) => UsageError): Config {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    throw wrong((error as Error).message, error);
  }
  const [twice] = namesThatComeTwice(text);
  if (twice !== undefined) throw wrong(`"${twice}" comes twice.`);
  // What reads records passes over this one alone.
  if (typeof value === 'object' && value !== null && Object.hasOwn(value, '__proto__'))
    throw wrong('"__proto__" is no setting.');
  const config = configSchema.safeParse(value);
  if (config.success) return config.data;
  const key = config.error.issues[0]?.path[0];
  throw wrong(
    key === undefined
      ? 'it has to be one JSON object.'
      : `"${String(key)}" has to be a text, a number, true or false, or a list of texts.`,
  );
}
