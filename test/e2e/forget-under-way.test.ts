import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { templateIdOf } from '../../src/engines/template-id.ts';
import { createS3StateStore } from '../../src/state/s3/s3-state-store.ts';
import { makePhoto, writeFiles, writePhotos } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { type S3Server, startS3Server } from '../helpers/s3-server.ts';
import { openScene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

const idOf = (subjectId: string) => templateIdOf({ engine: 'ooto', subjectId });

describe('forgetting', { timeout: 180_000 }, () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startTestRedis();
  });
  afterAll(() => redis.close());

  it('while a run goes on: neither a photo in the queue nor one on its way comes back', async () => {
    // Slow enough that the last photo is not called before the command has begun.
    const scene = await openScene({ queue: redis.url, environment: { ROLLCALL_RATE: '1' } });
    try {
      const photos = Array.from({ length: 30 }, (_, index) => `m-${String(index + 1).padStart(2, '0')}`);
      const files = photos.map(async (name) => [
        `${name}.jpg`,
        await makePhoto(name === 'm-02' ? { script: 'slow:ms=3000' } : {}),
      ]);
      await writeFiles(join(scene.folder, 'archive'), Object.fromEntries(await Promise.all(files)));
      const running = scene.start(['run', 'archive', '--timeout', '4s']);
      const isCalled = (name: string) =>
        scene.engine.calls.some(({ templateId }) => templateId === idOf(name));
      await until(() => isCalled('m-02'));
      const forgotten = await scene.run(['forget', 'm-01', 'm-02', 'm-30', '--timeout', '2s', '--json']);
      expect(forgotten.exitCode, forgotten.stderr).toBe(0);
      expect(forgotten.stderr).toContain('waiting');
      expect(JSON.parse(forgotten.stdout)).toMatchObject({ templatesDeleted: 2, templatesGone: 1 });
      const deletions = scene.engine.calls.filter(({ path }) => path.endsWith('/delete'));
      const late = scene.engine.calls.find(({ templateId }) => templateId === idOf('m-02'));
      for (const { arrivedAtInMs } of deletions)
        expect(arrivedAtInMs).toBeGreaterThan(late?.answeredAtInMs ?? Number.POSITIVE_INFINITY);
      running.signal('SIGTERM');
      expect((await running.ended).exitCode).toBe(143);

      const [runId = ''] = await scene.runIds();
      const ended = await scene.run(['run', 'archive', '--json'], { environment: { ROLLCALL_RATE: '200' } });
      expect(ended.exitCode, ended.stderr).toBe(0);
      expect(JSON.parse(ended.stdout)).toMatchObject({ run: runId, byStatus: { enrolled: 29, skipped: 1 } });
      const report = await scene.report(runId);
      expect(report.at(-1)).toMatchObject({ subjectId: 'm-30', status: 'skipped', reason: 'forgotten' });
      expect(scene.engine.templates.size).toBe(27);
      for (const name of ['m-01', 'm-02', 'm-30']) expect(scene.engine.templates.has(idOf(name))).toBe(false);
      // The run knew of two of them before they were erased; its ledger says nothing of them.
      const again = await scene.run(['run', 'archive', '--incremental', '--json'], {
        environment: { ROLLCALL_RATE: '200' },
      });
      expect(JSON.parse(again.stdout)).toMatchObject({
        byReason: { forgotten: 3, unchanged: 27 },
        missing: 0,
      });
    } finally {
      await scene.close();
    }
  });

  it('with the state on S3', async () => {
    const server: S3Server = await startS3Server();
    await server.createBucket('state');
    const environment = { ...server.environment, ROLLCALL_STATE: 's3://state/faces' };
    const scene = await openScene({ queue: redis.url, environment });
    try {
      const client = { client: async () => server.client, address: { bucket: 'state', key: 'faces' } };
      const state = createS3StateStore(client);
      await writePhotos(join(scene.folder, 'archive'), { count: 3 });
      const first = JSON.parse((await scene.run(['run', 'archive', '--json'])).stdout);
      expect(first).toMatchObject({ byStatus: { enrolled: 3 } });
      const [line] = await linesOf(`runs/${first.run}/report.jsonl`);
      const { subjectId } = JSON.parse(line ?? '{}');
      const ended = await scene.run(['forget', subjectId, '--json']);
      expect(ended.exitCode, ended.stderr).toBe(0);
      expect(scene.engine.templates.size).toBe(2);
      const second = JSON.parse((await scene.run(['run', 'archive', '--incremental', '--json'])).stdout);
      expect(second).toMatchObject({ byReason: { forgotten: 1, unchanged: 2 } });
      const [account = ''] = (await state.list('forgotten')).map(({ name }) => name);
      const texts = [];
      for (const folder of [
        `forgotten/${account}/list`,
        `forgotten/${account}/erasures`,
        `ledger/${account}`,
      ])
        for (const { name } of await state.list(folder))
          if (name.endsWith('.jsonl')) texts.push(...(await linesOf(`${folder}/${name}`)));
      expect(texts).toHaveLength(4);
      expect(texts.join('\n')).not.toContain(subjectId);

      async function linesOf(path: string): Promise<string[]> {
        const lines: string[] = [];
        for await (const batch of state.readLines(path)) lines.push(...batch.map(({ text }) => text));
        return lines;
      }
    } finally {
      await scene.close();
      await server.close();
    }
  });
});
