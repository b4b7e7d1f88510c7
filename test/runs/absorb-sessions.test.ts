import { expect, it } from 'vitest';
import { lastToAbsorb } from '../../src/runs/inbox/absorb-sessions.ts';
import { openSession } from '../../src/runs/inbox/session.ts';
import { removeUncounted } from '../../src/runs/inbox/tidy-inbox.ts';
import { claimPath, readChain, readClaims, readListNames } from '../../src/sources/inbox/inbox-log.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { eachTestHasState } from '../helpers/temporary-state.ts';

let state: StateStore;
eachTestHasState((given) => {
  state = given;
});

const megabyte = 1024 * 1024;

it('sessions of one photo each stay few and are written few times, however many come', () => {
  let sessions: { sizeInBytes: number }[] = [];
  let [most, written] = [0, 0];
  for (let opened = 0; opened < 50_000; opened += 1) {
    const absorbed = lastToAbsorb(sessions);
    const sizeInBytes = 300 + absorbed.reduce((sum, each) => sum + each.sizeInBytes, 0);
    sessions = [...sessions.slice(0, sessions.length - absorbed.length), { sizeInBytes }];
    most = Math.max(most, sessions.length);
    written = Math.max(written, sizeInBytes);
  }
  expect(sessions.reduce((sum, { sizeInBytes }) => sum + sizeInBytes, 0)).toBe(50_000 * 300);
  expect(most).toBeLessThanOrEqual(12);
  expect(written).toBeLessThanOrEqual(12 * megabyte);
});

it('a large session is left as it is, and so are those before it', () => {
  const sessions = [100, 8 * megabyte, 400, 500].map((sizeInBytes) => ({ sizeInBytes }));
  expect(lastToAbsorb(sessions)).toEqual(sessions.slice(2));
  expect(lastToAbsorb(sessions.slice(0, 2))).toEqual([]);
  expect(lastToAbsorb([])).toEqual([]);
});

it('a session that was absorbed stays while somebody may go on behind it, and then goes', async () => {
  const place = { state, inbox: 'door' };
  const open = async (epoch: number) =>
    (await openSession(place, { epoch, before: undefined, newRun: () => 'door-1' })).session;
  const first = await open(1);
  const at = '2026-11-28T10:00:00.000Z';
  await first.append([{ at, from: 1, photos: [{ subjectId: 'anna', photo: '/anna.jpg' }] }]);
  const second = await open(2);
  expect((await readChain(state, 'door')).map(({ name }) => name)).toEqual([second.name]);
  // Claimed before the second session had its beginning, perhaps: then it reads on behind the first.
  const claim = claimPath('door', '0000000003-000001-00000000');
  await state.write(claim, '');
  await removeUncounted(place);
  expect(await readListNames(state, 'door')).toEqual([first.name, second.name]);

  await state.remove(claim);
  await removeUncounted(place);
  expect(await readListNames(state, 'door')).toEqual([second.name]);
  expect(await readClaims(state, 'door')).toEqual([second.name]);
  await Promise.all([first.close(), second.close()]);
});
