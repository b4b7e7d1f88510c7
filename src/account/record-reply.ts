import type { AccountClient } from './account-client.ts';
import { afterReply, type ReplyEvent } from './account-reply.ts';
import { type ProbeDelay, releaseProbe } from './circuit-breaker.ts';
import type { FinishedCall } from './rate-limiter.ts';
import type { SlotSupply } from './slot-supply.ts';

const refusedPhotosKept = 10_000;

export interface ReplyRecorderOptions {
  readonly client: AccountClient;
  readonly supply: SlotSupply;
  readonly processName: string;
  readonly probeDelay: ProbeDelay;
  readonly giveUpAfterInMs: number;
}

/** Records the replies of this process in the account's health. */
export function createReplyRecorder({ client, supply, ...options }: ReplyRecorderOptions) {
  const refusedPhotos = new Set<string>();

  /** A reply that changes nothing (most do not) makes no trip to the store. */
  async function change(event: ReplyEvent): Promise<{ charged: boolean }> {
    const known = afterReply(client.state, event, client.storeNow());
    let { charged } = known;
    if (known.state === client.state) return { charged };
    try {
      await client.change((state, now) => {
        const result = afterReply(state, event, now);
        charged = result.charged;
        return result.state;
      });
    } catch {
      // Closed, and the store does not answer: what this process knows has to be enough.
    }
    return { charged };
  }

  function rememberRefused(photo: string): void {
    refusedPhotos.add(photo);
    const [oldest] = refusedPhotos;
    if (refusedPhotos.size > refusedPhotosKept && oldest !== undefined) refusedPhotos.delete(oldest);
  }

  async function slowDown(retryAfterInMs: number): Promise<void> {
    supply.drop();
    if (retryAfterInMs === 0 || client.state.pause) return;
    await client.postpone({ until: client.storeNow() + retryAfterInMs }).catch(() => undefined);
  }

  return {
    async record(
      { reply, photo, attemptsBefore }: FinishedCall,
      { sentAt, isProbe }: { sentAt: number; isProbe: boolean },
    ): Promise<{ charged: boolean }> {
      const { processName, probeDelay, giveUpAfterInMs } = options;
      if (!reply) {
        if (isProbe) await client.change((state) => releaseProbe(state, processName)).catch(() => undefined);
        return { charged: false };
      }
      const refusedBefore = refusedPhotos.has(photo);
      if (reply.kind === 'refused') rememberRefused(photo);
      const probeBy = isProbe ? processName : undefined;
      const call = { reply, photo, attemptsBefore, refusedBefore, sentAt, probeBy };
      const result = await change({ ...call, probeDelay, giveUpAfterInMs });
      if (reply.kind === 'throttled') await slowDown(reply.retryAfterInMs ?? 0);
      if (reply.kind === 'unavailable' && reply.retryAfterInMs) await slowDown(reply.retryAfterInMs);
      return result;
    },
  };
}
