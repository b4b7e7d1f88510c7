import { expect, it } from 'vitest';
import {
  createApplication,
  type NumberedApplication,
  noteMade,
  readApplications,
} from '../../src/records/decisions/applied-decisions.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { eachTestHasState } from '../helpers/temporary-state.ts';

let state: StateStore;
eachTestHasState((made) => {
  state = made;
});

const application = (number: number, more: Partial<NumberedApplication> = {}): NumberedApplication => ({
  schema: 'rollcall.applied/1',
  run: `made-${number}`,
  at: '2026-11-22T01:02:03.000Z',
  photos: [{ seq: number, decided: {} }],
  ...{ number, isMade: false },
  ...more,
});

it('are read in the order in which they were made, with what is left to be done', async () => {
  expect(await readApplications(state, 'r')).toEqual([]);
  for (let number = 1; number <= 11; number += 1)
    expect(await createApplication(state, 'r', application(number))).toBe(true);
  await noteMade(state, 'r', 2);
  await noteMade(state, 'r', 11);
  const expected = Array.from({ length: 11 }, (_, index) =>
    application(index + 1, { isMade: [2, 11].includes(index + 1) }),
  );
  expect(await readApplications(state, 'r')).toEqual(expected);
  expect(await readApplications(state, 'other')).toEqual([]);
});

it('of two that are made at once one is first, and stays as it is', async () => {
  expect(await createApplication(state, 'r', application(1))).toBe(true);
  expect(await createApplication(state, 'r', application(1, { run: 'other' }))).toBe(false);
  expect(await readApplications(state, 'r')).toEqual([application(1)]);
});

it.each(['', '{"schema":"rollcall.applied/1","run":', '{"schema":"rollcall.applied/2"}'])(
  'one that is damaged (%j) ends the command: nobody knows what was sent',
  async (text) => {
    await createApplication(state, 'r', application(1));
    await state.write('runs/r/applied/2.json', text);
    await expect(readApplications(state, 'r')).rejects.toThrow(
      expect.objectContaining({ code: 'state', exitCode: 4, message: expect.stringContaining('2.json') }),
    );
  },
);
