import { mkdir } from 'node:fs/promises';
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
  await writeFiles(join(scene.folder, 'folder'), { 'ann.jpg': await makePhoto() });
  await mkdir(join(scene.folder, 'empty'));
  await writeFiles(scene.folder, { 'wrong.csv': 'name,picture\nann,folder/ann.jpg\n', 'bad.json': '{}' });
});

afterAll(async () => {
  await scene.close();
  await redis.close();
});

describe('what ends with exit code 2, says what to fix, makes no call and leaves no run', () => {
  it.each<[string, string[], Record<string, string | undefined>, RegExp]>([
    [
      'credentials without an engine',
      ['run', './folder'],
      { ROLLCALL_ENGINE: undefined },
      /no engine is named: set --engine ooto \(ROLLCALL_ENGINE\)/,
    ],
    [
      'an unknown engine',
      ['run', './folder', '--engine', 'acme'],
      {},
      /unknown engine "acme"; known: ooto, verihubs, local/,
    ],
    [
      'a missing key',
      ['run', './folder'],
      { OOTO_APP_KEY: undefined },
      /set OOTO_APP_KEY, or OOTO_APP_KEY_FILE/,
    ],
    ['a CSV without its columns', ['run', 'wrong.csv'], {}, /columns found are "name", "picture"/],
    ['the same, enqueued', ['enqueue', 'wrong.csv'], {}, /columns found are "name", "picture"/],
    ['a source that is not there', ['run', './nowhere'], {}, /nowhere is not there: check the path/],
    ['a source of no known kind', ['run', 'bad.json'], {}, /not a source that rollcall knows/],
    ['an unknown flag', ['run', './folder', '--fast'], {}, /unknown option '--fast'/],
    ['an unknown command', ['walk'], {}, /unknown command 'walk'/],
    ['a missing argument', ['run'], {}, /missing required argument 'source'/],
    [
      'a wrong value',
      ['run', './folder', '--rate', 'fast'],
      {},
      /--rate \(ROLLCALL_RATE, "rate" in rollcall.config.json\) is "fast": expected a number/,
    ],
    [
      'a wrong value in the environment',
      ['run', './folder'],
      { ROLLCALL_TIMEOUT: '30' },
      /ROLLCALL_TIMEOUT.*is "30": expected a duration/,
    ],
    [
      'a queue of no known kind',
      ['run', './folder', '--queue', 'amqp://h'],
      {},
      /must be embedded, or begin with redis/,
    ],
    ['a run that is not there', ['report', 'nothing'], {}, /There is no run nothing/],
    [
      'a schedule without its time',
      ['schedule', 'add', 'nightly', '--source', './folder'],
      {},
      /required option '--cron <expression>' not specified/,
    ],
    [
      'a schedule with a wrong time',
      ['schedule', 'add', 'nightly', '--source', './folder', '--cron', '2am'],
      {},
      /--cron is "2am": it does not have 5 or 6 fields/,
    ],
    ['a schedule that is not there', ['schedule', 'remove', 'nightly'], {}, /There is no schedule nightly/],
  ])('%s', async (_name, args, environment, message) => {
    const end = await scene.run(args, { environment });
    expect(end.stderr).toMatch(message);
    expect(end).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await scene.runIds()).toEqual([]);
    expect(scene.engine.calls).toEqual([]);
  });
});

describe('an empty source', () => {
  it('is exit code 2, or 0 where it is allowed', async () => {
    const end = await scene.run(['run', './empty']);
    expect(end.exitCode).toBe(2);
    expect(end.stderr).toMatch(/No photo was found in .*empty.*--allow-empty/);
    const allowed = await scene.run(['run', './empty', '--allow-empty', '--json']);
    expect(allowed.exitCode).toBe(0);
    expect(JSON.parse(allowed.stdout)).toMatchObject({ total: 0 });
    // Neither is interrupted, can be resumed.
    for (const runId of await scene.runIds())
      expect(await scene.record(runId)).toMatchObject({ state: 'finished' });
  });
});

it('a CSV that was fixed is a new run', async () => {
  await writeFiles(scene.folder, { 'wrong.csv': 'subject_id,photo\nann,folder/ann.jpg\n' });
  const end = await scene.run(['run', 'wrong.csv']);
  expect(end.stderr).toContain('Starting run');
  expect(end.exitCode).toBe(0);
});

it('help names what there is, on stdout', async () => {
  const help = await scene.run(['--help']);
  expect(help).toMatchObject({ exitCode: 0, stderr: '' });
  for (const command of ['run', 'enqueue', 'worker', 'status', 'report', 'dead-letters', 'pause', 'doctor'])
    expect(help.stdout).toContain(`  ${command} `);
  const ofRun = await scene.run(['run', '--help']);
  expect(ofRun.stdout).toMatch(/Examples:\n {2}rollcall run /);
});

it('the name of an inbox or a schedule is no run, but the newest of its runs is named', async () => {
  for (const id of ['nightly-1', 'nightly-2', 'nightlyless-3'])
    await scene.run(['run', './empty', '--allow-empty', '--run-id', id]);
  const end = await scene.run(['report', 'nightly']);
  expect(end.stderr).toMatch(
    /There is no run nightly in .*\. Of those of this name, nightly-2 is the newest\. rollcall status/,
  );
  expect(end).toMatchObject({ exitCode: 2, stdout: '' });
});
