import { z } from 'zod';
import { inboxFolderOf } from '../../sources/inbox/inbox-log.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { parseAs } from '../../util/json-text.ts';

/**
 * `inboxes/<name>/webhook.json`: how far the webhook of an inbox was told, for people. But for `stopped` it can be lost: the
 * deliveries of the runs say the same.
 */
const progressSchema = z.object({
  schema: z.literal('rollcall.webhook-progress/1'),
  /** `setAt` of the webhook that is meant; about another one it says nothing. */
  setAt: z.string(),
  /** The receiver wants no more (410): nothing is sent until the webhook is set again. */
  stopped: z.object({ at: z.string(), reason: z.string() }).optional(),
  /** The receiver has not taken the last messages. */
  failing: z.object({ since: z.string(), reason: z.string() }).optional(),
  /** `settled`: outcomes that are not sent (any more), `givenUp` and `withheld` among them. `isDone`: nothing comes any more. */
  runs: z.record(
    z.string(),
    z.object({
      settled: z.number(),
      givenUp: z.number(),
      withheld: z.number(),
      isDone: z.boolean(),
    }),
  ),
});
export type WebhookProgress = z.infer<typeof progressSchema>;

const progressPath = (inbox: string) => `${inboxFolderOf(inbox)}/webhook.json`;

/** What was written of another setting of the webhook, or is damaged, counts as nothing but for what is done. */
export async function readWebhookProgress(
  state: StateStore,
  inbox: string,
  setAt: string,
): Promise<WebhookProgress> {
  const bytes = await state.read(progressPath(inbox));
  const found = parseAs(progressSchema, bytes?.toString() ?? '');
  if (found?.setAt === setAt) return found;
  return { schema: 'rollcall.webhook-progress/1', setAt, runs: found?.runs ?? {} };
}

export async function writeWebhookProgress(
  state: StateStore,
  inbox: string,
  progress: WebhookProgress,
): Promise<void> {
  await state.write(progressPath(inbox), `${JSON.stringify(progress, undefined, 2)}\n`);
}
