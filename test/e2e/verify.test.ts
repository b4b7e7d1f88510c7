import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { openQueue } from '../../src/queue/open-queue.ts';
import type { ReportLine } from '../../src/records/report/report-line.ts';
import { summarySchema } from '../../src/records/summary.ts';
import { writePhotos } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, parseLines, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

const photos = 40;

let redis: TestRedis;
let scene: Scene;
beforeAll(async () => {
  redis = await startTestRedis();
});
afterEach(() => scene.close());
afterAll(() => redis.close());

const enrollments = () => scene.engine.calls.filter(({ path }) => path.includes('/add')).length;
const chosen = (lines: readonly ReportLine[]) =>
  lines.filter(({ verification }) => verification !== undefined).map(({ seq }) => seq);

it('the same photos are chosen whenever a run of one id is made; a share, a count, all', async () => {
  scene = await openScene({ queue: redis.url });
  await writePhotos(join(scene.folder, 'archive'), { count: photos });
  const verified = async (runId: string, which: string, state: string) => {
    const args = ['--run-id', runId, '--verify', which, '--state', state];
    const end = await scene.run(['run', 'archive', '--json', ...args]);
    expect(end.exitCode, end.stderr).toBe(0);
    const report = await readFile(join(scene.folder, state, 'runs', runId, 'report.jsonl'), 'utf8');
    const seqs = chosen(parseLines(report));
    const count = seqs.length;
    expect(summarySchema.parse(JSON.parse(end.stdout))).toMatchObject({
      calls: photos + count,
      identifications: count,
      retries: 0,
      verification: { photos: count, matched: count, share: 1, lowestSimilarity: 1 },
    });
    return seqs;
  };
  const share = await verified('one', '30%', 'first');
  expect(share.length).toBeGreaterThan(2);
  expect(share.length).toBeLessThan(photos - 10);
  expect(await verified('one', '30%', 'second')).toEqual(share);
  const count = await verified('two', '7', 'first');
  expect(count).toHaveLength(7);
  expect(await verified('two', '7', 'second')).toEqual(count);
  expect(await verified('three', 'all', 'first')).toHaveLength(photos);
});

it('killed, interrupted or cancelled while photos wait to be found: none is enrolled again', async () => {
  scene = await openScene({ queue: redis.url, environment: { ROLLCALL_BACKOFF: '1h..1h' } });
  scene.engine.setIndexLag({ inMs: 3_600_000 });
  await writePhotos(join(scene.folder, 'archive'), { count: 8 });
  const args = ['run', 'archive', '--verify', 'all'];
  const first = scene.start(args);
  const [runId = ''] = await until(async () => {
    const ids = await scene.runIds();
    return ids.length > 0 && ids;
  });
  const backend = await openQueue({ queue: redis.url, onError: () => {} });
  try {
    const queue = backend.openRunQueue(runId);
    await until(async () => (await queue.counts()).delayed === 8);
  } finally {
    await backend.close();
  }
  first.signal('SIGKILL');
  await first.ended;
  const callsBefore = scene.engine.calls.length;
  const second = scene.start(args);
  await until(() => second.stderr().includes(`Resuming run ${runId}`));
  second.signal('SIGINT');
  expect((await second.ended).exitCode).toBe(130);
  await scene.run(['cancel', runId]);
  const end = await scene.run(args.concat('--run-id', runId));
  expect(end.exitCode, end.stderr).toBe(3);
  const lines = await scene.report(runId);
  expect(lines).toHaveLength(8);
  for (const line of lines) {
    expect(line).toMatchObject({
      status: 'enrolled',
      stored: 'yes',
      attempts: 1,
      calls: 2,
      identifications: 1,
    });
    expect(line).toMatchObject({ warnings: ['not-verified'], templateId: expect.any(String) });
  }
  expect(scene.engine.calls).toHaveLength(callsBefore);
  expect(enrollments()).toBe(8);
});

it('a budget of calls holds identifications, too', async () => {
  scene = await openScene({ queue: redis.url });
  await writePhotos(join(scene.folder, 'archive'), { count: 12 });
  const args = ['run', 'archive', '--dedupe', '--concurrency', '4'];
  const end = await scene.run([...args, '--max-calls', '9']);
  expect(end.exitCode, end.stderr).toBe(3);
  expect(scene.engine.calls).toHaveLength(9);
  const more = await scene.run([...args, '--max-calls', '100', '--json']);
  expect(more.exitCode, more.stderr).toBe(0);
  expect(JSON.parse(more.stdout)).toMatchObject({ calls: scene.engine.calls.length });
  expect(enrollments()).toBe(12);
});
