import { hostname } from 'node:os';
import { expect, it } from 'vitest';
import { isOnThisMachine } from '../../src/queue/is-on-this-machine.ts';

it.each([
  ['embedded', true],
  ['redis://localhost', true],
  ['rediss://user:pw@127.0.0.1:7000/1', true],
  ['redis://[::1]', true],
  [`redis://${hostname()}`, true],
  ['redis://redis', false],
  ['redis+cluster://127.0.0.1:1,10.0.0.2:1', false],
  ['redis+sentinel://localhost,127.0.0.1:2/mymaster', true],
  ['postgres://localhost/db', true],
  ['postgres:///db?host=/var/run/postgresql', true],
  ['postgresql://u:p@db.internal/db', false],
])('whether a queue is on this machine: %s', (queue, expected) => {
  expect(isOnThisMachine(queue)).toBe(expected);
});

it('what is no address of a queue is refused', () => {
  for (const queue of ['kafka://x', 'nonsense'])
    expect(() => isOnThisMachine(queue)).toThrow('must be embedded, or');
  expect(() => isOnThisMachine('postgres://u:secret@h:port/')).toThrow(
    'not the address of a PostgreSQL server',
  );
});
