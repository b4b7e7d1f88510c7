import { afterEach, beforeEach, expect, it } from 'vitest';
import { type GivenPhoto, openUndoWorld } from './undo-world.ts';

let world: Awaited<ReturnType<typeof openUndoWorld>>;
beforeEach(async () => {
  world = await openUndoWorld();
});
afterEach(() => world.close());

const over = { isOver: true, isUndoable: false };
const underWay = { isOver: false, isUndoable: false };
const of = (subject: string, ends: GivenPhoto['ends'] = 'enrolled'): GivenPhoto => ({
  ...{ subject, photo: 0, ends },
});
const verdicts = async (...args: Parameters<typeof world.undo>) =>
  Object.fromEntries(
    (await world.undo(...args)).map(({ subjectId, status, by }) => [subjectId, [status, by]]),
  );

it('what a run that goes on has found unchanged stays so, and is taken back once that run is over', async () => {
  await world.run('wrong', [of('ann'), of('bob')], over);
  await world.run('night', [of('ann', 'unchanged'), of('carl')], underWay);
  expect(await verdicts('wrong')).toEqual({ ann: ['kept', 'night'], bob: ['reversed', undefined] });
  expect([...world.held.keys()]).toEqual([world.idOf('ann')]);

  await world.run('night', [of('ann', 'unchanged'), of('carl', 'rejected')], over);
  expect(await verdicts('wrong')).toEqual({ ann: ['reversed', undefined], bob: ['reversed', undefined] });
  expect(world.held.size).toBe(0);
});

it('who is listed while the ledger is told is left alone', async () => {
  await world.run('wrong', [of('ann'), of('bob')], over);
  const beforeCalls = () => world.run('night', [of('ann')], underWay);
  expect(await verdicts('wrong', { beforeCalls })).toEqual({
    ann: ['kept', 'night'],
    bob: ['reversed', undefined],
  });
  expect([...world.held.keys()]).toEqual([world.idOf('ann')]);
});
