import { setTimeout as delay } from 'node:timers/promises';
import { readS3Error } from './s3-error.ts';

/**
 * Repeats what S3 does not answer although the client has tried it several times, for as long as an outage may last.
 * @throws the signal's reason when aborted, else the last error
 */
export async function retryDuringOutage<Result>(
  action: () => Promise<Result>,
  { longestOutageInMs, signal }: { longestOutageInMs: number; signal: AbortSignal },
): Promise<Result> {
  const endsAt = performance.now() + longestOutageInMs;
  for (let pauseInMs = 500; ; pauseInMs = Math.min(pauseInMs * 2, 10_000)) {
    try {
      return await action();
    } catch (error) {
      signal.throwIfAborted();
      if (readS3Error(error).kind !== 'unavailable' || performance.now() + pauseInMs > endsAt) throw error;
      await delay(pauseInMs * (0.5 + Math.random() / 2), undefined, { signal });
    }
  }
}
