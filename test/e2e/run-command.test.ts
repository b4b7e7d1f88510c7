import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePhoto, writeFiles, writePhotos } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, parseLines, type Scene } from '../helpers/scene.ts';

let redis: TestRedis;
let scene: Scene;

beforeAll(async () => {
  redis = await startTestRedis();
  scene = await openScene({ queue: redis.url, environment: { ROLLCALL_BACKOFF: '10ms..20ms' } });
  const photos = ['one', 'two', 'three', 'four'].map(async (name) => [`${name}.jpg`, await makePhoto()]);
  await writeFiles(scene.folder, Object.fromEntries(await Promise.all(photos)));
  await writePhotos(join(scene.folder, 'folder'), { count: 5 });
});

afterAll(async () => {
  await scene.close();
  await redis.close();
});

const callsOf = async (action: () => Promise<unknown>) => {
  const before = scene.engine.calls.length;
  await action();
  return scene.engine.calls.slice(before);
};

describe('rollcall run', () => {
  it('rejects a photo whose required check is not fine, though the engine stored it', async () => {
    await writeFiles(join(scene.folder, 'checks'), {
      'live.jpg': await makePhoto(),
      'mask.jpg': await makePhoto({ script: 'not-live' }),
    });
    const calls = await callsOf(async () => {
      const end = await scene.run(['run', './checks', '--require', 'liveness', '--run-id', 'checks']);
      expect(end.exitCode).toBe(1);
    });
    expect(calls.map(({ path }) => path.split('?')[1])).toEqual(
      Array(2).fill('check_liveness=true&check_deepfake=false'),
    );
    expect(await scene.report('checks')).toMatchObject([
      { subjectId: 'live', status: 'enrolled', stored: 'yes', checks: { liveness: { fine: true } } },
      {
        subjectId: 'mask',
        status: 'rejected',
        stored: 'yes',
        checks: { liveness: { fine: false } },
        error: { kind: 'rejected', code: 'check-liveness' },
      },
    ]);
  });

  it('says that a list has changed since it was read: what was added is not enrolled, and not forgotten', async () => {
    const rows = ['subject_id,photo', 'ann,one.jpg', 'bob,two.jpg'];
    const list = (more: string[] = []) =>
      writeFiles(scene.folder, { 'grows.csv': [...rows, ...more, ''].join('\n') });
    await list();
    const run = (...more: string[]) => scene.run(['run', './grows.csv', '--run-id', 'grows', ...more]);
    expect((await run('--max-calls', '1')).exitCode).toBe(3);
    await list(['cleo,three.jpg']);
    const end = await run('--max-calls', '10');
    expect(end.exitCode).toBe(1);
    expect(end.stdout).toMatch(/has changed since it was listed .*rollcall run \S+grows\.csv --new/);
    expect(await scene.summary('grows')).toMatchObject({
      total: 2,
      byStatus: { enrolled: 2 },
      warnings: { 'source-changed': 1 },
      listedAt: expect.any(String),
    });
    const anew = await scene.run(['run', './grows.csv', '--new', '--incremental', '--json']);
    expect(anew.exitCode).toBe(0);
    expect(JSON.parse(anew.stdout)).toMatchObject({ byStatus: { enrolled: 1, skipped: 2 }, warnings: {} });
  });

  it('does not finish with a list that is cut off, and goes on once it is whole', async () => {
    await writeFiles(scene.folder, { 'cut.csv': 'subject_id,photo\nann,one.jpg\nbob,"two.j' });
    const run = () => scene.run(['run', './cut.csv', '--run-id', 'cut']);
    const end = await run();
    expect(end).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/cut\.csv is cut off/) });
    expect((await scene.record('cut')).listed).toBeUndefined();
    await writeFiles(scene.folder, { 'cut.csv': 'subject_id,photo\nann,one.jpg\nbob,"two.jpg"\n' });
    expect((await run()).exitCode).toBe(0);
    expect((await scene.summary('cut')).byStatus.enrolled).toBe(2);
  });

  it('names what it leaves out, and does not call missing who lies there', async () => {
    const photos = {
      'ann.jpg': await makePhoto(),
      '#recycle/bob.jpg': await makePhoto(),
      '0017': await makePhoto(),
    };
    await writeFiles(join(scene.folder, 'nas'), { ...photos, 'ann.xmp': 'x', 'eve.jfif': await makePhoto() });
    const run = async (...more: string[]) => {
      const { stdout } = await scene.run(['run', './nas', '--incremental', '--json', ...more]);
      return JSON.parse(stdout);
    };
    expect(await run('--include-left-out')).toMatchObject({
      byStatus: { enrolled: 4 },
      leftOutBy: { '.xmp': 1 },
    });
    const night = await run();
    expect(night).toMatchObject({
      byStatus: { skipped: 3 },
      leftOutBy: { '.xmp': 1, '#recycle/': 1 },
      missing: 0,
    });
    expect(await scene.text(night.run, 'left-out.jsonl')).toBe(
      '{"path":"#recycle/","why":"recycle-bin"}\n{"path":"ann.xmp","why":"no-image"}\n',
    );
    const dry = await scene.run(['run', './nas', '--dry-run']);
    expect(dry.stdout).toMatch(/left out +1 +files: .*\.xmp: 1/);
    expect((await scene.run(['doctor', './nas'])).stdout).toMatch(/3 photos in .*left out: .*#recycle\/: 1/);
  });

  it.each([
    ['first', ['enrolled', 'enrolled', 'skipped', 'skipped']],
    ['last', ['skipped', 'enrolled', 'skipped', 'enrolled']],
    ['each', ['enrolled', 'enrolled', 'enrolled', 'enrolled']],
  ])('enrolls the %s photo of a subject that is listed three times', async (repeat, statuses) => {
    const rows = ['ann,one.jpg', 'bob,two.jpg', 'ann,three.jpg', 'ann,four.jpg'];
    await writeFiles(scene.folder, { [`${repeat}.csv`]: ['subject_id,photo', ...rows].join('\n') });
    const calls = await callsOf(async () => {
      const end = await scene.run(['run', `${repeat}.csv`, '--repeat', repeat, '--run-id', repeat]);
      expect(end.exitCode).toBe(0);
    });
    const report = await scene.report(repeat);
    expect(report.map(({ status }) => status)).toEqual(statuses);
    for (const line of report.filter(({ status }) => status === 'skipped'))
      expect(line.reason).toBe('repeated');
    const ofAnn = report.filter(({ subjectId, status }) => subjectId === 'ann' && status === 'enrolled');
    const sent = calls.filter(({ templateId }) => templateId === ofAnn[0]?.templateId);
    expect(sent.map(({ photoSha256 }) => photoSha256)).toEqual(ofAnn.map(({ sha256 }) => sha256));
    // A later photo is sent only after the earlier one was answered.
    sent.slice(1).forEach((call, index) => {
      expect(call.arrivedAtInMs).toBeGreaterThan(sent[index]?.answeredAtInMs ?? Number.NaN);
    });
  });

  it('gives a wrong row its line with its number, and goes on', async () => {
    const rows = [
      'department,subject_id,photo',
      'staff,ann,one.jpg',
      'staff,,two.jpg',
      'staff,cid,',
      'staff,dan,four.jpg,more',
      'staff,eve,../outside.jpg',
      'staff,"fay',
      'staff,gus,missing.jpg',
      'guests,hal,three.jpg',
    ];
    await writeFiles(scene.folder, { 'rows.csv': `\ufeff${rows.join('\r\n')}\r\n` });
    const end = await scene.run(['run', 'rows.csv', '--run-id', 'rows']);
    expect(end.exitCode).toBe(1);
    const report = await scene.report('rows');
    expect(report.map(({ row, status, error }) => [row, status, error?.kind])).toEqual([
      [1, 'enrolled', undefined],
      [2, 'failed', 'manifest'],
      [3, 'failed', 'manifest'],
      [4, 'failed', 'manifest'],
      [5, 'failed', 'manifest'],
      [6, 'failed', 'manifest'],
      [7, 'failed', 'photo'],
      [8, 'enrolled', undefined],
    ]);
    for (const { error, row } of report.filter((line) => line.error?.kind === 'manifest'))
      expect(error?.message).toContain(`row ${row}`);
    expect(report.at(-1)).toMatchObject({ subjectId: 'hal', metadata: { department: 'guests' } });
  });

  it('lists no more than --limit photos', async () => {
    const end = await scene.run(['run', './folder', '--limit', '2', '--run-id', 'limited', '--json']);
    expect(end.exitCode).toBe(0);
    expect(JSON.parse(end.stdout)).toMatchObject({
      run: 'limited',
      state: 'finished',
      total: 2,
      runDir: join(scene.stateFolder, 'runs', 'limited'),
    });
    expect((await scene.report('limited')).map(({ subjectId }) => subjectId)).toEqual(['p001', 'p002']);
  });

  it('reads JSON lines from stdin', async () => {
    const lines = [
      { subjectId: 'ann', photo: 'one.jpg', team: 'red' },
      { id: 7, photo: join(scene.folder, 'two.jpg') },
    ];
    const input = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    const end = await scene.start(['run', '-', '--run-id', 'piped', '--processes', '2'], { input }).ended;
    expect(end.exitCode).toBe(0);
    expect(await scene.report('piped')).toMatchObject([
      { subjectId: 'ann', status: 'enrolled', metadata: { team: 'red' } },
      { subjectId: '7', status: 'enrolled' },
    ]);
  });

  it('lists what an earlier report left unsettled, or all of it', async () => {
    await writeFiles(join(scene.folder, 'drive'), {
      'bad.jpg': await makePhoto({ script: 'code-5' }),
      'good.jpg': await makePhoto(),
      'late.jpg': Buffer.alloc(0),
    });
    await scene.run(['run', './drive', '--run-id', 'before']);
    await writeFiles(join(scene.folder, 'drive'), { 'late.jpg': await makePhoto() });
    const source = scene.pathOf('before', 'report.jsonl');
    const end = await scene.run(['run', source, '--run-id', 'again']);
    expect(end.exitCode).toBe(1);
    const again = await scene.report('again');
    expect(again.map(({ subjectId, status }) => [subjectId, status])).toEqual([
      ['bad', 'rejected'],
      ['late', 'enrolled'],
    ]);
    await scene.run(['run', source, '--redrive', 'all', '--run-id', 'all']);
    expect((await scene.report('all')).map(({ subjectId }) => subjectId)).toEqual(['bad', 'good', 'late']);
  });

  it('counts with --dry-run, without a call and without a run', async () => {
    const runs = await scene.runIds();
    const calls = await callsOf(async () => {
      const end = await scene.run(['run', 'first.csv', '--dry-run', '--rate', '7', '--json']);
      expect(end.exitCode).toBe(0);
      expect(JSON.parse(end.stdout)).toMatchObject({ photos: 4, calls: 2, repeated: 2, rate: 7 });
      const text = await scene.run(['run', './folder', '--dry-run']);
      expect(text.stdout).toMatch(/^photos {4}5 .*MB\)\ncalls {5}5 /);
      expect(text.stdout).not.toContain('not read');
      const list = await scene.run(['run', 'first.csv', '--dry-run']);
      expect(list.stdout).toContain(
        '\nnot read  4  photos: whether they are there is unknown; doctor reads some\n',
      );
    });
    expect(calls).toEqual([]);
    expect(await scene.runIds()).toEqual(runs);
  });

  it('prints the summary of a finished run that is named again, and refuses other settings', async () => {
    const command = ['run', './folder', '--run-id', 'named', '--json'];
    const first = await scene.run(command);
    const calls = await callsOf(async () => {
      const again = await scene.run([...command, '--rate', '3', '--concurrency', '2', '--max-attempts', '1']);
      expect(again).toMatchObject({ exitCode: 0, stdout: first.stdout });
      const other = await scene.run(['run', './checks', '--run-id', 'named', '--check-liveness']);
      expect(other.exitCode).toBe(2);
      expect(other.stdout).toBe('');
      for (const part of ['the source', '--check-liveness', 'named']) expect(other.stderr).toContain(part);
    });
    expect(calls).toEqual([]);
  });

  it('writes everything that a script reads to stdout, and progress to stderr', async () => {
    const run = scene.start(['run', './folder', '--run-id', 'streams', '--json']);
    const { stdout, stderr } = await run.ended;
    expect(() => JSON.parse(stdout)).not.toThrow();
    expect(stderr).toContain('Starting run streams');
    expect(parseLines(await scene.text('streams', 'dead-letters.jsonl'))).toEqual([]);
  });
});
