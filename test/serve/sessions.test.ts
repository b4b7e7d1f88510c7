import { expect, it } from 'vitest';
import { readEndedSessions } from '../../src/serve/security/ended-sessions.ts';
import { createSessions } from '../../src/serve/security/sessions.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';

it('a session outlasts the server; one that was ended is over for good, and is kept no longer than it would have lasted', async () => {
  const folder = await makeTemporaryFolder();
  try {
    const state = createLocalStateStore(folder.path);
    let now = Date.UTC(2026, 10, 28);
    const start = async () =>
      createSessions({ token: 'token', name: 'test', ended: await readEndedSessions(state), now: () => now });
    const first = await start();
    const [ended = '', other = ''] = [first.begin(), first.begin()].map((cookie) => cookie.split(';')[0]);
    await first.end(ended);
    const second = await start();
    expect([first, second].map((one) => [one.isKnown(ended), one.isKnown(other)])).toEqual([
      [false, true],
      [false, true],
    ]);
    now += 8 * 24 * 3_600_000;
    await (await start()).end((await start()).begin().split(';')[0]);
    const { known } = await readEndedSessions(state);
    expect(known.size).toBe(1);
  } finally {
    await folder.remove();
  }
});
