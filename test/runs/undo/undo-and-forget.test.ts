import { afterEach, beforeEach, expect, it } from 'vitest';
import { readLedger } from '../../../src/ledger/ledger-files.ts';
import { type GivenPhoto, openUndoWorld } from './undo-world.ts';

let world: Awaited<ReturnType<typeof openUndoWorld>>;
beforeEach(async () => {
  world = await openUndoWorld();
});
afterEach(() => world.close());

const photo = (subject: string, number: number): GivenPhoto => ({ subject, photo: number, ends: 'enrolled' });
const run = { isOver: true, isUndoable: false };

async function named(): Promise<string[]> {
  const subjects = new Set<string>();
  for (const { name: account } of await world.state.list('ledger'))
    await readLedger(world.state, { account, onEvent: ({ subjectId }) => subjects.add(subjectId) });
  return [...subjects].sort();
}

it('who is forgotten after an undoing is not named again by the ledger when the command is started again', async () => {
  await world.run('first', [photo('ann', 0), photo('eve', 1)], run);
  await world.run('second', [photo('ann', 2), photo('bob', 3), photo('eve', 3)], run);
  const reasons = (await world.undo('second')).map(({ subjectId, reason }) => [subjectId, reason]);
  expect(Object.fromEntries(reasons)).toEqual({ ann: 'restored', bob: 'deleted', eve: 'restored' });
  for (const subject of ['ann', 'bob']) await world.forget(subject);
  expect(await named()).toEqual(['eve']);
  await world.undo('second');
  expect(await named()).toEqual(['eve']);
  expect([...world.held.keys()]).toEqual([world.idOf('eve')]);
});
