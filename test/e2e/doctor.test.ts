import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';

let redis: TestRedis;
let scene: Scene;

beforeAll(async () => {
  redis = await startTestRedis();
  scene = await openScene({ queue: redis.url });
  await writeFiles(scene.folder, {
    'folder/ann.jpg': await makePhoto(),
    'wrong.csv': 'name,picture\n',
    'rows.csv': 'subject_id,photo\nann,folder/ann.jpg\n,folder/ann.jpg\n',
    'latin.csv': Buffer.from('subject_id,photo,name\nann,folder/ann.jpg,Müller\n', 'latin1'),
    'a-file': '',
  });
});

afterAll(async () => {
  await scene.close();
  await redis.close();
});

/** What each check said: `ok` or `fix`. Rows below it begin with blanks. */
function verdicts(stdout: string): Record<string, string> {
  const rows = stdout
    .split('\n')
    .filter((row) => /^\S/u.test(row))
    .map((row) => row.split(/\s+/));
  return Object.fromEntries(rows.map(([verdict, name]) => [name, verdict]));
}

const good = { state: 'ok', queue: 'ok', account: 'ok', source: 'ok' };

describe('rollcall doctor', () => {
  it.each(['redis', 'embedded'])('finds nothing to fix, and enrolls nothing, on %s', async (kind) => {
    const queue = kind === 'redis' ? redis.url : 'embedded';
    const end = await scene.run(['doctor', './folder', '--queue', queue]);
    expect(verdicts(end.stdout)).toEqual(good);
    expect(end).toMatchObject({ exitCode: 0, stderr: '' });
    expect(end.stdout).toContain(`${kind} answers`);
    expect(end.stdout).toContain('1 photo in');
    expect(scene.engine.templates.size).toBe(0);
    expect(await scene.runIds()).toEqual([]);
  });

  it.each<[string, string[], Record<string, string>, Record<string, string>, number, RegExp]>([
    ['a state that cannot be written', ['--state', 'a-file'], {}, { state: 'fix' }, 4, /a-file/],
    [
      'a queue that is not there',
      ['--queue', 'redis://127.0.0.1:1'],
      {},
      { queue: 'fix', account: 'fix' },
      4,
      /The queue redis:\/\/127\.0\.0\.1:1.*\(--queue, ROLLCALL_QUEUE\) cannot be reached: .*ECONNREFUSED/,
    ],
    [
      'a wrong key',
      [],
      { OOTO_APP_KEY: 'mistyped' },
      { account: 'fix' },
      3,
      /check OOTO_APP_ID and OOTO_APP_KEY/,
    ],
    [
      'an engine that is not there',
      ['--engine-url', 'http://127.0.0.1:1/api'],
      {},
      { account: 'fix' },
      3,
      /connection refused by 127\.0\.0\.1:1/,
    ],
    [
      'a source that is not there',
      ['nowhere'],
      {},
      { source: 'fix' },
      2,
      /nowhere is not there: check the path/,
    ],
    ['a CSV without its columns', ['wrong.csv'], {}, { source: 'fix' }, 2, /"name", "picture"/],
    [
      'a CSV of which no row is a photo',
      ['latin.csv'],
      {},
      { source: 'fix' },
      2,
      /the first problem: row 1 is not valid UTF-8; save the list as UTF-8/,
    ],
  ])('names %s', async (_name, args, environment, expected, exitCode, message) => {
    const spec = args.some((arg) => /nowhere|csv/.test(arg)) ? [] : ['./folder'];
    const end = await scene.run(['doctor', ...spec, ...args], { environment });
    expect(verdicts(end.stdout)).toEqual({ ...good, ...expected });
    expect(end.stdout).toMatch(message);
    expect(end).toMatchObject({ exitCode, stderr: '' });
  });

  it('shows the first row that is no photo', async () => {
    const end = await scene.run(['doctor', 'rows.csv']);
    expect(end.stdout).toMatch(/2 photos in .*rows\.csv; the first problem: row 2: subject id is empty/);
  });

  it('refuses a Redis that throws keys away when its memory is full, and says how to set it', async () => {
    await redis.ask('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    const end = await scene.run(['doctor']);
    const run = await scene.run(['run', join(scene.folder, 'folder')]);
    await redis.ask('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    for (const text of [end.stdout, run.stderr])
      expect(text).toContain('CONFIG SET maxmemory-policy noeviction');
    for (const { exitCode } of [end, run]) expect(exitCode).toBe(2);
  });
});
