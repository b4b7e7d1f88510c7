import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCanarySample } from '../../src/records/canary-sample.ts';
import { readRunRecord } from '../../src/records/run-record.ts';
import { createS3StateStore } from '../../src/storage/state/s3/s3-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { writePhotos } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { type S3Server, startS3Server } from '../helpers/s3-server.ts';
import { openScene, parseLines, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

const photos = 60;
const sampled = 12;
/** The folders have photos of the same people. */
const again = ['--replace'];

describe('four workers of a run whose state is on S3', () => {
  let redis: TestRedis;
  let server: S3Server;
  let scene: Scene;
  let state: StateStore;

  beforeAll(async () => {
    [redis, server] = await Promise.all([startTestRedis(), startS3Server()]);
    await server.createBucket('state');
    scene = await openScene({
      queue: redis.url,
      latencyInMs: [10, 40],
      environment: {
        ...server.environment,
        ROLLCALL_STATE: 's3://state/faces',
        ROLLCALL_BACKOFF: '10ms..20ms',
      },
    });
    state = createS3StateStore({
      client: async () => server.client,
      address: { bucket: 'state', key: 'faces' },
    });
    for (let worker = 0; worker < 3; worker += 1) scene.start(['worker']);
  });
  afterAll(async () => {
    await scene.close();
    await server.close();
    await redis.close();
  });

  const recordOf = async (runId: string) => (await readRunRecord(state, runId)) ?? expect.fail(runId);
  const whenFinished = (runId: string) => until(async () => (await recordOf(runId)).state === 'finished');
  const callsSince = (before: number) => scene.engine.calls.length - before;

  /** Each photo has one line. */
  async function reportOf(runId: string) {
    const { stdout } = await scene.run(['report', runId, '--format', 'jsonl']);
    const lines = parseLines(stdout);
    expect(lines.map(({ seq }) => seq)).toEqual(Array.from({ length: photos }, (_, index) => index + 1));
    return lines;
  }

  it('call its canary and nothing else until it is accepted', async () => {
    await writePhotos(join(scene.folder, 'good'), { count: photos });
    const run = ['run', './good', '--canary', `${sampled}`, '--run-id', 'good'];
    expect((await scene.run(run)).exitCode).toBe(0);
    expect((await recordOf('good')).canary).toMatchObject({ state: 'accepted', judged: sampled });
    const seqs = (await readCanarySample(state, 'good'))?.seqs ?? [];
    expect(seqs).toHaveLength(sampled);
    const lines = await reportOf('good');
    const times = (isSampled: boolean) =>
      lines.filter(({ seq }) => seqs.includes(seq) === isSampled).map((line) => Date.parse(line.finishedAt));
    expect(Math.max(...times(true))).toBeLessThanOrEqual(Math.min(...times(false)));
    expect(scene.engine.calls).toHaveLength(photos);
  });

  it('wait where the canary is refused, and go on when somebody says so', async () => {
    const before = scene.engine.calls.length;
    await writePhotos(join(scene.folder, 'bad'), { count: photos, script: 'code-5' });
    const end = await scene.run(['run', './bad', ...again, '--run-id', 'bad', '--canary', `${sampled}`]);
    expect(end.exitCode).toBe(3);
    expect(end.stderr).toContain(`its canary of ${sampled} photos was refused: rejected`);
    expect(await recordOf('bad')).toMatchObject({ state: 'paused', canary: { state: 'refused' } });
    expect(callsSince(before)).toBe(sampled);
    expect((await scene.run(['resume', 'bad'])).exitCode).toBe(0);
    await whenFinished('bad');
    expect((await recordOf('bad')).canary).toMatchObject({ state: 'accepted', acceptedBy: 'user' });
    expect(await reportOf('bad')).toHaveLength(photos);
    expect(callsSince(before)).toBe(photos);
  });

  it('pass no budget by a call, retries counted, and go on with more', async () => {
    const before = scene.engine.calls.length;
    const retried = 15;
    await writePhotos(join(scene.folder, 'paid'), { count: photos });
    await writePhotos(join(scene.folder, 'paid'), { count: retried, script: '503x1' });
    const priced = ['--price', '0.002', '--budget', '0.08'];
    const end = await scene.run(['run', './paid', ...again, ...priced, '--run-id', 'paid']);
    expect({ exitCode: end.exitCode, stderr: end.stderr }).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('the next call may pass the budget of 0.08 (--budget)'),
    });
    expect(callsSince(before)).toBeLessThanOrEqual(40);
    expect(callsSince(before)).toBeGreaterThan(20);
    expect((await scene.run(['set', 'paid', '--budget', '1'])).exitCode).toBe(0);
    expect((await scene.run(['resume', 'paid'])).exitCode).toBe(0);
    await whenFinished('paid');
    expect((await reportOf('paid')).filter(({ status }) => status === 'enrolled')).toHaveLength(photos);
    expect(callsSince(before)).toBe(photos + retried);
  });
});
