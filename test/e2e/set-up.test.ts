import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { startInTerminal } from '../helpers/pseudo-terminal.ts';
import { openScene, type Scene } from '../helpers/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await openScene();
  const photo = await makePhoto();
  const people = Array.from({ length: 60 }, (_, n) => `Ann's archive/emp ${n}`);
  const photos = people.flatMap((person) => [`${person}/1.jpg`, `${person}/2.jpg`]);
  const rows = Array.from({ length: 110 }, (_, n) => `emp-${n},../one.jpg\n`);
  await writeFiles(scene.folder, {
    ...Object.fromEntries(photos.map((path) => [path, photo])),
    'one.jpg': photo,
    'lists/people.csv': `subject_id,photo\n${rows.join('')}`,
    'lists/gone.csv': `subject_id,photo\n${rows.join('').replaceAll('../one', 'gone')}`,
  });
});
afterAll(() => scene.close());

/** The words that a shell makes of the command that a message ends with. */
function wordsOf(stderr: string): string[] {
  const command = /To begin anew, which is better: (.*)$/mu.exec(stderr)?.[1] ?? '';
  const script = `rollcall() { printf '%s\\0' "$@"; }; ${command}`;
  return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
}

describe('a run whose first photos nearly all fail for one reason', () => {
  it('stops and gives the command with which each person is enrolled', async () => {
    const end = await scene.run(['run', "./Ann's archive", '--max-attempts', '3']);
    expect(end).toMatchObject({ exitCode: 3, stdout: '' });
    expect(end.stderr).toMatch(
      /is paused: --id-from '\{id\}\.\{ext\}' does not fit: 1\d\d of the first 1\d\d photos/,
    );
    const [runId = ''] = await scene.runIds();
    expect((await scene.record(runId)).state).toBe('paused');
    const words = wordsOf(end.stderr);
    expect(words).toEqual(
      expect.arrayContaining(['--new', '--id-from', '{id}/{photo}.{ext}', '--max-attempts', '3']),
    );
    const anew = await scene.run([...words, '--json']);
    expect(anew.exitCode).toBe(0);
    expect(JSON.parse(anew.stdout)).toMatchObject({ byStatus: { enrolled: 60, skipped: 60, failed: 0 } });
  });

  it('goes on where that is meant, and does not stop again', async () => {
    const [runId = ''] = await scene.runIds();
    const end = await scene.run(['run', "./Ann's archive", '--run-id', runId, '--json']);
    expect(end.exitCode).toBe(1);
    expect(JSON.parse(end.stdout)).toMatchObject({ total: 120, byCode: { collision: 118 } });
  });

  it('is told of paths outside the folder, and of files that are not there', async () => {
    const calls = scene.engine.calls.length;
    const outside = await scene.run(['run', 'lists/people.csv']);
    expect(outside).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('lie outside the folder') });
    expect(scene.engine.calls).toHaveLength(calls);
    const words = wordsOf(outside.stderr);
    expect(words).toContain('--allow-outside');
    expect((await scene.run(words)).exitCode).toBe(0);
    const gone = await scene.run(['run', 'lists/gone.csv']);
    expect(gone).toMatchObject({ exitCode: 3, stderr: expect.stringMatching(/gone\.jpg.* is not there/) });
    const doctor = await scene.run(['doctor', 'lists/gone.csv']);
    expect(doctor).toMatchObject({ exitCode: 2, stderr: '' });
    expect(doctor.stdout).toMatch(/^fix {3}source /mu);
    expect(doctor.stdout).toMatch(
      /sample +20 photos read: failed: 20, the first since .*gone\.jpg" is not there/u,
    );
  });
});

it('doctor fits a terminal of 80 columns, the command apart', async () => {
  const { folder, environment } = scene;
  const terminal = await startInTerminal(['doctor', "./Ann's archive"], { folder, environment, columns: 80 });
  expect(await terminal.ended).toBe(2);
  const lines = await terminal.lines();
  const from = lines.findIndex((line) => /^fix +source /u.test(line));
  expect(lines.slice(from + 1)).toEqual([
    '      ids      {id}.{ext} (--id-from): 118 of 120 photos have the id of an',
    '               earlier one: they collide, and are not enrolled',
    '      sample   20 photos read: jpeg: 20',
    expect.stringMatching(/^ {6}calls {4}2 at most, without retries: \S+ at [\d.]+ calls a second$/),
    "      better   --id-from '{id}/{photo}.{ext}': 60 subjects, all of them with",
    '               several photos, and no collision',
    ...Array(5).fill(expect.stringMatching(/^ {17}emp \d+\/[12]\.jpg +emp \d+$/)),
    // In one piece, so that it can be copied.
    "      start    rollcall run './Ann'\\''s archive' --engine ooto --id-from '{id}/{photo}.{ext}'",
  ]);
});
