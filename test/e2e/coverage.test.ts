import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditLineSchema } from '../../src/records/audit/audit-line.ts';
import { coverageLineSchema } from '../../src/records/audit/coverage-line.ts';
import { listCoverageRecords } from '../../src/records/audit/coverage-record.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { runAsBefore } from '../helpers/run-as-before.ts';
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

describe('rollcall coverage', () => {
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

  it('notes its counts for the page, and nobody: the newest of each list', async () => {
    await writeFile(join(scene.folder, 'few.csv'), 'subject_id\ngood\nnina\n');
    for (const list of ['few.csv', './few.csv']) await scene.run(['coverage', list]);
    await scene.run(['coverage', 'people.csv', '--missing', '--json']);
    const state = createLocalStateStore(scene.stateFolder);
    const [newest, few, ...others] = await listCoverageRecords(state);
    expect(others).toEqual([]);
    expect(few?.record).toMatchObject({
      ...{ list: 'few.csv', people: 2 },
      byStatus: { enrolled: 1, 'never-seen': 1 },
    });
    const { account } = await scene.record('first');
    expect(newest?.record).toEqual({
      ...{ schema: 'rollcall.coverage-record/1', account, list: 'people.csv', people: 10 },
      ...{ at: expect.any(String), byStatus: expect.objectContaining({ enrolled: 3, forgotten: 1 }) },
    });
    for (const { path } of [newest, few].filter((kept) => kept !== undefined))
      expect((await state.read(path))?.toString()).not.toMatch(/good|nina|moved|gone/u);
  });

  it('is answered all the same where nothing can be noted, and makes no state where there is none', async () => {
    const folder = join(scene.stateFolder, 'coverage');
    await rename(folder, `${folder}-before`);
    await writeFile(folder, 'in its place');
    const end = await scene.run(['coverage', 'people.csv', '--json']);
    expect(end.exitCode).toBe(1);
    expect(JSON.parse(end.stdout)).toMatchObject({ people: 10 });
    expect(end.stderr).toContain('The page of rollcall serve will not show this: ');
    await rm(folder);
    await rename(`${folder}-before`, folder);

    const elsewhere = await scene.run(['coverage', 'people.csv', '--state', './nowhere', '--json']);
    expect(elsewhere.exitCode).toBe(1);
    expect(JSON.parse(elsewhere.stdout).byStatus).toEqual({ 'never-seen': 10 });
    expect(await readdir(join(scene.folder, 'nowhere')).catch(() => [])).not.toContain('coverage');
  });

  it('ends with 0 where nobody is missing', async () => {
    await writeFile(join(scene.folder, 'some.txt'), 'good\nlater\ngone\n');
    const end = await scene.run(['coverage', 'some.txt']);
    expect(end).toMatchObject({ exitCode: 0, stderr: '3 people: 2 enrolled, 1 forgotten' });
  });

  it('says of whom somebody else took the template, by an id that a list gave', async () => {
    const list = (subjectId: string) =>
      `subject_id,photo,template_id\n${subjectId},${subjectId}.jpg,card-7\n`;
    await writeFiles(scene.folder, {
      'owner.jpg': await makePhoto(),
      'heir.jpg': await makePhoto(),
      'owner.csv': list('owner'),
      'heir.csv': list('heir'),
      'cards.txt': 'owner\nheir\ngood\n',
    });
    const statuses = async () => {
      const { exitCode, stdout } = await scene.run(['coverage', 'cards.txt', '--format', 'jsonl']);
      const lines = stdout.split('\n').map((line) => coverageLineSchema.parse(JSON.parse(line)));
      return [
        exitCode,
        ...lines.map(({ status, code, run }) => [status, code, run].filter(Boolean).join(' ')),
      ];
    };
    await scene.run(['run', 'owner.csv', '--run-id', 'owners']);
    expect(await statuses()).toEqual([1, 'enrolled', 'never-seen', 'enrolled']);
    await runAsBefore(scene, () => scene.run(['run', 'heir.csv', '--run-id', 'heirs']));
    expect(await statuses()).toEqual([1, 'failed replaced heirs', 'enrolled', 'enrolled']);

    // An audit that enrolled the owner anew would take it from the heir.
    const held = () => scene.engine.templates.get('card-7')?.photoSha256.at(-1);
    const before = held();
    const audit = await scene.run(['audit', '--sample', 'all', '--repair', '--output', 'cards.jsonl']);
    expect(audit.exitCode, audit.stderr).toBe(1);
    const lines = (await readFile(join(scene.folder, 'cards.jsonl'), 'utf8')).trimEnd().split('\n');
    const found = lines.map((line) => auditLineSchema.parse(JSON.parse(line)));
    expect(found.find(({ subjectId }) => subjectId === 'owner')).toMatchObject({
      status: 'shadowed',
      answeredBy: { templateId: 'card-7', subjectId: 'heir' },
    });
    expect(found.find(({ subjectId }) => subjectId === 'heir')).toMatchObject({ status: 'present' });
    expect(held()).toBe(before);
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
