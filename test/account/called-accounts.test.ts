import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pauseByUser, resumeAccount } from '../../src/account/account-pause.ts';
import { type AccountState, parseAccountState } from '../../src/account/account-state.ts';
import type { AccountStore } from '../../src/account/account-store.ts';
import { createCalledAccounts, mergeFormer } from '../../src/account/called-accounts.ts';
import { accountsCalled, readAccountAlias } from '../../src/records/account-alias.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';

const usual = { account: 'aaaaaaaaaaaaaaaa', called: 'aaaaaaaaaaaaaaaa' };
const other = { account: 'bbbbbbbbbbbbbbbb', called: 'aaaaaaaaaaaaaaaa' };
const named = { engine: 'ooto', engineUrl: 'http://localhost:8080/api/v1.0' };

/** What a queue's store holds of several accounts; remembers under which ids it was asked. */
function createStates() {
  const states = new Map<string, AccountState>();
  const asked: string[] = [];
  const stateOf = (account: string) => states.get(account) ?? parseAccountState('');
  const store: AccountStore = {
    async reserve({ account }) {
      asked.push(account);
      return { state: stateOf(account), now: 0, slots: [], nextNumber: 1, retryInMs: 0 };
    },
    async postpone({ account }) {
      asked.push(account);
    },
    async change(account, change) {
      states.set(account, change(stateOf(account), 0));
      return { state: stateOf(account), now: 0 };
    },
    async read(account) {
      return { state: stateOf(account), now: 0 };
    },
  };
  return { store, asked, stateOf };
}

describe('accounts whose address is spelled in several ways', () => {
  let folder: TemporaryFolder;
  let state: StateStore;

  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    state = createLocalStateStore(join(folder.path, 'state'));
  });
  afterEach(() => folder.remove());

  function openWithCredentials(store: AccountStore) {
    const called = createCalledAccounts(state);
    called.note({ ...usual, ...named });
    called.note({ ...other, ...named });
    return called.storeOver(store);
  }

  it('have one pace and one pause', async () => {
    const { store, asked } = createStates();
    const accounts = openWithCredentials(store);
    const spacing = { calls: 1, windowInMs: 1000, evenInMs: 0, fastInMs: 0 };
    for (const { account } of [usual, other]) {
      await accounts.reserve({ account, slots: 1, spacing, aheadInMs: 0, notes: [] });
      await accounts.postpone({ account, until: 0 });
    }
    expect(asked).toEqual(Array.from({ length: 4 }, () => usual.called));
    await accounts.change(other.account, pauseByUser);
    expect((await accounts.read(usual.account)).state.pause?.reason).toBe('user');
  });

  it('are one for a process without credentials, too, once one with credentials came', async () => {
    const { store } = createStates();
    await openWithCredentials(store).read(other.account);
    expect(await readAccountAlias(state, usual.account)).toBeUndefined();
    expect(await accountsCalled(state, usual.called)).toEqual(new Set([usual.account, other.account]));
    const accounts = createCalledAccounts(state).storeOver(store);
    await accounts.change(other.account, pauseByUser);
    expect((await accounts.read(usual.account)).state.pause).not.toBeNull();
  });

  it('keep the pause and the slower pace that an earlier version noted under their own ids', async () => {
    const { store, stateOf } = createStates();
    const slower = { value: 0.25, at: 1, cutAt: 1 };
    await store.change(other.account, (former) => ({ ...pauseByUser(former, 7), pace: slower }));
    const accounts = openWithCredentials(store);
    expect((await accounts.read(usual.account)).state.pause).toBeNull();
    const { state: now } = await accounts.read(other.account);
    expect(now).toMatchObject({ pause: { reason: 'user', since: 7 }, pace: slower });
    expect(stateOf(usual.account)).toEqual(now);
    // Taken over once: who resumes it afterwards is not overruled.
    await accounts.change(other.account, resumeAccount);
    expect((await openWithCredentials(store).read(other.account)).state.pause).toBeNull();
  });

  it('are written down only where there is a queue to take over from', async () => {
    const called = createCalledAccounts(state);
    called.note({ ...other, ...named });
    expect(await called.calledOf(other.account)).toBe(other.called);
    expect(await readAccountAlias(state, other.account)).toBeUndefined();
    await called.storeOver(createStates().store).read(other.account);
    expect(await readAccountAlias(state, other.account)).toMatchObject(other);
  });

  it('have the pause of either, and the slower pace', () => {
    const pace = (value: number) => ({ value, at: 1, cutAt: 1 });
    const stateOf = (value: number, pausedAt?: number): AccountState => {
      const open = { ...parseAccountState(''), pace: pace(value) };
      return pausedAt === undefined ? open : pauseByUser(open, pausedAt);
    };
    const merged = (own: AccountState, former: AccountState) => {
      const { pause, pace: kept } = mergeFormer(own, former);
      return [pause?.since, kept.value];
    };
    expect(merged(stateOf(0.5), stateOf(0.5, 7))).toEqual([7, 0.5]);
    expect(merged(stateOf(0.5, 3), stateOf(0.5, 7))).toEqual([3, 0.5]);
    expect(merged(stateOf(0.5), stateOf(0.2))).toEqual([undefined, 0.2]);
    expect(merged(stateOf(0.2), stateOf(0.5, 7))).toEqual([7, 0.2]);
    expect(merged(stateOf(0.2, 3), stateOf(0.5, 7))).toEqual([3, 0.2]);
    const own = stateOf(0.5);
    expect(mergeFormer(own, { ...stateOf(0.5), pace: { ...pace(0.5), at: 9 } })).toBe(own);
  });

  it('are left alone where nobody knows of them, and so are names that are no accounts', async () => {
    const { store } = createStates();
    const accounts = createCalledAccounts(state).storeOver(store);
    await accounts.change(other.account, pauseByUser);
    expect((await accounts.read(other.account)).state.pause).not.toBeNull();
    expect((await accounts.read(usual.account)).state.pause).toBeNull();
    expect((await accounts.read('doctor')).state.pause).toBeNull();
  });

  it('stop with a message where the file that says so is damaged', async () => {
    await state.write(`accounts/${other.account}.json`, '{"schema":');
    const called = createCalledAccounts(state);
    const path = `accounts/${other.account}.json`;
    await expect(called.calledOf(other.account)).rejects.toThrow(
      `${other.account}.json is damaged: remove it`,
    );
    await state.remove(path);
    expect(await called.calledOf(other.account)).toBe(other.account);
  });
});
