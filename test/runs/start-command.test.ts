import { expect, it } from 'vitest';
import { type GivenSettings, gatherSettings, parseSettings } from '../../src/engines/settings.ts';
import { startingCommand } from '../../src/runs/start-command.ts';

async function commandWith(flags: GivenSettings, environment: Record<string, string> = {}): Promise<string> {
  const given = await gatherSettings({ flags, environment, folder: '/nowhere' });
  const rollcall = { settings: parseSettings(given), given, environment };
  const source = { sameSubject: 'collision', idsFromPaths: true } as const;
  return startingCommand(rollcall, { spec: "./Ann's photos", source })({ idFrom: '{id}/{photo}.{ext}' });
}

const start = `rollcall run './Ann'\\''s photos'`;
const idFrom = `--id-from '{id}/{photo}.{ext}'`;

it.each<[string, GivenSettings, string]>([
  ['nothing that is the default', { repeat: 'first', rate: 10 }, `${start} ${idFrom}`],
  [
    'what was asked for',
    { engine: 'ooto', checkLiveness: true, rate: 7 },
    `${start} --engine ooto ${idFrom} --rate 7 --check-liveness`,
  ],
  ['lists', { exclude: 'old/**,*.gif' }, `${start} ${idFrom} --exclude 'old/**,*.gif'`],
  ['where the state is', { state: '/data/a b' }, `${start} ${idFrom} --state '/data/a b'`],
  ['no other pattern', { idFrom: '{id}' }, `${start} ${idFrom}`],
])('the command to start has %s', async (_, flags, expected) => {
  expect(await commandWith(flags)).toBe(expected);
});

it('never has an address with a password in it, nor what the environment gives anyway', async () => {
  const secret = 'redis://:hunter2@queue.example:6379';
  expect(await commandWith({ queue: secret })).toBe(`${start} ${idFrom}`);
  expect(await commandWith({ queue: 'redis://queue.example:6379' })).toContain(
    '--queue redis://queue.example:6379',
  );
  expect(await commandWith({}, { ROLLCALL_QUEUE: secret, ROLLCALL_RATE: '7', ROLLCALL_ENGINE: 'ooto' })).toBe(
    `${start} --engine ooto ${idFrom}`,
  );
});
