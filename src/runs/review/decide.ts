import type { Decision } from '../../records/decisions/decision.ts';
import {
  createDecisionReader,
  type DecisionReader,
  saveDecisions,
} from '../../records/decisions/decision-files.ts';
import { removePicture } from '../../records/inbox/picture.ts';
import type { RunRecord } from '../../records/run-record.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { assertStillThere } from '../assert-still-there.ts';
import {
  createDeadLettersReader,
  type DeadLettersOf,
  type RefusedDecision,
  refusedDecisions,
} from './check-decisions.ts';

/** What a reviewer says of a photo. */
export type AskedDecision = Pick<Decision, 'seq' | 'action' | 'reason' | 'upload' | 'edit'>;

/**
 * Saves what a reviewer decided, all of it or, where one of them cannot be, nothing. Durable when it resolves. What is
 * decided now is newer than what was there, whatever the clocks of others say.
 * @param tools what knows the run from decisions before this one, where many are made one after another
 * @returns the decisions of the run as they stand
 * @throws UsageError where the run was removed meanwhile
 */
export async function decide(
  state: StateStore,
  record: RunRecord,
  { reviewer, asked }: { reviewer: string; asked: readonly AskedDecision[] },
  tools: { reader?: DecisionReader; deadLettersOf?: DeadLettersOf } = {},
): Promise<{ decisions: Decision[] } | { refused: RefusedDecision[] }> {
  const { reader = createDecisionReader(state), deadLettersOf = createDeadLettersReader(state) } = tools;
  const refused = await refusedDecisions(state, record, asked, deadLettersOf);
  if (refused.length > 0) return { refused };
  const standing = await reader.read(record.id);
  const made = asked.map((one): Decision => {
    const newest = Date.parse(standing.get(one.seq)?.at ?? '') || 0;
    const at = new Date(Math.max(Date.now(), newest + 1)).toISOString();
    return { schema: 'rollcall.decision/1', ...one, by: reviewer, at };
  });
  await saveDecisions(state, record.id, made);
  await assertStillThere(state, record.id);
  await removeLeftOut(state, record, { asked, deadLettersOf });
  return { decisions: standingOf(await reader.read(record.id)) };
}

/** Of who is left out no picture is kept that an inbox was given. One that cannot be removed now goes with the run. */
async function removeLeftOut(
  state: StateStore,
  record: RunRecord,
  { asked, deadLettersOf }: { asked: readonly AskedDecision[]; deadLettersOf: DeadLettersOf },
): Promise<void> {
  const leftOut = new Set(asked.filter(({ action }) => action === 'leave-out').map(({ seq }) => seq));
  if (leftOut.size === 0) return;
  for (const { photo = '' } of (await deadLettersOf(record, leftOut)).values())
    await removePicture(state, photo).catch(() => {});
}

/** In the order of the list, without those that were taken back. */
export const standingOf = (merged: ReadonlyMap<number, Decision>): Decision[] =>
  [...merged.values()].filter(({ action }) => action !== 'undecided').sort((a, b) => a.seq - b.seq);
