import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { templateIdOf } from '../../src/engines/registry.ts';
import { openQueue } from '../../src/queue/open-queue.ts';
import type { ReportLine } from '../../src/records/report/report-line.ts';
import { provePace } from '../helpers/prove-pace.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { personOf, writeTwins } from '../helpers/twins.ts';
import { until } from '../helpers/until.ts';

const persons = 20;

let redis: TestRedis;
let scene: Scene;
beforeAll(async () => {
  redis = await startTestRedis();
});
afterEach(() => scene.close());
afterAll(() => redis.close());

const isIdentification = ({ path }: { path: string }) => path.includes('/identify');

/** Of each person one photo is enrolled; the other is a duplicate that names the template of the first. */
function proveTwins(lines: readonly ReportLine[], { wasKilled = false, similarity = 0.9 } = {}): void {
  expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, index) => index + 1));
  expect(lines).toHaveLength(2 * persons);
  const enrolled = new Map<string, ReportLine>();
  for (const line of lines) {
    if (line.status === 'enrolled') enrolled.set(personOf(line.subjectId), line);
  }
  expect(enrolled.size).toBe(persons);
  const duplicates = lines.filter(({ status }) => status === 'duplicate');
  expect(duplicates).toHaveLength(persons);
  for (const line of duplicates) {
    const first = enrolled.get(personOf(line.subjectId));
    expect(line).toMatchObject({ match: { templateId: first?.templateId, similarity } });
    // Of a photo that a dead process had nobody knows what was sent.
    if (!wasKilled) expect(line.stored).toBe('no');
    expect(first).not.toHaveProperty('match');
  }
  const stored = [...scene.engine.templates.keys()].sort();
  expect(stored).toEqual([...enrolled.values()].map(({ templateId }) => templateId).sort());
}

it('twins side by side: one is enrolled, the other a duplicate; each call counted and paced', async () => {
  const rate = 30;
  scene = await openScene({ isPaced: true, latencyInMs: [5, 25], environment: { ROLLCALL_RATE: `${rate}` } });
  await writeTwins(join(scene.folder, 'archive'), persons);
  const dryRun = ['run', 'archive', '--dedupe', '--verify', '7', '--dry-run', '--json'];
  const planned = await scene.run(dryRun);
  expect(JSON.parse(planned.stdout)).toMatchObject({ photos: 40, calls: 87, identifications: 47 });

  const paced = scene.start(['run', 'archive', '--dedupe', '--concurrency', '16', '--json']);
  const end = await paced.ended;
  expect(end.exitCode, end.stderr).toBe(1);
  const [runId = ''] = await scene.runIds();
  proveTwins(await scene.report(runId));
  const { calls } = scene.engine;
  expect(JSON.parse(end.stdout)).toMatchObject({
    calls: 60,
    identifications: 40,
    retries: 0,
    byStatus: { enrolled: 20, duplicate: 20 },
    notEnrolled: 20,
  });
  expect(calls).toHaveLength(60);
  expect(calls.filter(isIdentification)).toHaveLength(40);
  expect(calls.every(({ violations }) => violations.length === 0)).toBe(true);
  provePace({ calls, rate, holdUps: await scene.holdUps() });
  // One photo at a time is between the two: no call of another photo comes in between.
  for (const [place, call] of calls.entries()) {
    if (!isIdentification(call)) expect(calls[place - 1]?.photoSha256).toBe(call.photoSha256);
  }

  // Once more: the enrolled ones are found under their own template, which is none of another.
  const again = await scene.run(['run', 'archive', '--dedupe', '--new']);
  expect(again.exitCode, again.stderr).toBe(1);
  proveTwins(await scene.report((await scene.runIds())[1] ?? ''));
  const letters = await scene.run(['dead-letters']);
  expect(letters.stdout.split('\n')).toHaveLength(persons);
  expect(letters.stdout).toContain(templateIdOf({ engine: 'ooto', subjectId: 'p001-a' }));
  const other = await scene.run(['run', 'archive', '--run-id', runId], {
    environment: { ROLLCALL_DEDUPE: 'false' },
  });
  expect(other.stderr).toContain('--dedupe');
});

