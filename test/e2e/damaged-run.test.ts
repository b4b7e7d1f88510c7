import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { writePhotos } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

const photos = 60;
const concurrency = 8;

/** What a dying machine may leave of a run's files. */
const damages = [
  { what: 'half a run.json', file: 'run.json', damage: half },
  { what: 'an empty run.json', file: 'run.json', damage: (path: string) => truncate(path, 0) },
  {
    what: 'a run.json of zeros',
    file: 'run.json',
    damage: (path: string) => writeFile(path, Buffer.alloc(900)),
  },
  { what: 'half a last line in the manifest', file: 'manifest.jsonl', damage: tornLine },
  { what: 'half a last line in a part', file: 'parts/1-1.jsonl', damage: tornLine },
  { what: 'half a control.json', file: 'control.json', damage: half },
];

let redis: TestRedis;
let scene: Scene;

beforeAll(async () => {
  redis = await startTestRedis();
});
afterEach(() => scene.close());
afterAll(() => redis.close());

describe('a run whose files were damaged when its process died', () => {
  it.each(damages)('$what: the same command goes on, one line a photo', async ({ file, damage }) => {
    scene = await openScene({ queue: redis.url, latencyInMs: [40, 60] });
    await writePhotos(join(scene.folder, 'archive'), { count: photos });
    const command = ['run', './archive', '--concurrency', `${concurrency}`, '--rate', '40'];
    const dying = scene.start(command);
    await until(async () => scene.engine.calls.length > photos / 2);
    dying.signal('SIGKILL');
    await dying.ended;
    const [runId = ''] = await scene.runIds();
    await damage(scene.pathOf(runId, file));
    const end = await scene.run(command);
    expect(end.stderr).toContain(`Resuming run ${runId}`);
    expect(end.exitCode).toBe(0);
    const report = await scene.report(runId);
    expect(report.map(({ seq, status }) => [seq, status])).toEqual(
      Array.from({ length: photos }, (_, index) => [index + 1, 'enrolled']),
    );
    expect(scene.engine.calls.length - photos).toBeLessThanOrEqual(concurrency + 1);
    expect((await scene.record(runId)).state).toBe('finished');
  });
});

it('a run that is over stays so when its run.json is damaged: no photo is called again', async () => {
  scene = await openScene({ queue: redis.url });
  await writePhotos(join(scene.folder, 'archive'), { count: photos });
  const command = ['run', './archive', '--run-id', 'over'];
  expect((await scene.run(command)).exitCode).toBe(0);
  const before = await scene.record('over');
  await half(scene.pathOf('over', 'run.json'));
  const end = await scene.run([...command, '--json']);
  expect(end.exitCode, end.stderr).toBe(0);
  expect(JSON.parse(end.stdout)).toMatchObject({ state: 'finished', total: photos });
  expect(scene.engine.calls.length).toBe(photos);
  const { state, counts, listed } = await scene.record('over');
  expect({ state, counts, listed }).toEqual({
    state: 'finished',
    counts: before.counts,
    listed: before.listed,
  });
});

it.each([
  [['report']],
  [['report', '--format', 'csv']],
  [['dead-letters']],
  [['dead-letters', '--retry', 'all']],
  [['review']],
])(
  'of a run that is over and has lost its report, %j does not say that there was nothing',
  async ([command = '', ...flags]) => {
    scene = await openScene({ queue: redis.url });
    await writePhotos(join(scene.folder, 'archive'), { count: 2, script: 'code-5' });
    expect((await scene.run(['run', './archive', '--run-id', 'over'])).exitCode).toBe(1);
    for (const file of ['report.jsonl', 'summary.json', 'dead-letters.jsonl', 'aggregates.json'])
      await rm(scene.pathOf('over', file));
    const end = await scene.run([command, 'over', ...flags]);
    expect(end.exitCode, end.stdout).toBe(4);
    expect(end.stderr).toMatch(/no summary\.json|has 0 lines of 2 photos/);
    expect(end.stderr).not.toContain('No dead letters');
  },
);

async function half(path: string): Promise<void> {
  await truncate(path, Math.floor((await readFile(path)).length / 2));
}

/** As if the machine had gone while a line was written: what follows the last newline is half a line. */
async function tornLine(path: string): Promise<void> {
  const content = await readFile(path);
  await writeFile(path, Buffer.concat([content, content.subarray(0, 40)]));
}
