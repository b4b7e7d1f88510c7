import { expect, it } from 'vitest';
import { accountsCalled, readAccountAlias, writeAccountAlias } from '../../src/records/account-alias.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { eachTestHasState } from '../helpers/temporary-state.ts';

let state: StateStore;
eachTestHasState((made) => {
  state = made;
});

it('an account that is spelled in several ways is all that call the same one, and no other', async () => {
  const engine = { engine: 'ooto', engineUrl: 'https://e' };
  expect(await accountsCalled(state, 'one')).toEqual(new Set(['one']));
  for (const [account, called] of [
    ['one-with-a-slash', 'one'],
    ['one-in-capitals', 'one'],
    ['two-with-a-slash', 'two'],
  ] as const)
    await writeAccountAlias(state, { account, called, ...engine });
  await state.write('accounts/notes.txt', 'none');
  await state.write('accounts/notes.json.tmp', 'none');
  expect(await accountsCalled(state, 'one')).toEqual(new Set(['one', 'one-with-a-slash', 'one-in-capitals']));
  expect(await accountsCalled(state, 'two')).toEqual(new Set(['two', 'two-with-a-slash']));
  expect(await accountsCalled(state, 'three')).toEqual(new Set(['three']));
  expect(await readAccountAlias(state, 'one-in-capitals')).toMatchObject({ called: 'one', ...engine });
  expect(await readAccountAlias(state, 'one')).toBeUndefined();
});
