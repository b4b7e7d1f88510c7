import { expect, it } from 'vitest';
import { type GivenPhoto, openUndoWorld } from './undo-world.ts';

it.each([
  ['cut in two', (line: string) => line.slice(0, line.length / 2)],
  ['without its subject', (line: string) => line.replace('"subjectId"', '"subject"')],
  ['of a newer version', (line: string) => line.replace('rollcall.ledger/1', 'rollcall.ledger/2')],
])(
  'what a ledger says in a line %s may be that another run stored the person since: nothing is deleted',
  async (_, spoil) => {
    const world = await openUndoWorld();
    try {
      const photo = (number: number): GivenPhoto => ({ subject: 'ann', photo: number, ends: 'enrolled' });
      for (const [index, id] of ['first', 'second', 'third'].entries())
        await world.run(id, [photo(index)], { isOver: true, isUndoable: true });
      const folder = 'ledger/account-1/deltas';
      for (const { name } of await world.state.list(folder)) {
        const text = (await world.state.read(`${folder}/${name}`))?.toString() ?? '';
        if (text.includes('"run":"third"'))
          await world.state.write(`${folder}/${name}`, `${spoil(text.trim())}\n`);
      }
      await expect(world.undo('second')).rejects.toMatchObject({ code: 'ledger-unread', exitCode: 4 });
      expect(world.calls()).toBe(0);
    } finally {
      await world.close();
    }
  },
);
