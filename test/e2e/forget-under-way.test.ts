import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { templateIdOf } from '../../src/engines/registry.ts';
import { createS3StateStore } from '../../src/storage/state/s3/s3-state-store.ts';
import { makePhoto, writeFiles, writePhotos } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { type S3Server, startS3Server } from '../helpers/s3-server.ts';
import { openScene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

const idOf = (subjectId: string) => templateIdOf({ engine: 'ooto', subjectId });

describe('forgetting', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startTestRedis();
  });
  afterAll(() => redis.close());

  it('while a run goes on: neither a photo in the queue nor one on its way comes back', async () => {
    const scene = await openScene({ queue: redis.url });
    try {
      const files = ['m-1', 'm-2', 'm-3', 'm-4', 'm-5', 'm-6'].map(async (name) => [
        `${name}.jpg`,
        await makePhoto(name === 'm-2' ? { script: 'slow:ms=3000' } : {}),
      ]);
      await writeFiles(join(scene.folder, 'archive'), Object.fromEntries(await Promise.all(files)));
      // It stops by itself after the third photo: the last is in the queue, and has not been called.
      const flags = ['--concurrency', '1', '--max-calls', '3', '--timeout', '4s'];
      const running = scene.start(['run', 'archive', ...flags]);
      const callOf = (name: string) => scene.engine.calls.find(({ templateId }) => templateId === idOf(name));
      await until(() => callOf('m-2'));
      const forgotten = await scene.run(['forget', 'm-1', 'm-2', 'm-6', '--timeout', '2s', '--json']);
      expect(forgotten.exitCode, forgotten.stderr).toBe(0);
      expect(JSON.parse(forgotten.stdout)).toMatchObject({ templatesDeleted: 2, templatesGone: 1 });
      const late = callOf('m-2')?.answeredAtInMs ?? Number.POSITIVE_INFINITY;
      for (const { path, arrivedAtInMs } of scene.engine.calls)
        if (path.endsWith('/delete')) expect(arrivedAtInMs).toBeGreaterThan(late);
      expect((await running.ended).exitCode).toBe(3);

      const ended = await scene.run(['run', 'archive', '--max-calls', '100', '--json']);
      expect(ended.exitCode, ended.stderr).toBe(0);
      const { run, byStatus } = JSON.parse(ended.stdout);
      expect([await scene.runIds(), byStatus]).toMatchObject([[run], { enrolled: 5, skipped: 1 }]);
      expect((await scene.report(run)).at(-1)).toMatchObject({ subjectId: 'm-6', reason: 'forgotten' });
      expect([...scene.engine.templates.keys()].sort()).toEqual(['m-3', 'm-4', 'm-5'].map(idOf).sort());
      // The run knew two of them as enrolled when it ended; its ledger says nothing of them.
      const again = await scene.run(['run', 'archive', '--incremental', '--json']);
      expect(JSON.parse(again.stdout)).toMatchObject({
        byReason: { forgotten: 3, unchanged: 3 },
        missing: 0,
      });
    } finally {
      await scene.close();
    }
  });

  it('at Verihubs, which knows templates by the subjects’ own ids', async () => {
    const scene = await openScene({ language: 'verihubs', queue: redis.url });
    try {
      const photo = await makePhoto();
      await writeFiles(join(scene.folder, 'staff'), { 'ann.jpg': photo, 'Zoe\u0308.jpg': photo });
      expect((await scene.run(['run', 'staff'])).exitCode).toBe(0);
      expect([...scene.engine.templates.keys()].sort()).toEqual(['Zo\u00eb', 'ann']);
      // Many calls in flight at once.
      scene.engine.setLatency([200, 300]);
      const others = Array.from({ length: 29 }, (_, index) => `nobody-${index}`);
      const ended = await scene.run(['forget', 'Zo\u00eb', ...others, '--json']);
      scene.engine.setLatency([0, 0]);
      expect([ended.exitCode, ended.stderr]).toEqual([
        0,
        expect.stringMatching(/^29 subjects matched nobody[^\n]*$/),
      ]);
      expect(JSON.parse(ended.stdout)).toMatchObject({ erased: 30, templatesDeleted: 1, templatesGone: 29 });
      const again = await scene.run(['run', 'staff', '--new', '--json']);
      expect(JSON.parse(again.stdout)).toMatchObject({
        byStatus: { enrolled: 1 },
        byReason: { forgotten: 1 },
      });
      expect([...scene.engine.templates.keys()]).toEqual(['ann']);
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
      const [account = ''] = (await state.list('ledger')).map(({ name }) => name);
      const texts = [];
      for (const folder of [
        'forgotten/engines/ooto/list',
        'forgotten/engines/ooto/erasures',
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
