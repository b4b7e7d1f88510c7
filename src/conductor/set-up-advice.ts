import { readManifest } from '../records/manifest.ts';
import type { RunRecord } from '../records/run-record.ts';
import { createLayoutTally } from '../sources/layout/layout-tally.ts';
import { type Proposal, proposeIdFrom } from '../sources/layout/propose-id-from.ts';
import { pathInSource } from '../sources/path-in-source.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { shellWord } from '../util/shell-word.ts';
import { withoutFullStop } from '../util/without-full-stop.ts';
import type { CommandInstead } from './conducting.ts';
import type { SetUpProblem } from './set-up-watch.ts';

/** Photos of the list that are looked at for another `--id-from`. */
const mostLookedAt = 20_000;

/** Why a run stops whose first photos nearly all fail for one reason, and the whole command to start in its place. */
export async function adviseOnSetUp(
  problem: SetUpProblem,
  { record, state, commandInstead }: { record: RunRecord; state: StateStore; commandInstead: CommandInstead },
): Promise<{ readonly why: string; readonly command: string }> {
  const { kind, photos, of, message } = problem;
  const told = `${photos} of the first ${of} photos`;
  const last = withoutFullStop(message).slice(0, 300);
  // What a message names is what permits what it tells of.
  if (message.includes('--allow-outside'))
    return {
      why: `${told} lie outside the folder of their list: ${last}. If they are meant, allow it`,
      command: commandInstead(record, { allowOutside: true }),
    };
  if (message.includes('--replace'))
    return {
      why: `${told} have the id of somebody from another folder: ${last}`,
      command: commandInstead(record, { replace: true }),
    };
  if (record.settings.idsFromPaths && kind !== 'photo')
    return adviseOnIds(problem, { record, state, commandInstead });
  const remedy =
    kind === 'photo' ? 'See that the files are there, may be read and are photos' : 'Correct the list';
  return { why: `${told} failed, the latest since ${last}. ${remedy}`, command: commandInstead(record, {}) };
}

async function adviseOnIds(
  { kind, photos, of }: SetUpProblem,
  { record, state, commandInstead }: { record: RunRecord; state: StateStore; commandInstead: CommandInstead },
): Promise<{ readonly why: string; readonly command: string }> {
  const idFrom = shellWord(record.settings.idFrom);
  const what =
    kind === 'collision'
      ? 'have the id of an earlier one: they collide, and are not enrolled'
      : 'have no id by it';
  const why = `--id-from ${idFrom} does not fit: ${photos} of the first ${of} photos ${what}`;
  const proposal = await proposalFor(record, state);
  if (proposal.pattern === undefined || proposal.pattern === record.settings.idFrom)
    return {
      why: `${why}. No other is seen that does; doctor says more`,
      command: `rollcall doctor ${shellWord(record.source)}`,
    };
  return { why, command: commandInstead(record, { idFrom: proposal.pattern }) };
}

async function proposalFor(record: RunRecord, state: StateStore): Promise<Proposal> {
  const layout = createLayoutTally();
  let count = 0;
  for await (const batch of readManifest(state, record.id)) {
    for (const { line } of batch)
      if (line.photo !== undefined) layout.add(pathInSource(line.photo, { address: record.source }));
    count += batch.length;
    if (count >= mostLookedAt) break;
  }
  return proposeIdFrom(layout.layout());
}
