import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { coverageLineSchema } from '../../src/records/coverage-line.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';

let redis: TestRedis;
let scene: Scene;

/**
 * Of the people: `good` is enrolled; `moved` too, and a later photo is rejected; `bad` is rejected, `late` never answered,
 * `none` has no photo; `later` was rejected first and then enrolled; `gone` is forgotten; `queued` waits in a run that
 * is paused; `dropped` was in a run that was cancelled; nobody has seen `nina`.
 */
beforeAll(async () => {
  redis = await startTestRedis();
  scene = await openScene({ queue: redis.url });
  const [good, rejected] = [await makePhoto(), await makePhoto({ script: 'code-5' })];
  await writeFiles(scene.folder, {
    'first/good.jpg': good,
    'first/gone.jpg': good,
    'first/moved.jpg': good,
    'first/bad.jpg': rejected,
    'first/later.jpg': rejected,
    'first/late.jpg': await makePhoto({ script: '500x9' }),
    'first/none.jpg': Buffer.alloc(0),
    'second.csv': 'subject_id,photo\nmoved,first/bad.jpg\nlater,first/good.jpg\n',
    'third.csv': 'subject_id,photo\nqueued,first/good.jpg\n',
    'fourth.csv': 'subject_id,photo\ndropped,first/good.jpg\n',
    'people.csv': [
      'subject_id,department',
      ...['good', 'moved', 'bad', 'late', 'none', 'later', 'gone', 'queued', 'dropped', 'nina'].map(
        (id) => `${id},sales`,
      ),
      'good,again',
    ].join('\n'),
  });
  const tries = ['--max-attempts', '2', '--backoff', '10ms..20ms'];
  expect(await scene.run(['run', './first', '--run-id', 'first', ...tries])).toMatchObject({ exitCode: 1 });
  expect(await scene.run(['run', 'second.csv', '--run-id', 'second'])).toMatchObject({ exitCode: 1 });
  expect(await scene.run(['forget', 'gone'])).toMatchObject({ exitCode: 0 });
  // Refused, and so paused with its list written down.
  const environment = { OOTO_APP_KEY: 'not-the-key' };
  for (const [source, runId] of [
    ['fourth.csv', 'fourth'],
    ['third.csv', 'third'],
  ] as const)
    expect(await scene.run(['run', source, '--run-id', runId], { environment })).toMatchObject({
      exitCode: 3,
    });
  expect(await scene.run(['cancel', 'fourth'])).toMatchObject({ exitCode: 3 });
}, 180_000);
afterAll(async () => {
  await scene.close();
  await redis.close();
});

describe('rollcall coverage', { timeout: 60_000 }, () => {
  it('says of each person whether the engine holds a template, and why not', async () => {
    const calls = scene.engine.calls.length;
    const end = await scene.run(['coverage', 'people.csv', '--format', 'jsonl']);
    const lines = end.stdout.split('\n').map((line) => coverageLineSchema.parse(JSON.parse(line)));
    expect(lines.map(({ subjectId, status, code, run }) => [subjectId, status, code, run])).toEqual([
      ['good', 'enrolled', undefined, undefined],
      ['moved', 'enrolled', undefined, undefined],
      ['bad', 'rejected', '5', 'first'],
      ['late', 'failed', 'unavailable', 'first'],
      ['none', 'failed', 'photo', 'first'],
      ['later', 'enrolled', undefined, undefined],
      ['gone', 'forgotten', undefined, undefined],
      ['queued', 'waiting', undefined, 'third'],
      ['dropped', 'cancelled', undefined, 'fourth'],
      ['nina', 'never-seen', undefined, undefined],
    ]);
    expect(end.exitCode).toBe(1);
    expect(end.stderr).toBe(
      '10 people: 3 enrolled, 1 rejected, 2 failed, 1 waiting, 1 cancelled, 1 never-seen, 1 forgotten',
    );
    expect(scene.engine.calls).toHaveLength(calls);
  });

  it('writes a table of those who have none into a new file, and counts for programs', async () => {
    const command = ['coverage', 'people.csv', '--missing', '--output', 'missing.csv', '--json'];
    const end = await scene.run(command);
    expect(JSON.parse(end.stdout)).toMatchObject({ people: 10, byStatus: { enrolled: 3, forgotten: 1 } });
    const rows = (await readFile(join(scene.folder, 'missing.csv'), 'utf8')).trimEnd().split('\n');
    expect(rows[0]).toBe('line,subjectId,status,code,run,at');
    expect(rows.slice(1).map((row) => row.split(',')[1])).toEqual([
      ...['bad', 'late', 'none', 'queued', 'dropped', 'nina'],
    ]);
    expect((await scene.run(command)).exitCode).toBe(2);
  });

  it('ends with 0 where nobody is missing', async () => {
    await writeFile(join(scene.folder, 'some.txt'), 'good\nlater\ngone\n');
    const end = await scene.run(['coverage', 'some.txt']);
    expect(end).toMatchObject({ exitCode: 0, stderr: '3 people: 2 enrolled, 1 forgotten' });
  });

  it.each([
    ['no-such.csv', '', 'no-such.csv'],
    ['empty.csv', 'subject_id\n', 'names nobody'],
    ['columns.csv', 'name,photo\na,b\n', 'subject_id'],
    ['torn.csv', 'subject_id,department\ngood,sales\nbad\n', 'line 3'],
  ])('refuses %s, and prints nobody', async (name, text, words) => {
    if (text !== '') await writeFile(join(scene.folder, name), text);
    const end = await scene.run(['coverage', name]);
    expect(end).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining(words) });
  });
});
