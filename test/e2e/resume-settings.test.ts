import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openRollcall } from '../../src/runs/open-rollcall.ts';
import { accountIdOf } from '../../src/settings/account.ts';
import { testCredentials } from '../helpers/engine-server.ts';
import { writePhotos } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene, type SceneOptions } from '../helpers/scene.ts';

const photos = 3;

let redis: TestRedis;
let scene: Scene;

beforeAll(async () => {
  redis = await startTestRedis();
});
afterEach(() => scene.close());
afterAll(() => redis.close());

async function openArchive(options: SceneOptions = {}): Promise<void> {
  scene = await openScene({ queue: redis.url, ...options });
  await writePhotos(join(scene.folder, 'archive'), { count: photos });
}

describe('a run that is started again', () => {
  it('says what it takes over, refuses what is fixed, and keeps what is not given', async () => {
    await openArchive();
    const start = ['run', './archive', '--max-calls', '1', '--backoff', '10ms..20ms', '--rate', '150'];
    expect(await scene.run(start)).toMatchObject({ exitCode: 3 });
    const [runId = ''] = await scene.runIds();
    const calls = scene.engine.calls.length;
    const wider = ['--keep-demographics', '--allow-private', '--allow-outside'];
    const refused = await scene.run(['run', './archive', ...wider]);
    expect(refused.exitCode).toBe(2);
    for (const flag of wider) expect(refused.stderr).toContain(`${flag} on (its own: off)`);
    expect(scene.engine.calls).toHaveLength(calls);
    // The rate is given by the scene's environment.
    const resumed = await scene.run(['run', './archive', '--max-attempts', '7', '--max-calls', '100']);
    expect(resumed.exitCode).toBe(0);
    expect(resumed.stderr).toContain(`Resuming run ${runId}`);
    expect(resumed.stderr).toContain(
      'Taken over: --rate 200 (was 150), --max-calls 100 (was 1), --max-attempts 7 (was 5)',
    );
    expect((await scene.record(runId)).settings).toMatchObject({
      rate: 200,
      maxCalls: 100,
      maxAttempts: 7,
      backoff: { firstDelayInMs: 10, ceilingInMs: 20 },
    });
    expect(await scene.report(runId)).toHaveLength(photos);
  });

  it('is listed as it was begun, also where that is not said again', async () => {
    await openArchive();
    await writePhotos(join(scene.folder, 'archive', 'left'), { count: photos });
    const start = ['run', './archive', '--exclude', 'left/**', '--id-from', '{id}.{ext}', '--max-calls', '1'];
    expect(await scene.run(start)).toMatchObject({ exitCode: 3 });
    expect(await scene.run(['run', './archive', '--max-calls', '100'])).toMatchObject({ exitCode: 0 });
    const [runId = ''] = await scene.runIds();
    expect(await scene.report(runId)).toHaveLength(photos);
  });

  it('goes on with its own rate where a worker resumes it, and with another that resume is given', async () => {
    await openArchive({ environment: { ROLLCALL_RATE: undefined } });
    await scene.run(['run', './archive', '--max-calls', '1', '--rate', '20']);
    const [runId = ''] = await scene.runIds();
    const resumed = await scene.run(['resume', runId, '--rate', '30']);
    expect(resumed.stderr).toContain('Taken over: --rate 30 (was 20)');
    expect((await scene.record(runId)).settings).toMatchObject({ rate: 30 });
    const rateOf = async (environment: Record<string, string>) => {
      const rollcall = await openRollcall({
        environment: { ...environment, ROLLCALL_QUEUE: redis.url },
        folder: scene.folder,
      });
      try {
        const limiter = await rollcall.limiter(`an account ${JSON.stringify(environment)}`);
        const before = limiter.snapshot().ratePerSecond;
        limiter.joinRun(runId, (await scene.record(runId)).settings.rate);
        return [before, limiter.snapshot().ratePerSecond];
      } finally {
        await rollcall.close();
      }
    };
    expect(await rateOf({})).toEqual([10, 30]);
    expect(await rateOf({ ROLLCALL_RATE: '7' })).toEqual([7, 7]);
    expect(await rateOf({ ROLLCALL_RATE: '70' })).toEqual([70, 30]);
  });

  it('was begun by the former version', async () => {
    await openArchive({ language: 'verihubs' });
    const { url } = scene.engine;
    const record = {
      ...formerRecord,
      source: join(scene.folder, 'archive'),
      rootFolder: join(scene.folder, 'archive'),
      engineUrl: url,
      account: accountIdOf({ engine: 'verihubs', url, appId: testCredentials.appId }),
    };
    await mkdir(scene.pathOf('former', ''), { recursive: true });
    for (const file of ['run.json', 'run.first.json'])
      await writeFile(scene.pathOf('former', file), JSON.stringify(record));
    const refused = await scene.run(['run', './archive', '--validate-quality']);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('--validate-quality on (its own: off)');
    const resumed = await scene.run(['run', './archive']);
    expect(resumed.stderr).toContain('Resuming run former');
    expect(resumed.exitCode).toBe(0);
    expect(await scene.report('former')).toHaveLength(photos);
    expect((await scene.record('former')).settings).toMatchObject(formerRecord.settings);
    for (const { fields } of scene.engine.calls)
      expect(fields).toMatchObject({ is_liveness: true, validate_nface: true, is_quality: true });
  });
});

/** As the version before the rooms wrote it: `rollcall enqueue --max-attempts 7 --check-liveness --validate-nface …`. */
const formerRecord = {
  schema: 'rollcall.run/1',
  id: 'former',
  createdAt: '2026-11-28T10:05:24.025Z',
  updatedAt: '2026-11-28T10:05:24.082Z',
  engine: 'verihubs',
  state: 'paused',
  waitsFor: 'a person',
  epoch: 0,
  settings: {
    idFrom: '{id}.{ext}',
    sameSubject: 'collision',
    repeat: 'first',
    include: [],
    exclude: [],
    redrive: 'unsettled',
    incremental: false,
    report: 'all',
    prepare: 'auto',
    stripMetadata: false,
    preflight: false,
    limit: 100,
    checkLiveness: true,
    checkDeepfake: false,
    require: [],
    dedupe: false,
    dedupeParallel: false,
    threshold: 0.75,
    checkQuality: true,
    checkAttribute: true,
    validateQuality: false,
    validateAttribute: false,
    validateLiveness: false,
    validateNface: true,
    photoTransport: 'bytes',
    keepDemographics: false,
    allowOutside: false,
    allowPrivate: false,
    allowEmpty: false,
    maxAttempts: 7,
    backoff: { firstDelayInMs: 1000, ceilingInMs: 60_000 },
    stopAfterFailures: { share: 0.5 },
  },
  counts: { listed: 0, done: 0, deadLetters: 0, calls: 0 },
};
