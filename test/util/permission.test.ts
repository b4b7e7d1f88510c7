import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deepestSeen, explainDenied, type Owned, userName } from '../../src/util/permission.ts';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';

const names: Readonly<Record<number, string>> = { 0: 'root', 1001: 'anna', 1002: 'bob' };
const nameOf = (uid: number) => names[uid] ?? `${uid}`;

const cases: readonly (readonly [what: string, owned: Owned, self: number, says: RegExp])[] = [
  [
    'a folder of another user',
    { path: '/s/runs/a', uid: 1002, mode: 0o700 },
    1001,
    /^\/s\/runs\/a belongs to bob \(mode 0700\), and this is anna: run rollcall as bob, or .*chown -R anna '\/s\/runs\/a'/,
  ],
  [
    'a file that sudo left',
    { path: '/s/runs/a/run.json', uid: 0, mode: 0o600 },
    1001,
    /belongs to root \(mode 0600\), and this is anna/,
  ],
  [
    'one’s own, without the right to it',
    { path: '/s', uid: 1001, mode: 0o500 },
    1001,
    /belongs to anna \(mode 0500\), who this is: .*chmod -R u\+rwX '\/s'/,
  ],
  [
    'a user without a name',
    { path: '/s', uid: 1002, mode: 0o750 },
    54321,
    /and this is 54321: run rollcall as bob/,
  ],
  ['an owner without a name', { path: '/s', uid: 4711, mode: 0o750 }, 1001, /belongs to 4711/],
  ['a folder with the sticky bit', { path: '/tmp', uid: 0, mode: 0o1777 }, 1001, /mode 1777/],
];

describe('why a path may not be used', () => {
  it.each(cases)('%s', (_, owned, self, says) => {
    const text = explainDenied(owned, self, nameOf);
    expect(text).toMatch(says);
    expect(text).toContain('--state (ROLLCALL_STATE)');
  });

  it('names the deepest place that can be looked at', async () => {
    const folder = await makeTemporaryFolder();
    const runs = join(folder.path, 'runs');
    await mkdir(runs);
    await chmod(runs, 0o750);
    expect(await deepestSeen(join(runs, 'a', 'run.json'))).toEqual({
      path: runs,
      uid: process.getuid?.(),
      mode: 0o750,
    });
    await folder.remove();
  });

  it('knows users by name, or by number', () => {
    expect(userName(0)).toBe('root');
    expect(userName(4_000_123)).toBe('4000123');
  });
});
