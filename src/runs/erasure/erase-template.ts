import { setTimeout as delay } from 'node:timers/promises';
import { type CallContext, makeCall } from '../../account/make-call.ts';
import type { DeleteReply, Engine } from '../../engines/engine.ts';
import type { RunSettings } from '../../records/run-record.ts';
import { retryDelayInMs } from '../../util/with-retry.ts';

/** What came of deleting one template. */
export type TemplateEnd =
  | {
      readonly kind: 'gone';
      /** Null: the engine has none, but a call before was left without an answer. */
      readonly existed: boolean | null;
      readonly transaction?: string;
    }
  | { readonly kind: 'failed'; readonly message: string };

export interface EraseOptions {
  readonly context: CallContext;
  /** The call's turn among the runs of the account. */
  readonly runId: string;
  readonly deleteTemplate: NonNullable<Engine['deleteTemplate']>;
  readonly templateId: string;
  /** Tells templates apart where the account's health is judged. */
  readonly name: string;
  readonly retries: Pick<RunSettings, 'maxAttempts' | 'backoff'>;
  readonly signal: AbortSignal;
}

/**
 * Deletes a template: as often as a photo would be tried, at the account's pace.
 * @throws AccountPausedError while the account is paused; the signal's reason when aborted
 */
export async function eraseTemplate(options: EraseOptions): Promise<TemplateEnd> {
  const { context, runId, deleteTemplate, templateId, name, retries, signal } = options;
  let attempts = 0;
  let isUnanswered = false;
  while (true) {
    const { reply, charged } = await makeCall<DeleteReply>({
      kind: 'delete',
      context,
      runId,
      photo: name,
      attemptsBefore: attempts,
      call: (callSignal, onSent) => deleteTemplate({ templateId, signal: callSignal, onSent }),
      onUnanswered: () => undefined,
      signal,
      leaving: signal,
    });
    if (charged) attempts += 1;
    switch (reply.kind) {
      case 'deleted': {
        const existed = reply.existed || (isUnanswered ? null : false);
        const { transactionId } = reply;
        return { kind: 'gone', existed, ...(transactionId !== undefined && { transaction: transactionId }) };
      }
      case 'rejected':
        return { kind: 'failed', message: `${reply.message} (${reply.code})` };
      case 'throttled':
        continue;
      case 'refused':
        // The rate limiter stops the next call; where only this one is refused, it is charged and comes to an end.
        if (reply.certain) continue;
        break;
      case 'unavailable':
        if (reply.sent) isUnanswered = true;
    }
    if (charged && attempts >= retries.maxAttempts) return { kind: 'failed', message: reply.message };
    const delayInMs = retryDelayInMs({ attempt: Math.max(1, attempts), ...retries.backoff });
    await delay(delayInMs, undefined, { signal });
  }
}
