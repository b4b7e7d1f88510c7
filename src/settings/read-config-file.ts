import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { UsageError } from '../util/errors.ts';
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
    throw new UsageError('bad-config-file', `${path} cannot be read: ${error.message}`, { cause: error });
  });
  if (text === undefined) return {};
  const wrong = (detail: string, cause?: unknown) =>
    new UsageError('bad-config-file', `${path} is not right: ${detail}`, { cause });
  const config = parse(text, wrong);
  const unknown = Object.keys(config).find((key) => !keys.includes(key));
  if (unknown !== undefined) throw wrong(`"${unknown}" is no setting${didYouMean(unknown, keys) || '.'}`);
  return config;
}

function parse(text: string, wrong: (detail: string, cause: unknown) => UsageError): Config {
  try {
    return configSchema.parse(JSON.parse(text));
  } catch (error) {
    throw wrong(error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message, error);
  }
}
