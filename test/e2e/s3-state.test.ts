import { createHash } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listCoverageRecords } from '../../src/records/audit/coverage-record.ts';
import { readRunRecord } from '../../src/records/run-record.ts';
import { createS3StateStore } from '../../src/storage/state/s3/s3-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { makePhoto, writeFiles, writePhotos } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { type S3Proxy, slowDown, startS3Proxy } from '../helpers/s3-proxy.ts';
import { type S3Server, startS3Server } from '../helpers/s3-server.ts';
import { openScene, parseLines, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

const photos = 60;
const concurrency = 4;
const address = 's3://state/faces';

describe('a run whose state is on S3', () => {
  let redis: TestRedis;
  let server: S3Server;
  let proxy: S3Proxy;
  let scene: Scene;
  let state: StateStore;

  beforeAll(async () => {
    [redis, server] = await Promise.all([startTestRedis(), startS3Server()]);
    await server.createBucket('state');
    proxy = await startS3Proxy(server.endpoint);
    scene = await openScene({
      queue: redis.url,
      latencyInMs: [40, 60],
      environment: {
        ...server.environment,
        AWS_ENDPOINT_URL_S3: proxy.endpoint,
        ROLLCALL_STATE: address,
        ROLLCALL_CONCURRENCY: `${concurrency}`,
        ROLLCALL_RATE: '30',
      },
    });
    state = createS3StateStore({
      client: async () => server.client,
      address: { bucket: 'state', key: 'faces' },
    });
    await writePhotos(join(scene.folder, 'archive'), { count: photos - 2 });
    await writeFiles(join(scene.folder, 'archive'), {
      'q1.jpg': await makePhoto({ script: 'code-5' }),
      'q2.jpg': 'no photo',
    });
  });
  afterAll(async () => {
    await scene.close();
    await proxy.close();
    await server.close();
    await redis.close();
  });

  const textOf = async (path: string) => {
    let text = '';
    for await (const lines of state.readLines(path)) for (const line of lines) text += `${line.text}\n`;
    return text;
  };
  const filesOf = async (runId: string) => (await state.list(`runs/${runId}`)).map(({ name }) => name);
  const calls = (count: number) => until(() => scene.engine.calls.length >= count);

  it('is killed, resumed and reported as on a disk; nothing is left on this machine', async () => {
    const command = ['run', './archive', '--run-id', 'killed', '--json'];
    const dying = scene.start(command);
    await calls(photos / 2);
    dying.signal('SIGKILL');
    await dying.ended;
    expect((await state.list('runs/killed/parts')).length).toBeGreaterThan(0);
    const status = await scene.run(['status']);
    expect(status.stdout).toMatch(/^killed {2}/m);
    proxy.answer(({ kind }) => kind === 'put', slowDown, 2);
    const end = await scene.run(command);
    expect(end.exitCode, end.stderr).toBe(1);
    expect(end.stderr).toContain('Resuming run killed');
    expect(JSON.parse(end.stdout)).toMatchObject({
      total: photos,
      byStatus: { enrolled: photos - 2, rejected: 1, failed: 1 },
      runDir: `${address}/runs/killed`,
    });
    const text = await textOf('runs/killed/report.jsonl');
    expect(parseLines(text).map(({ seq }) => seq)).toEqual(
      Array.from({ length: photos }, (_, index) => index + 1),
    );
    const { reportSha256 } = JSON.parse(end.stdout);
    expect(createHash('sha256').update(text).digest('hex')).toBe(reportSha256);
    expect(scene.engine.calls.length - (photos - 1)).toBeLessThanOrEqual(concurrency);
    expect(await filesOf('killed')).toEqual([
      'aggregates.json',
      'control.json',
      'dead-letters.jsonl',
      'events',
      'manifest.jsonl',
      'report.jsonl',
      'run.first.json',
      'run.json',
      'summary.json',
    ]);
    expect((await readdir(scene.folder)).sort()).toEqual(['archive']);
  });

  it('its report is fetched byte for byte, into a new file that only this user can read', async () => {
    const shown = await scene.run(['report', 'killed']);
    expect(shown.exitCode).toBe(0);
    expect(shown.stdout).toContain(`Report: ${address}/runs/killed/report.jsonl`);
    const text = await textOf('runs/killed/report.jsonl');
    const printed = await scene.run(['report', 'killed', '--format', 'jsonl']);
    expect(`${printed.stdout}\n`).toBe(text);
    const fetched = await scene.run(['report', '--output', 'fetched.jsonl']);
    expect(fetched.exitCode, fetched.stderr).toBe(0);
    const file = join(scene.folder, 'fetched.jsonl');
    expect(await readFile(file, 'utf8')).toBe(text);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const again = await scene.run(['report', '--output', 'fetched.jsonl']);
    expect(again.exitCode).toBe(2);
    expect(again.stderr).toContain('--output: fetched.jsonl exists already');
    const csv = await scene.run(['report', '--format', 'csv', '--output', 'fetched.csv']);
    expect(csv.exitCode).toBe(0);
    expect((await readFile(join(scene.folder, 'fetched.csv'), 'utf8')).split('\n').length).toBe(photos + 2);
  });

  it('its dead letters are listed, exported and tried again', async () => {
    const listed = await scene.run(['dead-letters', 'killed', '--json']);
    expect(parseLines(listed.stdout).map(({ status }) => status)).toEqual(['rejected', 'failed']);
    await writeFile(join(scene.folder, 'archive', 'q2.jpg'), await makePhoto());
    const retried = await scene.run(['dead-letters', 'killed', '--retry', '--json']);
    expect(retried.exitCode, retried.stderr).toBe(0);
    expect(JSON.parse(retried.stdout)).toMatchObject({ total: 1, byStatus: { enrolled: 1 } });
  });

  it('the ledger is there, too: a night over an archive that did not change makes no call', async () => {
    const before = scene.engine.calls.length;
    const night = await scene.run(['run', './archive', '--run-id', 'night', '--incremental', '--json']);
    expect(night.exitCode, night.stderr).toBe(0);
    expect(JSON.parse(night.stdout)).toMatchObject({
      total: photos,
      byStatus: { skipped: photos },
      byReason: { unchanged: photos - 1, 'rejected-before': 1 },
    });
    expect(scene.engine.calls.length).toBe(before);
  });

  it('its dead letters are decided: a file that is given is on S3 until it is enrolled, and nowhere here', async () => {
    await writeFiles(scene.folder, {
      'other.jpg': await makePhoto(),
      'decisions.csv': 'seq,action,file\n59,retry-file,other.jpg\n',
    });
    const decided = await scene.run(['review', 'killed', '--decisions', 'decisions.csv']);
    expect(decided.exitCode, decided.stderr).toBe(0);
    expect(await state.list('runs/killed/uploads')).toHaveLength(1);
    const applied = await scene.run(['review', 'killed', '--apply', '--json']);
    expect(applied.exitCode, applied.stderr).toBe(0);
    const { run, byStatus } = JSON.parse(applied.stdout);
    expect(byStatus).toMatchObject({ enrolled: 1, rejected: 0, failed: 0 });
    // The next night leaves alone what was enrolled from another file.
    const night = await scene.run(['run', './archive', '--run-id', 'next', '--incremental', '--json']);
    expect(JSON.parse(night.stdout).byReason).toEqual({ unchanged: photos });
    for (const id of ['killed', run]) expect(await state.list(`runs/${id}/uploads`)).toEqual([]);
  });

  it('it is audited; an audit that is killed goes on, and nothing of it is here', async () => {
    const before = scene.engine.calls.length;
    const command = ['audit', '--sample', 'all'];
    const dying = scene.start(command);
    await calls(before + photos / 2);
    dying.signal('SIGKILL');
    await dying.ended;
    const end = await scene.run([...command, '--json']);
    expect(end.stderr).toContain('Resuming audit');
    // The one that was enrolled from another file is not asked about.
    expect(end.exitCode, end.stderr).toBe(1);
    const { audit, total, byStatus, byReason, identifications } = JSON.parse(end.stdout);
    expect({ total, byStatus, byReason }).toEqual({
      total: photos,
      byStatus: { present: photos - 1, unknown: 1 },
      byReason: { 'photo-changed': 1 },
    });
    expect(scene.engine.calls.length - before - identifications).toBeLessThanOrEqual(concurrency);
    const lines = (await textOf(`audits/${audit}/audit.jsonl`)).trimEnd().split('\n');
    expect(new Set(lines.map((line) => JSON.parse(line).seq)).size).toBe(photos);
    expect(await readdir(scene.folder)).not.toContain('rollcall-data');
  });

  it('coverage is noted there, in counts', async () => {
    await writeFiles(scene.folder, { 'staff.txt': 'q1\nnobody\n' });
    expect((await scene.run(['coverage', 'staff.txt'])).exitCode).toBe(1);
    const [kept] = await listCoverageRecords(state);
    expect(kept?.record).toMatchObject({ list: 'staff.txt', people: 2 });
  });

  it('a run is undone there; an undoing that is killed goes on', async () => {
    const people = Array.from({ length: 16 }, (_, index) => `wrong-${index}`);
    for (const person of people)
      await writeFiles(scene.folder, { [`wrong/${person}.jpg`]: await makePhoto() });
    expect((await scene.run(['run', './wrong', '--run-id', 'wrong'])).exitCode).toBe(0);
    const held = scene.engine.templates.size;
    const before = scene.engine.calls.length;
    const command = ['undo', 'wrong', '--yes', '--json'];
    const dying = scene.start(command);
    await calls(before + people.length / 2);
    dying.signal('SIGKILL');
    await dying.ended;
    const end = await scene.run(command);
    expect(end.exitCode, end.stderr).toBe(0);
    expect(JSON.parse(end.stdout).byStatus).toEqual({ reversed: people.length, kept: 0, impossible: 0 });
    expect(held - scene.engine.templates.size).toBe(people.length);
    expect(scene.engine.calls.length - before - people.length).toBeLessThanOrEqual(concurrency);
    const known = await scene.run(['run', './wrong', '--incremental', '--dry-run', '--json']);
    expect(JSON.parse(known.stdout)).toMatchObject({ unchanged: 0 });
  });

  it('a run is paused, goes on, and is cancelled, by commands that share nothing but state and queue', async () => {
    const enqueued = await scene.run(['enqueue', './archive', '--run-id', 'asked']);
    expect(enqueued.stdout.trim()).toBe('asked');
    // So slow that the archive is not done before the commands are, on any machine.
    const worker = scene.start(['worker', '--concurrency', '2', '--rate', '1']);
    const before = scene.engine.calls.length;
    await calls(before + 2);
    expect((await scene.run(['pause', 'asked'])).exitCode).toBe(0);
    await until(async () => (await readRunRecord(state, 'asked'))?.state === 'paused');
    expect((await scene.run(['status', 'asked'])).stdout).toContain('why it waits: it was paused by hand');
    const paused = scene.engine.calls.length;
    expect((await scene.run(['resume', 'asked'])).exitCode).toBe(0);
    await calls(paused + 2);
    const cancelled = await scene.run(['cancel', 'asked', '--json']);
    expect(cancelled.exitCode, cancelled.stderr).toBe(3);
    expect(JSON.parse(cancelled.stdout)).toMatchObject({ state: 'cancelled', total: photos });
    worker.signal('SIGTERM');
    expect((await worker.ended).exitCode).toBe(0);
  });

  it('what it cannot do is said: the embedded queue, a bucket that is not there', async () => {
    const embedded = await scene.run(['run', './archive', '--queue', 'embedded']);
    expect(embedded.exitCode).toBe(2);
    expect(embedded.stderr).toMatch(
      /embedded queue .* --queue \(ROLLCALL_QUEUE\) to a redis:\/\/ or postgres:\/\//,
    );
    const nowhere = await scene.run(['status', '--state', 's3://nowhere/at-all']);
    expect(nowhere.exitCode).toBe(2);
    expect(nowhere.stderr).toContain('there is no such bucket');
    const bad = await scene.run(['status', '--state', 's3:///at-all']);
    expect(bad.exitCode).toBe(2);
    const doctor = await scene.run(['doctor']);
    expect(doctor.stdout).toContain(`ok    state    ${address} can be written`);
  });
});
