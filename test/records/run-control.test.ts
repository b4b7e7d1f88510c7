import { expect, it } from 'vitest';
import { readControl, writeControl } from '../../src/records/run-control.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { eachTestHasState } from '../helpers/temporary-state.ts';

let state: StateStore;
eachTestHasState((made) => {
  state = made;
});

it.each<[Parameters<typeof writeControl>[2], string | undefined]>([
  ['run', undefined],
  ['pause', undefined],
  ['pause', 'its source cannot be read'],
  ['cancel', undefined],
])('what was asked of a run is read as it was written: %s, %s', async (wanted, reason) => {
  const before = Date.now();
  await writeControl(state, 'run-1', wanted, reason);
  const { at, ...control } = await readControl(state, 'run-1');
  expect(control).toEqual(reason === undefined ? { wanted } : { wanted, reason });
  expect(Date.parse(at)).toBeGreaterThanOrEqual(before);
  expect(Date.parse(at)).toBeLessThanOrEqual(Date.now());
});

it.each([undefined, '', '{', 'null', '{"wanted":"pause"}', '{"wanted":"fly","at":""}'])(
  'a run goes on where nothing readable was asked: %s',
  async (text) => {
    if (text !== undefined) await state.write('runs/run-2/control.json', text);
    expect((await readControl(state, 'run-2')).wanted).toBe('run');
  },
);

it('what was asked of one run is nothing to another', async () => {
  await writeControl(state, 'run-3', 'cancel');
  expect((await readControl(state, 'run-4')).wanted).toBe('run');
});