it('twins at Verihubs, whose search names nobody below the threshold, and whose scale goes to 100', async () => {
  scene = await openScene({ queue: redis.url, language: 'verihubs' });
  await writeTwins(join(scene.folder, 'archive'), persons);
  const end = await scene.run(['run', 'archive', '--dedupe', '--verify', 'all', '--json']);
  expect(end.exitCode, end.stderr).toBe(1);
  const lines = await scene.report((await scene.runIds())[0] ?? '');
  proveTwins(lines, { similarity: 90 });
  for (const line of lines.filter(({ status }) => status === 'enrolled'))
    expect(line.verification).toEqual({ matched: true, similarity: 100 });
  expect(scene.engine.calls.every(({ violations }) => violations.length === 0)).toBe(true);
  const identified = await scene.run(['identify', 'archive', '--threshold', '95', '--json']);
  // Of each two, one is the photo that was enrolled.
  expect(JSON.parse(identified.stdout)).toMatchObject({ photos: 40, matched: 20, threshold: 95 });
  const wrong = await scene.run(['run', 'archive', '--dedupe', '--new', '--threshold', '0.75']);
  expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('go from 0 to 100') });
});

it('two processes on one account, and the one that has the turn is killed', async () => {
  scene = await openScene({ queue: redis.url, latencyInMs: [10, 40] });
  await writeTwins(join(scene.folder, 'archive'), persons);
  const { stdout: runId } = await scene.run(['enqueue', './archive', '--dedupe']);
  const workers = [1, 2].map(() => scene.start(['worker', '--concurrency', '16']));
  const { account } = await scene.record(runId);
  const backend = await openQueue({ queue: redis.url, onError: () => {} });
  try {
    await until(() => scene.engine.calls.length > 20);
    const killed = await until(async () => {
      const holder = await backend.leases.holder(`turn-${account}`);
      return workers.find(({ pid }) => holder?.includes(`:${pid}:`));
    });
    killed.signal('SIGKILL');
    const callsBefore = scene.engine.calls.length;
    const left = workers.find((worker) => worker !== killed);
    await until(() => left?.stderr().includes(`Run ${runId}: finished`));
    expect(scene.engine.calls.length).toBeGreaterThan(callsBefore);
  } finally {
    await backend.close();
  }
  proveTwins(await scene.report(runId), { wasKilled: true });
});

it('an index that lags: each photo is found again before the next one is looked for', async () => {
  scene = await openScene({
    queue: redis.url,
    latencyInMs: [1, 5],
    environment: { ROLLCALL_BACKOFF: '40ms..400ms' },
  });
  scene.engine.setIndexLag({ inMs: 100, identifications: 1 });
  await writeTwins(join(scene.folder, 'archive'), persons);
  const end = await scene.run(['run', 'archive', '--dedupe', '--verify', 'all', '--json']);
  expect(end.exitCode, end.stderr).toBe(1);
  const [runId = ''] = await scene.runIds();
  const lines = await scene.report(runId);
  proveTwins(lines);
  const summary = JSON.parse(end.stdout);
  expect(summary).toMatchObject({
    verification: { photos: persons, matched: persons, share: 1, lowestSimilarity: 1 },
    calls: scene.engine.calls.length,
    identifications: scene.engine.calls.filter(isIdentification).length,
  });
  // Asked again, since the index lagged; and never enrolled again for that.
  expect(summary.identifications).toBeGreaterThanOrEqual(40 + 2 * persons);
  expect(summary.calls - summary.identifications).toBe(persons);
  expect(lines.every(({ warnings }) => warnings === undefined)).toBe(true);
});
