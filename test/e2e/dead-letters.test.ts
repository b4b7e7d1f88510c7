import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, parseLines, type Scene } from '../helpers/scene.ts';

const runId = 'first';
let redis: TestRedis;
let scene: Scene;

/** One enrolled, one rejected, one that needs more attempts than it has, one that is no photo. */
beforeAll(async () => {
  redis = await startTestRedis();
  scene = await openScene({ queue: redis.url });
  await writeFiles(join(scene.folder, 'archive'), {
    'bad.jpg': await makePhoto({ script: 'code-5' }),
    'good.jpg': await makePhoto(),
    'late.jpg': await makePhoto({ script: '500x2' }),
    'none.jpg': Buffer.alloc(0),
  });
  const tries = ['--max-attempts', '2', '--backoff', '10ms..20ms'];
  const end = await scene.run(['run', './archive', '--run-id', runId, ...tries]);
  expect(end.exitCode).toBe(1);
}, 180_000);

afterAll(async () => {
  await scene.close();
  await redis.close();
});

describe('rollcall dead-letters', () => {
  it('lists them for people, and as lines for scripts', async () => {
    const table = await scene.run(['dead-letters', runId]);
    expect(table.exitCode).toBe(0);
    const rows = table.stdout.split('\n').map((row) => row.split('\t').slice(0, 4));
    expect(rows).toEqual([
      ['1', 'rejected', '5', 'bad'],
      ['3', 'failed', 'unavailable', 'late'],
      ['4', 'failed', 'photo', 'none'],
    ]);
    const lines = await scene.run(['dead-letters', '--json']);
    expect(`${lines.stdout}\n`).toBe(await scene.text(runId, 'dead-letters.jsonl'));
  });

  it('exports them into a new file, and never over another', async () => {
    const command = ['dead-letters', runId, '--export', 'letters.jsonl'];
    const end = await scene.run(command);
    expect(end).toMatchObject({ exitCode: 0, stdout: '' });
    const exported = await readFile(join(scene.folder, 'letters.jsonl'), 'utf8');
    expect(exported).toBe(await scene.text(runId, 'dead-letters.jsonl'));
    const again = await scene.run(command);
    expect(again).toMatchObject({ exitCode: 2, stdout: '' });
    expect(again.stderr).toMatch(/^rollcall: --export: letters\.jsonl exists already.*$/);
    const nowhere = await scene.run([...command.slice(0, -1), 'nowhere/letters.jsonl']);
    expect(nowhere.exitCode).toBe(2);
    expect(nowhere.stderr).toMatch(
      /^rollcall: --export: nowhere\/letters\.jsonl cannot be written, since its folder is not there/,
    );
  });

  it('retries what has no verdict in a new run, or all of them', async () => {
    const failed = await scene.run(['dead-letters', runId, '--retry']);
    expect(failed.exitCode).toBe(1);
    const [, started = ''] = /Starting run (\S+)/.exec(failed.stderr) ?? [];
    const lines = await scene.report(started);
    expect(lines.map(({ subjectId, status }) => [subjectId, status])).toEqual([
      ['late', 'enrolled'],
      ['none', 'failed'],
    ]);
    const all = await scene.run(['dead-letters', runId, '--retry', 'all', '--json']);
    expect(JSON.parse(all.stdout)).toMatchObject({
      total: 3,
      byStatus: { enrolled: 1, rejected: 1, failed: 1 },
    });
    // What was retried keeps its line in the first run.
    expect(parseLines(await scene.text(runId, 'dead-letters.jsonl'))).toHaveLength(3);
  });

  it('says so where there is nothing to retry, and starts no run', async () => {
    await writeFiles(join(scene.folder, 'fine'), { 'somebody-else.jpg': await makePhoto() });
    await scene.run(['run', './fine', '--run-id', 'fine']);
    const runs = await scene.runIds();
    const end = await scene.run(['dead-letters', 'fine', '--retry']);
    expect(end).toMatchObject({ exitCode: 0, stdout: '' });
    expect(end.stderr).toContain('No failed photos');
    expect(await scene.runIds()).toEqual(runs);
    const other = await scene.run(['dead-letters', runId, '--retry', 'some']);
    expect(other.exitCode).toBe(2);
  });
});

