import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Identification } from '../../src/runs/identify/identify-one.ts';
import { worstCertainSecond } from '../helpers/engine-server-calls.ts';
import { tagPerson, tagPhoto } from '../helpers/engine-server-tag.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

const rate = 40;
const persons = 12;

let redis: TestRedis;
let scene: Scene;
beforeAll(async () => {
  redis = await startTestRedis();
  scene = await openScene({
    queue: redis.url,
    environment: { ROLLCALL_RATE: `${rate}`, ROLLCALL_BACKOFF: '20ms..100ms' },
  });
  for (let person = 1; person <= persons; person += 1) {
    const photo = async () => tagPerson(await makePhoto(), `person-${person}`);
    const name = `${String(person).padStart(2, '0')}.jpg`;
    await writeFiles(scene.folder, {
      [`staff/${name}`]: await photo(),
      // Two are told apart from their names by who they are.
      [`visitors/${person <= 2 ? `guest-${person}.jpg` : name}`]: await photo(),
    });
  }
  const odd = async (script: string) => tagPhoto(await makePhoto(), `@${script}`);
  await writeFiles(join(scene.folder, 'visitors'), {
    '13.jpg': await makePhoto(),
    '14.jpg': 'no image',
    '15.jpg': await odd('code-5'),
    '16.jpg': tagPerson(await odd('503x2'), 'person-1'),
    '17.jpg': await odd('500'),
    '18.jpg': tagPerson(await odd('ok-nested'), 'person-2'),
  });
});
beforeEach(() => {
  scene.engine.setMode('normal');
  scene.engine.setLatency([0, 0]);
});
afterAll(async () => {
  await scene.close();
  await redis.close();
});

const linesOf = (stdout: string) => stdout.split('\n').map((line) => JSON.parse(line) as Identification);

it('nobody is known before anybody was enrolled, which is no error', async () => {
  const end = await scene.run(['identify', 'staff', '--format', 'jsonl']);
  expect(end.exitCode, end.stderr).toBe(0);
  const lines = linesOf(end.stdout);
  expect(lines.map(({ seq }) => seq)).toEqual(Array.from({ length: persons }, (_, index) => index + 1));
  expect(lines.every(({ matched, best, error }) => !matched && !best && !error)).toBe(true);
  expect((await scene.run(['run', 'staff'])).exitCode).toBe(0);
});

