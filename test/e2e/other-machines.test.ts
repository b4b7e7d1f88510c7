import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { writePhotos } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

const photos = 6;
let redis: TestRedis;
let scene: Scene;

beforeAll(async () => {
  redis = await startTestRedis();
});
afterEach(() => scene.close());
afterAll(() => redis.close());

describe('a worker with another state', () => {
  it('says once which runs it cannot see, waits beside them, and does what is its own', async () => {
    scene = await openScene({ queue: redis.url });
    await writePhotos(join(scene.folder, 'archive'), { count: photos });
    const elsewhere = ['worker', '--state', './elsewhere'];

    const waiting = scene.start(elsewhere);
    await until(() => waiting.stderr().includes('Working on the runs of'));
    const enqueued = await scene.run(['enqueue', './archive']);
    const runId = enqueued.stdout;
    expect(enqueued.stderr).toContain('no worker with this state');
    await until(() => waiting.stderr().includes('which this worker does not see'));

    // One that comes later, too, and works on.
    const fresh = scene.start(elsewhere);
    await until(() => fresh.stderr().includes('which this worker does not see'));
    for (const word of [
      runId,
      scene.stateFolder,
      join(scene.folder, 'elsewhere'),
      '--state',
      'ROLLCALL_STATE',
    ])
      expect(fresh.stderr()).toContain(word);
    const { stdout: own } = await scene.run(['enqueue', './archive', '--state', './elsewhere']);
    await until(() =>
      `${waiting.stderr()}${fresh.stderr()}`.includes(`Run ${own}: finished, ${photos} photos`),
    );
    expect(fresh.stderr().split('which this worker does not see')).toHaveLength(2);
    expect(scene.engine.calls).toHaveLength(photos);
    // Another account's runs are none of its business.
    const stranger = scene.start(elsewhere, { environment: { OOTO_APP_ID: 'another' } });
    await until(() => stranger.stderr().includes('Working on the runs of'));

    const worker = scene.start(['worker']);
    await until(() => worker.stderr().includes(`Run ${runId}: finished, ${photos} photos`));
    for (const process of [waiting, fresh, stranger, worker]) {
      process.signal('SIGTERM');
      expect((await process.ended).exitCode).toBe(0);
    }
    expect(stranger.stderr()).not.toContain('does not see');
  });
});

describe('local files on the queue of another machine', () => {
  /** An address that stands for another machine; nothing is sent there. */
  const remote = { ROLLCALL_QUEUE: 'redis://:secret@redis.invalid:6379' };

  it('are refused before anything is opened, and what to set is said', async () => {
    scene = await openScene();
    await writePhotos(join(scene.folder, 'archive'), { count: 1 });
    for (const command of [
      ['enqueue', './archive'],
      ['run', './archive'],
    ]) {
      const end = await scene.run(command, { environment: remote });
      expect(end.exitCode, end.stderr).toBe(2);
      expect(end.stderr).toContain('--shared-files (ROLLCALL_SHARED_FILES)');
      expect(end.stderr).toContain(join(scene.folder, 'archive'));
      expect(end.stderr).not.toContain('secret');
    }
    const input = '{"subjectId":"emp-1","photo":"archive/photo-1.jpg"}\n';
    const piped = await scene.start(['enqueue', '-'], { environment: remote, input }).ended;
    expect(piped.exitCode, piped.stderr).toBe(2);
    expect(piped.stderr).toContain('the photo of emp-1');
    // Said to be shared, the queue itself is the next question.
    const shared = await scene.run(['enqueue', './archive', '--shared-files'], { environment: remote });
    expect(shared.exitCode).toBe(4);
    expect(shared.stderr).toContain('redis.invalid');
    expect((await scene.run(['status'])).stdout).toContain('No run in');
  });

  it('are left alone by a worker on another machine, unless they are said to be shared', async () => {
    scene = await openScene({ queue: redis.url });
    await writePhotos(join(scene.folder, 'archive'), { count: photos });
    const { stdout: runId } = await scene.run(['enqueue', './archive']);
    const record = await scene.record(runId);
    expect(record.filesOn).toBeDefined();
    await scene.writeRecord({ ...record, filesOn: 'another-machine' });
    const worker = scene.start(['worker']);
    await until(() => worker.stderr().includes('files of the machine another-machine'));
    worker.signal('SIGTERM');
    expect((await worker.ended).stderr).not.toContain(`Run ${runId}: joined`);
    const shared = scene.start(['worker', '--shared-files']);
    await until(() => shared.stderr().includes(`Run ${runId}: finished, ${photos} photos`));
    shared.signal('SIGTERM');
    await shared.ended;
  });
});
