import { z } from 'zod';
import { coreSettings } from '../settings/core-settings.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { parseAs } from '../util/json-text.ts';
import type { Canary } from './canary.ts';
import { type RunRecord, runFolderOf } from './run-record.ts';

/** What may be changed of a run while it goes on. */
const wantedSchema = z.object({
  rate: coreSettings.rate.type.stored.optional(),
  concurrency: coreSettings.concurrency.type.stored.optional(),
  stopAfterFailures: coreSettings.stopAfterFailures.type.stored.optional(),
  canaryAccept: coreSettings.canaryAccept.type.stored.optional(),
  /** Somebody who has seen the figures of a refused canary lets the rest go on. */
  acceptCanary: z.literal(true).optional(),
  budget: coreSettings.budget.type.stored.optional(),
});
export type WantedChanges = z.infer<typeof wantedSchema>;

/**
 * `changes.json`: what was asked for with `rollcall set` or by the API. As with `control.json`, the conductor reads it once
 * a second, and it alone writes what is changed into `run.json`; `changedAt` there says up to when.
 */
const changesSchema = wantedSchema.extend({
  schema: z.literal('rollcall.changes/1'),
  /** Later than whatever the run had taken over when it was written. */
  at: z.string(),
});

const changesPath = (runId: string) => `${runFolderOf(runId)}/changes.json`;

/** What the run has not taken over yet; undefined: nothing, or nothing readable. */
async function readPending(state: StateStore, record: RunRecord) {
  const bytes = await state.read(changesPath(record.id));
  if (!bytes) return undefined;
  const changes = parseAs(changesSchema, bytes.toString());
  return changes && changes.at > (record.changedAt ?? '') ? changes : undefined;
}

/** One at a time: what was wanted before and is not taken over yet stays wanted. */
export async function writeChanges(
  state: StateStore,
  record: RunRecord,
  wanted: WantedChanges,
): Promise<void> {
  const pending = await readPending(state, record);
  const before = Math.max(...[record.changedAt, pending?.at].map((at) => (at ? Date.parse(at) : 0)));
  // The clock of the machine that wrote before may be ahead.
  const at = new Date(Math.max(Date.now(), before + 1)).toISOString();
  const given = Object.entries(wanted).filter(([, value]) => value !== undefined);
  const changes = { ...pending, ...Object.fromEntries(given), schema: 'rollcall.changes/1', at };
  await state.write(changesPath(record.id), `${JSON.stringify(changes)}\n`);
}

/** The run as it is with what was asked for since; the very record where that is nothing. */
export async function readChangedRun(state: StateStore, record: RunRecord): Promise<RunRecord> {
  const pending = await readPending(state, record);
  if (!pending) return record;
  const { rate, concurrency, stopAfterFailures, canaryAccept, acceptCanary, budget, at } = pending;
  const { canary } = record;
  return {
    ...record,
    changedAt: at,
    ...(concurrency !== undefined && { concurrency }),
    ...(acceptCanary && canary?.state === 'refused' && { canary: acceptByUser(canary) }),
    settings: {
      ...record.settings,
      ...(rate !== undefined && { rate }),
      ...(stopAfterFailures !== undefined && { stopAfterFailures }),
      ...(canaryAccept !== undefined && { canaryAccept }),
      ...(budget !== undefined && { budget }),
    },
  };
}

const acceptByUser = (canary: Canary): Canary => ({ ...canary, state: 'accepted', acceptedBy: 'user' });
