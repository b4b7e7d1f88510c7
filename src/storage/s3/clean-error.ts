import type { S3 } from '@aws-sdk/client-s3';
import { createCleanText } from '../../util/foreign-text.ts';

/** Takes the client's credentials out of its errors before anybody sees them: whatever answers may repeat them. */
export function cleanErrors(client: S3): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        cleanS3Error(error, await secretsOf(client));
        throw error;
      }
    },
    { step: 'initialize', priority: 'high', name: 'cleanErrors' },
  );
}

/** None where there are none, which is what the error is about. */
async function secretsOf({ config }: S3): Promise<string[]> {
  const found = await config.credentials().catch(() => undefined);
  return [found?.secretAccessKey, found?.sessionToken, found?.accessKeyId].filter(
    (text) => text !== undefined,
  );
}

/** A denial names its permission behind two ARNs. */
const longestLine = 2_000;

/** Cleans the texts of an error of the SDK, and those of the headers that it read; the error stays the same one. */
export function cleanS3Error(error: unknown, secrets: readonly string[]): void {
  const clean = createCleanText({ secrets, limit: longestLine });
  const cleanTextsOf = (part: unknown) => {
    if (typeof part !== 'object' || part === null) return;
    // Message and stack are not enumerable.
    for (const name of Object.getOwnPropertyNames(part)) {
      const text: unknown = Reflect.get(part, name);
      if (typeof text === 'string')
        Reflect.set(
          part,
          name,
          text
            .split('\n')
            .map((line) => clean(line))
            .join('\n'),
        );
    }
  };
  cleanTextsOf(error);
  const { headers } = ((error as { $response?: unknown } | undefined)?.$response ?? {}) as {
    headers?: unknown;
  };
  cleanTextsOf(headers);
}
