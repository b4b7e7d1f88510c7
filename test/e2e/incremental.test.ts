import { rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';

const photos = 100;
const rejected = 10;
const nameOf = (number: number) => `p${String(number).padStart(3, '0')}.jpg`;
const missingFile = 'missing.jsonl';

/** Photos 1 to 10 are rejected. What is told of the second night is in each photo's name. */
const touched = 40;
const changed = [11, 12, 5];
const added = 101;
const gone = 50;

let redis: TestRedis;

beforeAll(async () => {
  redis = await startTestRedis();
});
afterAll(() => redis.close());

describe('every night, only what changed', () => {
  let scene: Scene;
  let archive: string;
  const runIds: string[] = [];

  async function night(...flags: string[]) {
    const before = scene.engine.calls.length;
    const end = await scene.run(['run', './archive', '--incremental', '--json', ...flags]);
    expect(end.stderr).not.toMatch(/error/i);
    const summary = JSON.parse(end.stdout);
    runIds.push(summary.run);
    const lines = await scene.report(summary.run);
    const calls = scene.engine.calls.slice(before);
    return {
      ...end,
      summary,
      lines,
      calls,
      lineOf: (subject: string) => lines.find((line) => line.subjectId === subject),
    };
  }

  beforeAll(async () => {
    scene = await openScene({ queue: redis.url });
    archive = join(scene.folder, 'archive');
    for (let number = 1; number <= photos; number += 1) {
      const photo = await makePhoto(number <= rejected ? { script: 'code-5' } : {});
      await writeFiles(archive, { [nameOf(number)]: photo });
    }
  });
  afterAll(() => scene.close());

  it('the first night enrolls all', async () => {
    const { exitCode, summary, calls } = await night();
    expect(exitCode).toBe(1);
    expect(calls).toHaveLength(photos);
    expect(summary).toMatchObject({
      total: photos,
      byStatus: { enrolled: photos - rejected, rejected },
      notEnrolled: rejected,
      missing: 0,
    });
  });

  it('tells without a call what the second night will cost', async () => {
    for (const number of changed) await writeFiles(archive, { [nameOf(number)]: await makePhoto() });
    await writeFiles(archive, { [nameOf(added)]: await makePhoto() });
    const { mtimeMs } = await stat(join(archive, nameOf(touched)));
    await utimes(join(archive, nameOf(touched)), new Date(), new Date(mtimeMs + 60_000));
    await rm(join(archive, nameOf(gone)));
    const before = scene.engine.calls.length;
    const { stdout } = await scene.run(['run', './archive', '--incremental', '--dry-run', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      photos,
      calls: 5,
      toCompare: 4,
      unchanged: photos - rejected - 2 - 1 - 1,
      rejectedBefore: rejected - 1,
    });
    expect(scene.engine.calls).toHaveLength(before);
  });

  it('the second night calls for what is new or changed, and has a line for every photo', async () => {
    const { exitCode, summary, calls, lines, lineOf } = await night();
    expect(exitCode).toBe(0);
    expect(calls).toHaveLength(changed.length + 1);
    const enrolled = lines.filter(({ status }) => status === 'enrolled').map(({ subjectId }) => subjectId);
    expect(enrolled).toEqual(['p005', 'p011', 'p012', 'p101']);
    for (const line of lines) {
      const number = Number(line.subjectId?.slice(1));
      if (enrolled.includes(line.subjectId ?? '')) expect(line).toMatchObject({ stored: 'yes', attempts: 1 });
      else if (number <= rejected)
        expect(line).toMatchObject({ status: 'skipped', reason: 'rejected-before' });
      else expect(line).toMatchObject({ status: 'skipped', reason: 'unchanged', stored: 'yes' });
    }
    expect(lineOf('p040')).toMatchObject({
      sha256: expect.any(String),
      templateId: expect.any(String),
      enrolledAt: expect.any(String),
    });
    expect(summary).toMatchObject({
      total: photos,
      byReason: { unchanged: photos - rejected - 3, 'rejected-before': rejected - 1 },
      notEnrolled: rejected - 1,
      missing: 1,
    });
    const missing = (await scene.text(summary.run, missingFile)).trimEnd().split('\n');
    const before = (await scene.report(runIds[0] ?? '')).find((line) => line.subjectId === 'p050');
    expect(missing.map((line) => JSON.parse(line))).toEqual([
      {
        schema: 'rollcall.missing/1',
        subjectId: 'p050',
        photo: join(archive, nameOf(gone)),
        version: before?.version,
        templateId: before?.templateId,
        enrolledAt: before?.finishedAt,
      },
    ]);
  });

  it('the third night finds nothing to do, not even to read, and --report changed leaves the unchanged out', async () => {
    const dryRun = await scene.run(['run', './archive', '--incremental', '--dry-run', '--json']);
    expect(JSON.parse(dryRun.stdout)).toMatchObject({ calls: 0, toCompare: 0 });
    const { exitCode, summary, calls, lines } = await night('--report', 'changed');
    expect(exitCode).toBe(0);
    expect(calls).toHaveLength(0);
    expect(lines.map(({ reason }) => reason)).toEqual(Array(rejected - 1).fill('rejected-before'));
    expect(summary).toMatchObject({
      total: photos,
      leftOutOfReport: photos - rejected + 1,
      byReason: { unchanged: photos - rejected + 1, 'rejected-before': rejected - 1 },
      notEnrolled: rejected - 1,
      missing: 1,
    });
    const { stdout } = await scene.run(['report']);
    expect(stdout).toContain(`without ${photos - rejected + 1} unchanged photos`);
    expect(stdout).toContain(`Enrolled and no longer in the source: 1 subject, see`);
  });

  it('a run is not resumed as one of another kind', async () => {
    const runId = runIds[2] ?? '';
    const { exitCode, stderr } = await scene.run(['run', './archive', '--run-id', runId], {
      environment: { ROLLCALL_INCREMENTAL: 'false' },
    });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--incremental');
  });
});

describe('a manifest, every night', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene({ queue: redis.url });
  });
  afterAll(() => scene.close());

  const rowsOf = (rows: readonly (readonly [string, string, string?, string?])[]) =>
    rows
      .map(([subjectId, photo, version, templateId]) => ({ subjectId, photo, version, templateId }))
      .map(
        (row) => `${JSON.stringify(row)}
`,
      )
      .join('');

  async function night(manifest: string, ...flags: string[]) {
    const before = scene.engine.calls.length;
    const { stdout, stderr } = await scene.run(['run', manifest, '--incremental', '--json', ...flags]);
    expect(stdout, stderr).not.toBe('');
    const lines = await scene.report(JSON.parse(stdout).run);
    const said = lines.map(({ subjectId, status, reason }) => `${subjectId} ${reason ?? status}`);
    return { said, lines, calls: scene.engine.calls.slice(before), summary: JSON.parse(stdout) };
  }

  it('--repeat each: every photo stands for itself, another template id is a change, bytes tell where no version does', async () => {
    const photos = ['a1', 'a2', 'b', 'c', 'd'];
    for (const name of photos) await writeFiles(scene.folder, { [`${name}.jpg`]: await makePhoto() });
    const first = rowsOf([
      ['a', 'a1.jpg', '1'],
      ['a', 'a2.jpg', '1'],
      ['b', 'b.jpg'],
      ['c', 'c.jpg', '1', 'T1'],
      ['d', 'd.jpg', '1', 'T2'],
    ]);
    await writeFiles(scene.folder, { 'people.jsonl': first });
    expect((await night('people.jsonl', '--repeat', 'each')).calls).toHaveLength(5);

    await writeFiles(scene.folder, { 'a2.jpg': await makePhoto() });
    const second = rowsOf([
      ['a', 'a1.jpg', '1'],
      ['a', 'a2.jpg', '2'],
      ['b', 'b.jpg'],
      ['c', 'c.jpg', '1', 'T3'],
      ['d', 'd.jpg', '2', 'T2'],
    ]);
    await writeFiles(scene.folder, { 'people.jsonl': second });
    const { said, calls, lines } = await night('people.jsonl', '--repeat', 'each');
    expect(said).toEqual(['a unchanged', 'a enrolled', 'b unchanged', 'c enrolled', 'd unchanged']);
    expect(calls.map(({ templateId }) => templateId).sort()).toContain('T3');
    expect(calls).toHaveLength(2);
    // What was read to find that out says so.
    expect(lines.map(({ sha256 }) => sha256 !== undefined)).toEqual([false, true, true, true, true]);
  });

  it('without each, what is enrolled of a subject is its newest photo: the one before it is a change', async () => {
    const listOf = (photo: string) => rowsOf([['e', photo, '1']]);
    for (const name of ['e1', 'e2']) await writeFiles(scene.folder, { [`${name}.jpg`]: await makePhoto() });
    for (const photo of ['e1.jpg', 'e2.jpg', 'e1.jpg', 'e1.jpg']) {
      await writeFiles(scene.folder, { 'one.jsonl': listOf(photo) });
      await night('one.jsonl');
    }
    const sent = scene.engine.calls.slice(-3).map(({ photoSha256 }) => photoSha256);
    expect(sent[0]).toBe(sent[2]);
    expect(new Set(sent).size).toBe(2);
    expect((await night('one.jsonl')).said).toEqual(['e unchanged']);
  });

  it('of two runs on one account at the same time neither forgets what the other did', async () => {
    const manifests = ['left.jsonl', 'right.jsonl'];
    for (const manifest of manifests) {
      const names = Array.from({ length: 15 }, (_, index) => `${manifest}-${index}`);
      for (const name of names) await writeFiles(scene.folder, { [`${name}.jpg`]: await makePhoto() });
      await writeFiles(scene.folder, { [manifest]: rowsOf(names.map((name) => [name, `${name}.jpg`, '1'])) });
    }
    const before = scene.engine.calls.length;
    const ends = await Promise.all(manifests.map((manifest) => scene.start(['run', manifest]).ended));
    expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(scene.engine.calls.length - before).toBe(30);
    for (const manifest of manifests) {
      const { calls, summary } = await night(manifest, '--report', 'changed');
      expect(calls).toHaveLength(0);
      expect(summary).toMatchObject({ total: 15, leftOutOfReport: 15, missing: 0, notEnrolled: 0 });
    }
  });
});