describe('rollcall report', () => {
  it('prints the lines as they are, and as CSV', async () => {
    const jsonl = await scene.run(['report', runId, '--format', 'jsonl']);
    expect(`${jsonl.stdout}\n`).toBe(await scene.text(runId, 'report.jsonl'));
    const csv = await scene.run(['report', runId, '--format', 'csv']);
    const rows = parse(csv.stdout, { columns: true }) as Record<string, string>[];
    expect(rows.map(({ seq, subjectId, status, errorCode }) => [seq, subjectId, status, errorCode])).toEqual([
      ['1', 'bad', 'rejected', '5'],
      ['2', 'good', 'enrolled', ''],
      ['3', 'late', 'failed', ''],
      ['4', 'none', 'failed', ''],
    ]);
    for (const end of [jsonl, csv]) expect(end).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('prints the summary for people, and as one JSON object', async () => {
    const text = await scene.run(['report', runId, '--format', 'summary']);
    expect(text).toMatchObject({ exitCode: 0, stderr: '' });
    expect(text.stdout).toContain(`Run ${runId} finished: 4 photos`);
    expect(text.stdout).toContain(scene.pathOf(runId, 'report.jsonl'));
    const json = await scene.run(['report', runId, '--json']);
    const summary = await scene.summary(runId);
    const runDir = join(scene.stateFolder, 'runs', runId);
    expect(JSON.parse(json.stdout)).toEqual({ ...summary, runDir });
  });

  it('of a run that is not over is JSON where that is asked for, and says what it lacks', async () => {
    const photo = await makePhoto();
    await writeFiles(join(scene.folder, 'two'), { 'one.jpg': photo, 'two.jpg': photo });
    const paused = await scene.run(['run', './two', '--run-id', 'part', '--max-calls', '1']);
    expect(paused.exitCode).toBe(3);
    const json = await scene.run(['report', 'part', '--json']);
    expect(json.exitCode).toBe(3);
    const runDir = join(scene.stateFolder, 'runs', 'part');
    expect(JSON.parse(json.stdout)).toMatchObject({ run: 'part', state: 'paused', runDir });
    for (const more of [[], ['--retry'], ['--export', 'part.jsonl']])
      expect((await scene.run(['dead-letters', 'part', ...more])).stderr).toContain('more may follow');
    await scene.run(['cancel', 'part']);
    const none = await scene.run(['dead-letters', 'part', '--retry', '--json']);
    expect(JSON.parse(none.stdout)).toEqual({ run: null });
  });

  it('writes its lines to a file and prints the summary as JSON, if both are asked for', async () => {
    const end = await scene.run(['report', runId, '--json', '--format', 'csv', '--output', 'both.csv']);
    expect(end.exitCode).toBe(0);
    expect(JSON.parse(end.stdout)).toMatchObject({ run: runId, total: 4 });
    expect(await readFile(join(scene.folder, 'both.csv'), 'utf8')).toContain('bad');
  });

  it.each([
    [['--format', 'summary', '--output', 'summary.txt'], '--output is for the lines'],
    [['--format', 'csv', '--json'], '--json prints the summary'],
    [['--thumbnails'], '--thumbnails is for'],
  ])('refuses what it cannot do at once: %j', async (options, words) => {
    const end = await scene.run(['report', runId, ...options]);
    expect(end).toMatchObject({ exitCode: 2, stdout: '' });
    expect(end.stderr).toContain(words);
  });

  it('refuses to speak for a report that is not the one that the run ended with', async () => {
    const file = scene.pathOf(runId, 'report.jsonl');
    const whole = await readFile(file);
    await writeFile(file, whole.subarray(0, whole.length - 2));
    const shown = await scene.run(['report', runId]);
    const json = await scene.run(['report', runId, '--json']);
    await writeFile(file, whole);
    for (const end of [shown, json]) {
      expect(end).toMatchObject({ exitCode: 4, stdout: '' });
      expect(end.stderr).toContain('is not the report that the run ended with');
    }
  });

  it('refuses a format that it does not know', async () => {
    const end = await scene.run(['report', runId, '--format', 'xml']);
    expect(end).toMatchObject({ exitCode: 2, stdout: '' });
    expect(end.stderr).toMatch(/Allowed choices are jsonl, csv, summary/);
  });
});

describe('rollcall status', () => {
  it('shows runs, the newest first, and one run as JSON', async () => {
    const all = await scene.run(['status']);
    const rows = all.stdout.split('\n');
    expect(rows[0]).toMatch(/^RUN +STATE +PHOTOS +STARTED +TOOK$/);
    const row = rows.findIndex((text) => text.startsWith(runId));
    expect(rows[row]).toMatch(/ {2}finished +4 of 4 +[A-Z][a-z]{2} [ \d]\d \d\d:\d\d +\w+$/);
    expect(rows[row + 1]).toBe('  3 dead letters, 4 calls');
    const one = await scene.run(['status', runId, '--json']);
    expect(JSON.parse(one.stdout)).toEqual(await scene.record(runId));
  });
});
