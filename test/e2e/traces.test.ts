import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { canary, findCanaries } from '../helpers/canaries.ts';
import { testCredentials } from '../helpers/engine-server.ts';
import { tagPhoto } from '../helpers/engine-server-tag.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { startTraceCollector, type TraceCollector, treesOf } from '../helpers/trace-collector.ts';
import { until } from '../helpers/until.ts';

let redis: TestRedis;
let scene: Scene;
let collector: TraceCollector;

beforeAll(async () => {
  redis = await startTestRedis();
});
beforeEach(async () => {
  collector = await startTraceCollector();
  scene = await openScene({
    queue: redis.url,
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ROLLCALL_BACKOFF: '50ms..100ms' },
  });
});
afterEach(async () => {
  await scene.close();
  await collector.close();
});
afterAll(() => redis.close());

/** Each with a name of its own, and how the engine answers. */
async function writeArchive(answers: readonly string[]): Promise<void> {
  await mkdir(join(scene.folder, 'ivanova-archive'));
  const photo = await makePhoto();
  await writeFiles(
    join(scene.folder, 'ivanova-archive'),
    Object.fromEntries(
      answers.map((answer, place) => [`ivanova-${place}.jpg`, tagPhoto(photo, `${answer}#${place}`)]),
    ),
  );
}

it('a run has one span tree a photo, over all processes, and no word of whom or what it shows', async () => {
  await writeArchive(['ok', 'ok', 'code-5', '429x1', 'echo-503x2']);
  const { stdout: runId } = await scene.run(['enqueue', './ivanova-archive']);
  const workers = [scene.start(['worker']), scene.start(['worker'])];
  await until(async () => (await scene.record(runId)).state === 'finished');
  for (const worker of workers) worker.signal('SIGTERM');
  for (const worker of workers) await worker.ended;

  const trees = treesOf(collector.spans).sort();
  const once = 'photo(work(fetch prepare wait call))';
  expect(trees.filter((tree) => tree === once)).toHaveLength(3);
  expect(trees).toContain('photo(work(fetch prepare wait call wait call))');
  const again = 'work(fetch prepare wait call)';
  expect(trees).toContain(`photo(${again} ${again} ${again})`);
  expect(trees).toHaveLength(5);
  expect(new Set(collector.spans.map(({ traceId }) => traceId)).size).toBe(5);

  const text = collector.text();
  const hidden = ['ivanova', scene.folder, testCredentials.appKey, testCredentials.appId, process.execPath];
  expect(
    findCanaries(
      hidden.map((word) => canary(word, word)),
      { text },
    ),
  ).toEqual([]);
  const keys = new Set(collector.spans.flatMap(({ attributes }) => attributes.map(({ key }) => key)));
  expect([...keys].sort()).toEqual(
    ['again', 'attempts', 'error', 'kind', 'run', 'seq', 'status'].map((name) => `rollcall.${name}`),
  );
});

it('names subjects and photos where that is asked for', async () => {
  await writeArchive(['ok']);
  const end = await scene.start(['run', './ivanova-archive', '--trace-subjects']).ended;
  expect(end.exitCode, end.stderr).toBe(0);
  expect(treesOf(collector.spans)).toEqual(['photo(work(fetch prepare wait call))']);
  expect(collector.text()).toContain('"stringValue":"ivanova-0"');
});

it('a collector that is away costs a run nothing', async () => {
  await writeArchive(['ok']);
  await collector.close();
  const end = await scene.start(['run', './ivanova-archive']).ended;
  expect(end.exitCode, end.stderr).toBe(0);
  expect(end.stderr).not.toContain('ECONNREFUSED');
  collector = await startTraceCollector();
});