it('one line a photo, in order, whatever becomes of it', async () => {
  const before = scene.engine.calls.length;
  scene.engine.setLatency([5, 80]);
  const end = await scene.run(['identify', 'visitors', '--format', 'jsonl', '--max-attempts', '3']);
  expect(end.exitCode, end.stderr).toBe(1);
  const lines = linesOf(end.stdout);
  const report = await scene.report((await scene.runIds())[0] ?? '');
  const templateOf = (subjectId: string) => report.find((line) => line.subjectId === subjectId)?.templateId;
  const names = [
    ...Array.from({ length: 16 }, (_, index) => String(index + 3).padStart(2, '0')),
    'guest-1',
    'guest-2',
  ];
  expect(lines.map(({ seq, subjectId }) => [seq, subjectId])).toEqual(
    names.map((name, index) => [index + 1, name]),
  );
  for (const line of lines.slice(0, 10)) {
    const best = { templateId: templateOf(line.subjectId ?? ''), similarity: 0.9 };
    expect(line).toMatchObject({
      matched: true,
      own: true,
      best,
      calls: 1,
      photo: expect.stringMatching(/^\//),
    });
  }
  const [stranger, noImage, noFace, flaky, broken, nested, ...guests] = lines.slice(10);
  expect(stranger).toMatchObject({ matched: false, own: false, best: { similarity: 0.31 } });
  expect(noImage).toMatchObject({ matched: false, error: { kind: 'photo' } });
  expect(noImage).not.toHaveProperty('calls');
  expect(noFace).toMatchObject({ matched: false, calls: 1, error: { kind: 'rejected', code: '5' } });
  expect(flaky).toMatchObject({
    matched: true,
    own: false,
    calls: 3,
    best: { templateId: templateOf('01') },
  });
  expect(broken).toMatchObject({ matched: false, calls: 3, error: { kind: 'unavailable', httpStatus: 500 } });
  expect(nested).toMatchObject({ matched: true, best: { templateId: templateOf('02') } });
  expect(guests.map(({ best }) => best?.templateId)).toEqual([templateOf('01'), templateOf('02')]);
  const calls = scene.engine.calls.slice(before);
  expect(calls).toHaveLength(lines.reduce((sum, line) => sum + (line.calls ?? 0), 0));
  expect(calls.every(({ path, violations }) => path.includes('/identify') && violations.length === 0)).toBe(
    true,
  );
  expect(worstCertainSecond(calls)).toBeLessThanOrEqual(rate);
  // Nothing was stored, and no run was begun.
  expect(scene.engine.templates.size).toBe(persons);
  expect(await scene.runIds()).toHaveLength(1);
});

it('a table by default, counts with --json, and the threshold decides what counts', async () => {
  const table = await scene.run(['identify', 'visitors', '--include', '0*.jpg', '--threshold', '0.95']);
  expect(table.exitCode, table.stderr).toBe(0);
  expect(table.stdout.split('\n')).toHaveLength(7);
  for (const line of table.stdout.split('\n'))
    expect(line).toMatch(/^\d\tno match\t[\da-f-]{36}\t0\.900\t0\d\t/);
  expect(table.stderr).toContain('7 photos: 0 matched');
  const json = await scene.run(['identify', 'visitors', '--limit', '3', '--json']);
  expect(JSON.parse(json.stdout)).toEqual({
    photos: 3,
    matched: 3,
    notMatched: 0,
    failed: 0,
    calls: 3,
    threshold: 0.75,
    end: 'over',
  });
  await writeFiles(scene.folder, { 'people.csv': `subject_id,photo\n,staff/01.jpg\nx,staff/02.jpg\n` });
  const csv = await scene.run(['identify', 'people.csv', '--format', 'jsonl']);
  expect(csv.exitCode).toBe(1);
  expect(linesOf(csv.stdout)).toMatchObject([
    { row: 1, error: { kind: 'manifest' } },
    { row: 2, matched: true },
  ]);
});

it('is refused where that makes sense: no such source, no photo, a wrong setting, an account that is refused', async () => {
  for (const args of [['nowhere'], ['visitors', '--include', '*.xyz'], ['visitors', '--threshold', '75']]) {
    const end = await scene.run(['identify', ...args]);
    expect(end.exitCode, end.stderr).toBe(2);
    expect(end.stdout).toBe('');
  }
  const verihubs = { VERIHUBS_APP_ID: 'id', VERIHUBS_API_KEY: 'key', ROLLCALL_ENGINE: 'verihubs' };
  for (const args of [
    ['identify', 'visitors'],
    ['run', 'visitors', '--dedupe'],
    ['enqueue', 'visitors', '--verify', '5%'],
  ]) {
    const end = await scene.run([...args, '--threshold', '0.75'], { environment: verihubs });
    expect(end.exitCode, end.stderr).toBe(2);
    expect(end.stderr).toContain('go from 0 to 100');
  }
  const end = await scene.run(['identify', 'visitors', '--format', 'jsonl'], {
    environment: { OOTO_APP_KEY: 'wrong' },
  });
  expect(end.exitCode, end.stderr).toBe(3);
  expect(end.stderr).toContain('OOTO_APP_KEY');
  // What stopped it is fixed.
  expect((await scene.run(['identify', 'staff', '--limit', '1'])).exitCode).toBe(0);
});

it('ends cleanly when it is interrupted: what was asked is told, in order', async () => {
  scene.engine.setLatency([600, 900]);
  const command = scene.start(['identify', 'visitors', '--format', 'jsonl', '--concurrency', '4']);
  await until(() => command.stdout().split('\n').length > 3);
  const before = scene.engine.calls.length;
  command.signal('SIGINT');
  const end = await command.ended;
  expect(end.exitCode, end.stderr).toBe(130);
  const lines = linesOf(end.stdout);
  expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, index) => index + 1));
  expect(lines.length).toBeLessThan(18);
  expect(scene.engine.calls.length - before).toBeLessThan(4);
});
