import { expect, it } from 'vitest';
import { isMarked } from '../../../src/records/run-marks.ts';
import { readRunRecord } from '../../../src/records/run-record.ts';
import { findOldRuns, removeRuns } from '../../../src/runs/prune.ts';
import { type GivenPhoto, openUndoWorld } from './undo-world.ts';

const photo = (subject: string, number: number): GivenPhoto => ({ subject, photo: number, ends: 'enrolled' });
const run = { isOver: true, isUndoable: true };

async function openWorld() {
  const world = await openUndoWorld();
  await world.run('first', [photo('ann', 0)], run);
  await world.run('second', [photo('ann', 1), photo('bob', 2), photo('eve', 3)], run);
  return {
    ...world,
    async prune() {
      const { old } = await findOldRuns(world.state, '2099');
      return removeRuns(world.state, old);
    },
  };
}

it('an undoing that died at any step and whose run was pruned then has taken back nothing, or goes on', async () => {
  for (let steps = 0, isWhole = false; !isWhole; steps += 1) {
    const world = await openWorld();
    try {
      await world.undo('second', { kills: [steps], isResumed: false });
      const before = new Map(world.held);
      isWhole = before.size === 1 && !(await isMarked(world.state, 'second', 'undo-under-way'));
      await world.prune();
      const left = await readRunRecord(world.state, 'second');
      if (isWhole) expect(left).toBeUndefined();
      else if (left) {
        expect(await world.undo('second')).toHaveLength(3);
        expect([...world.held.values()].map(({ run: holder }) => holder)).toEqual(['first']);
        await world.prune();
        expect(await readRunRecord(world.state, 'second')).toBeUndefined();
      } else {
        expect(world.calls(), `died after ${steps} steps`).toBe(0);
        await expect(world.undo('second')).rejects.toMatchObject({ code: 'run-removed' });
        expect(before).toEqual(world.held);
      }
    } finally {
      await world.close();
    }
  }
});

it('one that is under way is left by prune, and says so to whoever looks at the run', async () => {
  const world = await openWorld();
  try {
    const lines = await world.undo('second', {
      async beforeCalls() {
        await world.prune();
        expect(await readRunRecord(world.state, 'second')).toMatchObject({ undone: { isUnderWay: true } });
      },
    });
    expect(lines.map(({ status }) => status)).toEqual(['reversed', 'reversed', 'reversed']);
    const { undone } = (await readRunRecord(world.state, 'second')) ?? {};
    expect(undone).toMatchObject({ reversed: 3 });
    expect(undone).not.toHaveProperty('isUnderWay');
  } finally {
    await world.close();
  }
});

it('of one that begins as its run is being removed nothing is left behind', async () => {
  const world = await openWorld();
  try {
    const { old } = await findOldRuns(world.state, '2099');
    const dying = { ...world.state, list: () => Promise.reject(new Error('died')) };
    await expect(removeRuns(dying, old)).rejects.toThrow('died');
    await expect(world.undo('second')).rejects.toMatchObject({ code: 'run-removed', exitCode: 2 });
    expect(world.calls()).toBe(0);
    expect(await removeRuns(world.state, [])).toEqual([]);
    expect(await world.state.list('runs')).toEqual([]);
  } finally {
    await world.close();
  }
});
