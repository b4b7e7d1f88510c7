import { expect, it } from 'vitest';
import { openUndoWorld } from './undo-world.ts';

it('a report that is not there, or not all of it, is no run that stored nothing', async () => {
  const world = await openUndoWorld();
  try {
    await world.run('first', [{ subject: 'ann', photo: 1, ends: 'enrolled' }], {
      isOver: true,
      isUndoable: true,
    });
    const record = world.records.get('first');
    if (!record) throw new Error('no run');
    world.records.set('first', { ...record, counts: { ...record.counts, done: 2 } });
    await expect(world.undo('first')).rejects.toMatchObject({
      code: 'report-missing',
      exitCode: 4,
      message: expect.stringContaining('has 1 line of 2 photos'),
    });
    expect(world.calls()).toBe(0);
    world.records.set('first', { ...record, counts: { ...record.counts, done: 1 } });
    expect(await world.undo('first')).toMatchObject([{ status: 'reversed', reason: 'deleted' }]);
  } finally {
    await world.close();
  }
});
