import { userInfo } from 'node:os';
import { expect, it } from 'vitest';
import { userName } from '../../src/util/user-name.ts';

it('is the name of who runs this process', () => {
  expect(userName()).toBe(userInfo().username);
});

it.runIf(process.getuid?.() === 0)('is none where the system knows no name of the user', () => {
  process.seteuid?.(54_321);
  try {
    expect(userName()).toBeUndefined();
  } finally {
    process.seteuid?.(0);
  }
});
