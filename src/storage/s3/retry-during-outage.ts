import { withRetry } from '../../util/with-retry.ts';
import { readS3Error } from './s3-error.ts';

const firstPauseInMs = 500;
const longestPauseInMs = 10_000;

/**
 * Repeats what S3 does not answer although the client has tried it several times, for as long as an outage may last.
 * @throws the signal's reason when aborted, else the last error
 */
export function retryDuringOutage<Result>(
  action: () => Promise<Result>,
  { longestOutageInMs, signal }: { longestOutageInMs: number; signal: AbortSignal },
): Promise<Result> {
  const endsAt = performance.now() + longestOutageInMs;
  return withRetry(action, {
    signal,
    pauseInMs(error, failures) {
      const pauseInMs = Math.min(longestPauseInMs, firstPauseInMs * 2 ** (failures - 1));
      if (readS3Error(error).kind !== 'unavailable' || performance.now() + pauseInMs > endsAt)
        return undefined;
      return pauseInMs * (0.5 + Math.random() / 2);
    },
  });
}
