import { z } from 'zod';
import { inboxFolderOf } from '../../sources/inbox/inbox-log.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { FaultError, UsageError } from '../../util/errors.ts';
import { parseAs } from '../../util/json-text.ts';
import { type RunSettings, runSettingsSchema } from '../run-record.ts';

/**
 * `inboxes/<name>/inbox.json`: what is wanted of an inbox; whoever takes in for it makes it so. Never a credential. What
 * it has taken in, and into which run, stands in its lists (`sources/inbox/inbox-log.ts`).
 */
const inboxSchema = z.object({
  schema: z.literal('rollcall.inbox-record/1'),
  name: z.string(),
  isOpen: z.boolean(),
  engine: z.string(),
  engineUrl: z.string(),
  /** Hash of engine, address and app id, as in `run.json`. */
  account: z.string(),
  /** The machine whose files its photos may be. */
  filesOn: z.string().optional(),
  /** Of its runs. */
  settings: runSettingsSchema as unknown as z.ZodType<RunSettings>,
  /** From the first photo of a run to the next run. */
  rollInMs: z.number(),
  /** Photos without an outcome, at most. */
  maxWaiting: z.number(),
  openedAt: z.string(),
  /** Who is told of outcomes. */
  webhook: z
    .object({
      /** Its path may be a secret. */
      url: z.string(),
      setAt: z.string(),
      /** Since when there is one: of runs that were over by then nothing is told. */
      since: z.string(),
    })
    .optional(),
});
export type InboxRecord = z.infer<typeof inboxSchema>;

const recordPath = (name: string) => `${inboxFolderOf(name)}/inbox.json`;

/** It begins the ids of its runs, which have 64 characters at most. @throws UsageError */
export function checkInboxName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/.test(name)) return name;
  throw new UsageError(
    'inbox-name',
    `The inbox's name is "${name.slice(0, 60)}": expected letters, digits, dot, dash and underscore, 40 at most.`,
  );
}

/** @throws FaultError where it is damaged */
export async function readInbox(state: StateStore, name: string): Promise<InboxRecord | undefined> {
  const path = recordPath(name);
  const bytes = await state.read(path);
  if (!bytes) return undefined;
  const record = parseAs(inboxSchema, bytes.toString());
  if (record) return record;
  throw new FaultError(
    'state',
    `${state.locate(path)} is damaged: restore it from a backup, or open the inbox again with the same settings.`,
  );
}

export async function writeInbox(state: StateStore, record: InboxRecord): Promise<void> {
  await state.write(recordPath(record.name), `${JSON.stringify(record, undefined, 2)}\n`);
}
