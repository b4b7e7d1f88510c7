import { describe, expect, it } from 'vitest';
import { resumeFixedAccount } from '../../src/account/account-pause.ts';
import { UsageError } from '../../src/util/errors.ts';
import { createMemoryAccountStore } from './memory-account-store.ts';

const now = 1_800_000_000_000;

describe('a command that is started again', () => {
  const pausedFor = async (reason: 'refused' | 'user' | undefined) => {
    const store = createMemoryAccountStore(() => now);
    const pause = reason === undefined ? null : { reason, message: 'why', since: now };
    await store.change('acc', (state) => ({ ...state, pause, pace: { value: 0.5, at: now, cutAt: now } }));
    const resumed = await resumeFixedAccount(store, 'acc').catch((error) => error);
    return { resumed, state: (await store.read('acc')).state };
  };

  it('clears a pause that no person asked for, and leaves the pace as it was', async () => {
    const { resumed, state } = await pausedFor('refused');
    expect(resumed).toBeUndefined();
    expect(state).toMatchObject({ pause: null, doubts: [], pace: { value: 0.5 } });
    expect((await pausedFor(undefined)).resumed).toBeUndefined();
  });

  it('leaves a pause by hand alone, and says how to end it', async () => {
    const { resumed, state } = await pausedFor('user');
    expect(resumed).toBeInstanceOf(UsageError);
    expect(resumed).toMatchObject({ code: 'account-paused' });
    expect(resumed.message).toContain('rollcall resume --account acc');
    expect(state.pause?.reason).toBe('user');
  });
});
